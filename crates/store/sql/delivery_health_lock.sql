-- $1 endpoints that failed, $2 endpoints that succeeded: of these only those of which failures are remembered.
SELECT endpoint_id, failures, failing_since, openings, open_until
FROM endpoint_flow
WHERE endpoint_id = ANY ($1::int[])
   OR (endpoint_id = ANY ($2::int[]) AND (failures > 0 OR open_until IS NOT NULL))
ORDER BY endpoint_id
FOR UPDATE
