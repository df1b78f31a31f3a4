UPDATE reconciliations
SET to_at = $2, reached_at = $3, messages = $4, found = $5, known = $6, recovered = $7, unknown = $8, overfull = $9,
    requests = $10, finished_at = $11
WHERE id = $1
