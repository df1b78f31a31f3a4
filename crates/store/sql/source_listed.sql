SELECT id, path, max_age_s, signed, keys, key_ends FROM ingest_sources ORDER BY id
