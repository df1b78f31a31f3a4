-- Parallel arrays: $1 endpoint, $2 reason; $3 now. Returns those that were active. SKIP LOCKED: a person has it in hand at
-- this moment and what they say holds; should it go on as before, its next request says so again.
WITH active AS MATERIALIZED (
    SELECT e.id, d.reason
    FROM unnest($1::int[], $2::text[]) AS d (id, reason)
    JOIN endpoints e ON e.id = d.id AND e.state = 'active'
    ORDER BY e.id
    FOR UPDATE OF e SKIP LOCKED
)
UPDATE endpoints e
SET state = 'disabled', state_reason = active.reason, state_since = $3
FROM active
WHERE e.id = active.id
RETURNING e.id
