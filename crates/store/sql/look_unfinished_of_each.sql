SELECT asked.id, owed.deliveries
FROM unnest($1::int[]) AS asked (id)
CROSS JOIN LATERAL (SELECT count(*) AS deliveries FROM delivery_queue WHERE endpoint_id = asked.id) AS owed
