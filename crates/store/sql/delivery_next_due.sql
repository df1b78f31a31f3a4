-- One index probe per endpoint that has rows.
WITH RECURSIVE earliest AS (
    (SELECT endpoint_id, due_at FROM delivery_queue ORDER BY endpoint_id, due_at LIMIT 1)
    UNION ALL
    SELECT following.endpoint_id, following.due_at
    FROM earliest
    CROSS JOIN LATERAL (
        SELECT q.endpoint_id, q.due_at
        FROM delivery_queue q
        WHERE q.endpoint_id > earliest.endpoint_id
        ORDER BY q.endpoint_id, q.due_at
        LIMIT 1
    ) AS following
)
SELECT min(earliest.due_at)
FROM earliest
JOIN endpoints ON endpoints.id = earliest.endpoint_id AND endpoints.state = 'active'
