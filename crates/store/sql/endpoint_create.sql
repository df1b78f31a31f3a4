INSERT INTO endpoints (url, types, source_ids, allow_http, allow_networks, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
