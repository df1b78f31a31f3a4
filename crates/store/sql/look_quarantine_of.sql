SELECT q.id, q.batch_id, q.ordinal, s.name AS source, q.received_at, q.reason, q.detail, q.state, q.became, q.tried_at,
       q.last_refusal, q.settled_at, octet_length(q.raw)::bigint AS bytes
FROM quarantine q
LEFT JOIN sources s ON s.id = q.source_id
WHERE q.id = ANY ($1)
ORDER BY q.id
