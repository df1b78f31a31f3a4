INSERT INTO endpoint_secrets (endpoint_id, scheme, sealed, created_at) VALUES ($1, $2, $3, $4)
