SELECT id, elements, applied, stale, ignored, duplicate, quarantined
FROM batches
WHERE received_on = $1 AND id = ANY ($2)
