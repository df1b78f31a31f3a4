SELECT id, elements::bigint
FROM batches
WHERE received_on = $1 AND id > $2 AND source_id = $3 AND received_at >= $4 AND received_at < $5
ORDER BY id
LIMIT $6
