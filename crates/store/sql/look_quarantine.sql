SELECT q.id, q.batch_id, q.ordinal, s.name AS source, q.received_at, q.reason, q.detail, q.state, q.became, q.tried_at,
       q.last_refusal, q.settled_at, octet_length(q.raw)::bigint AS bytes
FROM quarantine q
LEFT JOIN sources s ON s.id = q.source_id
WHERE ($1::text IS NULL OR q.state = $1)
  AND ($2::int IS NULL OR q.source_id = $2)
  AND ($3::text IS NULL OR q.reason = $3)
  AND ($4::uuid IS NULL OR q.batch_id = $4)
  AND q.id < $5
ORDER BY q.id DESC
LIMIT $6
