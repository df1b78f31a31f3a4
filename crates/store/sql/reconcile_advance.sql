UPDATE reconciliations
SET to_at = $2, reached_at = $3, messages = $4, found = $5, known = $6, recovered = $7, unknown = $8, quarantined = $9,
    overfull = $10, requests = $11, finished_at = $12
WHERE id = $1
