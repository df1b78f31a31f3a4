INSERT INTO batches (received_on, id, source_id, received_at, state)
SELECT received_on, id, source_id, received_at, 'recorded'
FROM unnest($1::date[], $2::uuid[], $3::int[], $4::timestamptz[])
     AS b (received_on, id, source_id, received_at)
ON CONFLICT DO NOTHING
RETURNING id
