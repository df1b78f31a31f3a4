-- The state is what the database's clock makes of the key's end.
SELECT source_id, id, spki, sha256, label, created_at, retires_at,
       CASE
           WHEN retires_at IS NULL THEN 'active'
           WHEN retires_at > statement_timestamp() THEN 'retiring'
           ELSE 'retired'
       END AS state
FROM source_keys
WHERE $1::int IS NULL OR source_id = $1
ORDER BY id
