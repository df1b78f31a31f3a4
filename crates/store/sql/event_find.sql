SELECT ROW (e.day, e.natural_key, e.first_key, e.source_id, e.message_key, e.correlated_by, e.batch_id, e.ordinal,
            e.occurred_at, e.received_at, e.name, e.outcome, e.reason, e.raw, e.origin)::event_row
FROM unnest($1::date[], $2::uuid[]) AS k (day, natural_key)
JOIN events e ON e.day = k.day AND e.natural_key = k.natural_key
