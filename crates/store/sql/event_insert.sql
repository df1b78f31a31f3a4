-- Sorted by natural key, so that two windows with the same events wait for each other instead of deadlocking.
INSERT INTO events (day, natural_key, first_key, source_id, message_key, correlated_by, batch_id, ordinal,
                    occurred_at, received_at, name, outcome, reason, raw, origin)
SELECT day, natural_key, first_key, source_id, message_key, correlated_by, batch_id, ordinal,
       occurred_at, received_at, name, outcome, reason, raw, origin
FROM unnest($1::event_row[])
ON CONFLICT DO NOTHING
RETURNING batch_id, ordinal
