-- $1 endpoints. Locks what dispatchers share about them; an endpoint for which another dispatcher leases at this
-- moment is missing. Ends with the transaction.
SELECT f.endpoint_id, f.open_until, f.tokens,
       CASE WHEN isfinite(f.filled_at) THEN f.filled_at END AS filled_at
FROM endpoint_flow f
WHERE f.endpoint_id = ANY ($1::int[])
ORDER BY f.endpoint_id
FOR UPDATE SKIP LOCKED
