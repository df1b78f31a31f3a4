WITH made AS (
    INSERT INTO endpoints (url, types, source_ids, allow_http, allow_networks, timeout_s, concurrency, rate_per_s,
                           schedule_s, state_since, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    RETURNING id
),
flow AS (
    INSERT INTO endpoint_flow (endpoint_id) SELECT id FROM made
)
SELECT id FROM made
