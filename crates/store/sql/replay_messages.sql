-- Batch ids lead with the receive time, so a BRIN range is few blocks.
SELECT DISTINCT e.message_key
FROM events e
WHERE e.batch_id > $2 AND e.batch_id <= $3
  AND e.source_id = $1 AND e.received_at >= $4 AND e.received_at < $5
  AND e.message_key IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM events earlier
      WHERE earlier.message_key = e.message_key AND earlier.batch_id <= $2
        AND earlier.received_at >= $4 AND earlier.received_at < $5
  )
ORDER BY e.message_key
