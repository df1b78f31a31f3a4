SELECT s.id, s.name, s.path, s.signed, s.max_age_s, s.machine_opens,
       coalesce(array_agg(k.id ORDER BY k.id) FILTER (WHERE k.state <> 'retired'), '{}') AS key_ids,
       coalesce(array_agg(k.sha256 ORDER BY k.id) FILTER (WHERE k.state <> 'retired'), '{}') AS key_sha256s
FROM sources s
LEFT JOIN source_keys k ON k.source_id = s.id
GROUP BY s.id
ORDER BY s.id
