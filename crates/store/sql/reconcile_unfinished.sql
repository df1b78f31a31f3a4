SELECT id, from_at, to_at, started_at, reached_at, messages, found, known, recovered, unknown, withheld, quarantined, overfull,
    requests
FROM (
    SELECT * FROM reconciliations
    WHERE source_id = $1 AND api = $2 AND subuser IS NOT DISTINCT FROM $3 AND thorough = $5
    ORDER BY id DESC
    LIMIT 1
) latest
WHERE finished_at IS NULL AND started_at >= $4
