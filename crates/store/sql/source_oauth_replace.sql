-- By the database's clock, which is the same for every operator. The row is locked already, so no time passes in between.
UPDATE source_oauth
SET old_secret_sha256 = CASE WHEN $3::int > 0 THEN secret_sha256 END,
    old_secret_until = CASE
                           WHEN $3::int > 0
                           THEN date_trunc('second', statement_timestamp()) + make_interval(secs => $3::int)
                       END,
    secret_sha256 = $2
WHERE source_id = $1
RETURNING old_secret_until
