-- $1 ids, $2 now. History's key leads with the day; each day's stretch is asked once.
SELECT q.id, q.endpoint_id, q.subject_key, q.type,
       CASE WHEN q.lease IS NOT NULL AND q.due_at > $2 THEN 'sending'
            WHEN e.state <> 'active' THEN 'held'
            ELSE 'pending' END AS state,
       q.attempts, q.created_at, q.due_at, NULL::timestamptz AS finished_at
FROM delivery_queue q
JOIN endpoints e ON e.id = q.endpoint_id
WHERE q.id = ANY($1)
UNION ALL
SELECT f.id, f.endpoint_id, f.subject_key, f.type, f.state, f.attempts, f.created_at, NULL, f.finished_at
FROM generate_series((SELECT min(finished_on) FROM deliveries_finished),
                     (SELECT max(finished_on) FROM deliveries_finished), interval '1 day') AS days (day)
CROSS JOIN LATERAL (
    SELECT id, endpoint_id, subject_key, type, state, attempts, created_at, finished_at
    FROM deliveries_finished
    WHERE finished_on = days.day::date AND id = ANY($1)
    OFFSET 0
) f
ORDER BY id
