INSERT INTO batches (received_on, id, source_id, received_at, state, origin)
SELECT received_on, id, source_id, received_at, 'recorded', origin
FROM unnest($1::date[], $2::uuid[], $3::int[], $4::timestamptz[], $5::text[])
     AS b (received_on, id, source_id, received_at, origin)
ON CONFLICT DO NOTHING
RETURNING id
