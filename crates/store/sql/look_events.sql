SELECT e.*
FROM unnest($1::uuid[]) AS subject (key)
CROSS JOIN LATERAL (
    SELECT message_key, batch_id, ordinal, occurred_at, received_at, name, correlated_by, outcome, reason, raw, origin
    FROM events
    WHERE message_key = subject.key
    ORDER BY occurred_at, name, natural_key
    LIMIT $2
) e
