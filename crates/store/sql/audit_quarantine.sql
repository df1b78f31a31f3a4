-- Released rows have moved to what they became; discarded ones stay counted.
SELECT batch_id, count(*) AS quarantined, count(*) FILTER (WHERE reason = 'parked') AS parked
FROM quarantine
WHERE batch_id > $1 AND batch_id <= $2 AND (received_at AT TIME ZONE 'UTC')::date = $3 AND state <> 'released'
GROUP BY batch_id
