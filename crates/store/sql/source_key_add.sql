-- The source's row is locked, so nobody adds a key between the count and the insertion.
WITH held AS (
    SELECT id, retires_at FROM source_keys WHERE source_id = $1 AND sha256 = $3
), others AS (
    SELECT count(*) AS accepted FROM source_keys
    WHERE source_id = $1 AND sha256 <> $3 AND (retires_at IS NULL OR retires_at > statement_timestamp())
), written AS (
    INSERT INTO source_keys (source_id, spki, sha256, label, created_at)
    SELECT $1, $2::bytea, $3, $4::text, statement_timestamp() FROM others WHERE others.accepted < $5
    ON CONFLICT (source_id, sha256)
        DO UPDATE SET retires_at = NULL, label = coalesce(excluded.label, source_keys.label)
    RETURNING id
)
SELECT written.id, held.id IS NOT NULL AS known, held.retires_at IS NOT NULL AS had_end
FROM written LEFT JOIN held ON held.id = written.id
