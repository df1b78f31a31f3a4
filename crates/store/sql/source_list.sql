SELECT s.id, s.name, s.path, s.signed, s.max_age_s, s.machine_opens,
       o.client_id AS oauth_client_id,
       CASE WHEN o.old_secret_until > statement_timestamp() THEN o.old_secret_until END AS oauth_old_secret_until
FROM sources s
LEFT JOIN source_oauth o ON o.source_id = s.id
ORDER BY s.id
