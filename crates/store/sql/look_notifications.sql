SELECT subject_key, type, webhook_id, sequence, implied, status, occurred_at, created_at
FROM notifications
WHERE subject_key = ANY($1)
ORDER BY subject_key, sequence, type
