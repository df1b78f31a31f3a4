SELECT id, path, max_age_s, signed, keys, key_ends,
       oauth_client_id, oauth_secret_sha256, oauth_old_secret_sha256, oauth_old_secret_until
FROM ingest_sources
ORDER BY id
