UPDATE endpoints
SET url = $2, types = $3, source_ids = $4, allow_http = $5, allow_networks = $6, timeout_s = $7, concurrency = $8,
    rate_per_s = $9, schedule_s = $10
WHERE id = $1
