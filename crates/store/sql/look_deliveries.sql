-- The queue's index leads with the endpoint. OFFSET 0 keeps the planner from turning the look into a join over the
-- whole queue.
SELECT q.id, q.endpoint_id, q.subject_key, q.type,
       CASE WHEN q.lease IS NOT NULL AND q.due_at > $2 THEN 'sending'
            WHEN e.state <> 'active' THEN 'held'
            ELSE 'pending' END AS state,
       q.attempts, q.created_at, q.due_at, NULL::timestamptz AS finished_at
FROM endpoints e
CROSS JOIN LATERAL (
    SELECT id, endpoint_id, subject_key, type, lease, attempts, created_at, due_at
    FROM delivery_queue
    WHERE endpoint_id = e.id AND subject_key = ANY($1)
    OFFSET 0
) q
UNION ALL
SELECT id, endpoint_id, subject_key, type, state, attempts, created_at, NULL, finished_at
FROM deliveries_finished
WHERE subject_key = ANY($1)
ORDER BY id
