SELECT e.id, e.url, e.types, e.state, e.allow_http, e.allow_networks, e.created_at,
       (SELECT array_agg(s.name ORDER BY s.id) FROM sources s WHERE s.id = ANY(e.source_ids)) AS sources
FROM endpoints e
ORDER BY e.id
