UPDATE events e
SET outcome = 'stale'
FROM unnest($1::date[], $2::uuid[]) AS s (day, natural_key)
WHERE e.day = s.day AND e.natural_key = s.natural_key
