UPDATE endpoint_flow f
SET failures = h.failures, failing_since = h.failing_since, openings = h.openings, open_until = h.open_until
FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::int[], $5::timestamptz[])
     AS h (endpoint_id, failures, failing_since, openings, open_until)
WHERE f.endpoint_id = h.endpoint_id
