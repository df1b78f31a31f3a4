SELECT ROW (day, natural_key, first_key, source_id, message_key, correlated_by, batch_id, ordinal,
            occurred_at, received_at, name, outcome, reason, raw, origin)::event_row
FROM events
WHERE message_key = ANY ($1)
