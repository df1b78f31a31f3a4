-- From the latest hour backwards, so that it is found soon where there is any. An id without a dot is that of a request.
SELECT m.sg_message_id
FROM messages m
WHERE m.source_id = $1
  AND m.created_on BETWEEN ($2::timestamptz AT TIME ZONE 'UTC')::date AND ($3::timestamptz AT TIME ZONE 'UTC')::date
  AND m.latest_event_at >= $2 AND m.events > m.reconciled AND m.sg_message_id LIKE '%.%'
ORDER BY m.created_on DESC, m.created_hour DESC
LIMIT $4
