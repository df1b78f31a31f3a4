-- Up to $4 deliveries of endpoint $1 with ids above $2, created before $3 (NULL: whenever).
SELECT id
FROM delivery_queue
WHERE endpoint_id = $1 AND id > $2 AND ($3::timestamptz IS NULL OR created_at < $3)
ORDER BY id
LIMIT $4
