-- At a full second, which is easier to read and to announce, unless at once. Never later than before.
WITH ending AS (
    SELECT CASE
               WHEN $3::int = 0 THEN statement_timestamp()
               ELSE date_trunc('second', statement_timestamp()) + make_interval(secs => $3::int)
           END AS at
)
UPDATE source_keys key SET retires_at = ending.at
FROM ending
WHERE key.source_id = $1 AND key.id = $2 AND (key.retires_at IS NULL OR key.retires_at > ending.at)
