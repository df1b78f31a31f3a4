WITH made AS (
    INSERT INTO sources (name, path, signed, max_age_s, machine_opens, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    -- Names and paths are unique; either one taken means that nothing is made, keys included.
    ON CONFLICT DO NOTHING
    RETURNING id
), held AS (
    INSERT INTO source_keys (source_id, spki, sha256, label, created_at)
    SELECT made.id, key.spki, key.sha256, key.label, $6
    FROM made, unnest($7::bytea[], $8::text[], $9::text[]) WITH ORDINALITY AS key (spki, sha256, label, position)
    ORDER BY key.position
)
SELECT id FROM made
