INSERT INTO endpoint_secrets (endpoint_id, sealed, created_at) VALUES ($1, $2, $3)
