-- $1 ids, $2 now.
SELECT e.id, e.url, e.state, e.allow_http, e.allow_networks, e.timeout_s, e.schedule_s,
       ARRAY(
           SELECT ROW (s.scheme, s.sealed)::sealed_secret
           FROM endpoint_secrets s
           WHERE s.endpoint_id = e.id AND (s.expires_at IS NULL OR s.expires_at > $2)
           ORDER BY s.id DESC
       ) AS secrets,
       ARRAY(
           SELECT ROW (h.name, h.sealed)::sealed_header
           FROM endpoint_headers h
           WHERE h.endpoint_id = e.id
           ORDER BY h.name
       ) AS headers
FROM endpoints e
WHERE e.id = ANY ($1::int[])
