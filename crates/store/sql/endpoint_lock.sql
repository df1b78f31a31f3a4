SELECT e.id, e.url, e.types, e.source_ids, e.state, e.state_reason, e.state_since, e.allow_http, e.allow_networks,
       e.timeout_s, e.concurrency, e.rate_per_s, e.schedule_s, e.created_at,
       (SELECT array_agg(s.name ORDER BY s.id) FROM sources s WHERE s.id = ANY(e.source_ids)) AS sources,
       ARRAY(SELECT h.name FROM endpoint_headers h WHERE h.endpoint_id = e.id ORDER BY h.name) AS headers,
       f.failures, f.failing_since, f.openings, f.open_until
FROM endpoints e
LEFT JOIN endpoint_flow f ON f.endpoint_id = e.id
WHERE e.id = $1
FOR UPDATE OF e
