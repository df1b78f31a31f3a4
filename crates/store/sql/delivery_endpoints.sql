-- $1 ids, $2 now.
SELECT e.id,
       e.url,
       e.state,
       e.allow_http,
       e.allow_networks,
       ARRAY(
           SELECT s.sealed
           FROM endpoint_secrets s
           WHERE s.endpoint_id = e.id AND (s.expires_at IS NULL OR s.expires_at > $2)
           ORDER BY s.id DESC
       ) AS sealed
FROM endpoints e
WHERE e.id = ANY ($1::int[])
