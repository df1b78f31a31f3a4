UPDATE events e
SET outcome = c.outcome, reason = c.reason
FROM unnest($1::date[], $2::uuid[], $3::text[], $4::text[]) AS c (day, natural_key, outcome, reason)
WHERE e.day = c.day AND e.natural_key = c.natural_key
