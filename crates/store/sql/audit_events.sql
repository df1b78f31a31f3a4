-- Batch ids lead with the receive time, so a BRIN range is few blocks; the receive day tells apart what a clock's step
-- put into a neighbour's range.
SELECT batch_id,
       count(*) FILTER (WHERE outcome = 'applied') AS applied,
       count(*) FILTER (WHERE outcome = 'stale') AS stale,
       count(*) FILTER (WHERE outcome = 'ignored') AS ignored
FROM events
WHERE batch_id > $1 AND batch_id <= $2 AND (received_at AT TIME ZONE 'UTC')::date = $3
GROUP BY batch_id
