-- Whether a key is accepted now, and how many others of its source have no end.
SELECT key.retires_at IS NULL OR key.retires_at > statement_timestamp() AS accepted,
       (SELECT count(*) FROM source_keys other
        WHERE other.source_id = key.source_id AND other.id <> key.id AND other.retires_at IS NULL) AS others
FROM source_keys key
WHERE key.source_id = $1 AND key.id = $2
