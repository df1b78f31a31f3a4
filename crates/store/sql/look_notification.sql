SELECT n.subject_key, n.type, n.webhook_id, n.sequence, n.implied, n.status, n.occurred_at, n.created_at, n.body,
       s.name AS source
FROM notifications n
LEFT JOIN sources s ON s.id = n.source_id
WHERE n.subject_key = $1 AND n.type = $2
ORDER BY n.created_on DESC
LIMIT 1
