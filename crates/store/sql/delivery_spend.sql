-- Parallel arrays: $1 endpoint, $2 tokens left; $3 now. A clock that is behind another's does not fill a bucket twice.
UPDATE endpoint_flow f
SET tokens = spent.tokens, filled_at = greatest(f.filled_at, $3)
FROM unnest($1::int[], $2::float8[]) AS spent (endpoint_id, tokens)
WHERE f.endpoint_id = spent.endpoint_id
