-- $1 delivery, $2 first and $3 last day, $4 most rows. The key leads with the day; each day's stretch is asked once.
SELECT a.number, a.started_at, a.duration_ms, a.outcome, a.http_status, a.error, a.response
FROM generate_series($2::date, $3::date, interval '1 day') AS days (day)
CROSS JOIN LATERAL (
    SELECT number, started_at, duration_ms, outcome, http_status, error, response
    FROM attempts
    WHERE started_on = days.day::date AND delivery_id = $1
    ORDER BY number
    LIMIT $4
) AS a
ORDER BY a.number
LIMIT $4
