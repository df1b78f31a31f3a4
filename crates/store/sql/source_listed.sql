SELECT id, path, max_age_s, signed, keys FROM ingest_sources ORDER BY id
