-- For each of them whether another batch told it before. An event's day bounds the partitions that are looked into.
SELECT EXISTS (
    SELECT FROM events e
    WHERE e.message_key = k.message_key AND e.name = k.name AND e.occurred_at BETWEEN k.from_at AND k.to_at
      AND e.day BETWEEN (k.from_at AT TIME ZONE 'UTC')::date AND (k.to_at AT TIME ZONE 'UTC')::date
      AND (k.recovered OR e.origin IS NOT NULL)
      AND e.batch_id <> ALL ($6)
)
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bool[])
     WITH ORDINALITY AS k (message_key, name, from_at, to_at, recovered, position)
ORDER BY k.position
