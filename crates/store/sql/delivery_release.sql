-- $1 deliveries and $2 their leases, $3 now.
WITH held AS MATERIALIZED (
    SELECT q.id
    FROM unnest($1::bigint[], $2::uuid[]) AS told (id, lease)
    JOIN delivery_queue q ON q.id = told.id
    WHERE q.lease = told.lease
    ORDER BY q.id
    FOR UPDATE OF q
)
UPDATE delivery_queue q
SET due_at = $3, lease = NULL, attempts = q.attempts - 1
FROM held
WHERE q.id = held.id
