UPDATE events e
SET message_key = a.message_key, correlated_by = a.correlated_by
FROM unnest($1::date[], $2::uuid[], $3::uuid[], $4::text[]) AS a (day, natural_key, message_key, correlated_by)
WHERE e.day = a.day AND e.natural_key = a.natural_key
