-- For each pair of keys, whether either is stored. Both look-ups stay inside the event's day.
SELECT EXISTS (SELECT FROM events e WHERE e.day = k.day AND e.natural_key = k.natural_key)
    OR EXISTS (SELECT FROM events e WHERE e.day = k.day AND e.first_key = k.first_key)
FROM unnest($1::date[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS k (day, natural_key, first_key, position)
ORDER BY k.position
