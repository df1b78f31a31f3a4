-- The youngest come first: a message's key leads with the time of its acceptance, and SendGrid forgets the oldest first.
-- An id without a dot is that of a request. The LIMIT inside keeps the planner from joining with the whole table.
SELECT m.sg_message_id
FROM (SELECT DISTINCT message_key FROM events
      WHERE batch_id = ANY ($1) AND origin IS NULL AND message_key IS NOT NULL) told
CROSS JOIN LATERAL (SELECT sg_message_id, recipient FROM messages WHERE key = told.message_key LIMIT 1) m
WHERE m.sg_message_id LIKE '%.%' AND m.recipient <> $2
ORDER BY told.message_key DESC
LIMIT $3
