SELECT id, elements, applied, stale, ignored, duplicate, quarantined
FROM batches
WHERE received_on = $1 AND id > $2
ORDER BY id
LIMIT $3
