UPDATE reconciliations
SET to_at = $2, reached_at = $3, messages = $4, found = $5, known = $6, recovered = $7, unknown = $8, withheld = $9,
    quarantined = $10, overfull = $11, requests = $12, finished_at = $13
WHERE id = $1
