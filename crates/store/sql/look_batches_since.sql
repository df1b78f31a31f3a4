-- Ids lead with the time at which ingest had the body, so this reads a stretch of the primary key. What was recovered came
-- by no webhook.
SELECT b.id, s.name AS source, b.source_id, b.received_at, b.state,
       b.elements, b.applied, b.stale, b.ignored, b.duplicate, b.quarantined
FROM batches b
LEFT JOIN sources s ON s.id = b.source_id
WHERE b.received_on = ANY($1) AND b.id >= $2 AND b.source_id = $3 AND b.origin IS NULL
ORDER BY b.received_on DESC, b.id DESC
LIMIT $4
