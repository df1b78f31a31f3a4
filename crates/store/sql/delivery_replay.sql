-- Owes finished deliveries again, outside any order: $1 deliveries, $2 when the first is due, $3 microseconds between two;
-- $4 now. The same facts under the same ids; a delivery whose notification is gone is passed over.
INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, lane, due_at, created_at)
SELECT f.endpoint_id, f.subject_key, f.type, n.created_on, NULL, 1,
       $2::timestamptz + (row_number() OVER (ORDER BY f.id) - 1) * $3::bigint * interval '1 microsecond', $4
FROM (
    -- History's key leads with the day; each day's stretch is asked once.
    SELECT of_a_day.*
    FROM generate_series((SELECT min(finished_on) FROM deliveries_finished),
                         (SELECT max(finished_on) FROM deliveries_finished), interval '1 day') AS days (day)
    CROSS JOIN LATERAL (
        SELECT id, endpoint_id, subject_key, type
        FROM deliveries_finished
        WHERE finished_on = days.day::date AND id = ANY ($1::bigint[])
        OFFSET 0
    ) AS of_a_day
) AS f
JOIN LATERAL (
    SELECT created_on FROM notifications n
    WHERE n.subject_key = f.subject_key AND n.type = f.type
    ORDER BY created_on DESC LIMIT 1
) AS n ON true
RETURNING id
