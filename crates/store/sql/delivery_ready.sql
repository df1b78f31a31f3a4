-- $1 now, $2 endpoints to leave out. What may be leased: one row per endpoint and lane with something due,
-- whoever has waited longest first. One index probe per endpoint and lane that has rows, due or not. The last row says
-- since when the most overdue of all has been due, and when the next one will be; its endpoint is NULL.
WITH RECURSIVE
earliest AS (
    (SELECT endpoint_id, lane, due_at FROM delivery_queue ORDER BY endpoint_id, lane, due_at LIMIT 1)
    UNION ALL
    SELECT following.endpoint_id, following.lane, following.due_at
    FROM earliest
    CROSS JOIN LATERAL (
        SELECT q.endpoint_id, q.lane, q.due_at
        FROM delivery_queue q
        WHERE (q.endpoint_id, q.lane) > (earliest.endpoint_id, earliest.lane)
        ORDER BY q.endpoint_id, q.lane, q.due_at
        LIMIT 1
    ) AS following
),
active AS MATERIALIZED (
    SELECT earliest.endpoint_id, earliest.lane, greatest(earliest.due_at, f.open_until) AS due_at,
           e.concurrency, e.rate_per_s, e.timeout_s,
           e.concurrency IS NOT NULL OR e.rate_per_s IS NOT NULL OR f.open_until IS NOT NULL AS gated
    FROM earliest
    JOIN endpoints e ON e.id = earliest.endpoint_id AND e.state = 'active'
    LEFT JOIN endpoint_flow f ON f.endpoint_id = earliest.endpoint_id
),
ready AS (
    SELECT *
    FROM active
    WHERE due_at <= $1 AND endpoint_id <> ALL ($2::int[])
    ORDER BY due_at
)
SELECT endpoint_id, lane, due_at, concurrency, rate_per_s, timeout_s, gated, NULL AS next_due_at FROM ready
UNION ALL
SELECT NULL, NULL, min(due_at) FILTER (WHERE due_at <= $1), NULL, NULL, NULL, NULL, min(due_at) FILTER (WHERE due_at > $1)
FROM active
