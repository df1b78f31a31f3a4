-- Batch ids lead with the receive time, so a BRIN range is few blocks.
SELECT DISTINCT message_key
FROM events
WHERE batch_id > $2 AND batch_id <= $3
  AND source_id = $1 AND received_at >= $4 AND received_at < $5
  AND message_key IS NOT NULL
ORDER BY message_key
