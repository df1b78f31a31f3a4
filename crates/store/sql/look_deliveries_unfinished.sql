-- $1 endpoint or NULL, $2 type or NULL, $3 states, $4 owed since or NULL, $5 owed before or NULL, $6 now, $7 most rows.
-- What is due first comes first: each lane of each endpoint is read in the order of its index, no further than needed.
SELECT owed.id, e.id AS endpoint_id, owed.subject_key, owed.type, owed.state, owed.attempts, owed.created_at, owed.due_at,
       NULL::timestamptz AS finished_at
FROM endpoints e
CROSS JOIN (VALUES (0::smallint), (1::smallint)) AS lanes (lane)
CROSS JOIN LATERAL (
    SELECT q.id, q.subject_key, q.type, q.attempts, q.created_at, q.due_at, named.state
    FROM delivery_queue q
    CROSS JOIN LATERAL (
        SELECT CASE WHEN q.lease IS NOT NULL AND q.due_at > $6 THEN 'sending'
                    WHEN e.state <> 'active' THEN 'held'
                    ELSE 'pending' END AS state
    ) AS named
    WHERE q.endpoint_id = e.id AND q.lane = lanes.lane
      AND ($2::text IS NULL OR q.type = $2)
      AND named.state = ANY ($3)
      AND ($4::timestamptz IS NULL OR q.created_at >= $4)
      AND ($5::timestamptz IS NULL OR q.created_at < $5)
    ORDER BY q.due_at, q.id
    LIMIT $7
) AS owed
WHERE $1::int IS NULL OR e.id = $1
ORDER BY owed.due_at, owed.id
LIMIT $7
