SELECT s.id, s.name, s.path, s.signed, s.max_age_s, s.machine_opens,
       o.client_id AS oauth_client_id, o.old_secret_until AS oauth_old_secret_until
FROM sources s
LEFT JOIN source_oauth o ON o.source_id = s.id
ORDER BY s.id
