UPDATE batches b
SET state = c.state, elements = c.elements, applied = c.applied, stale = c.stale, ignored = c.ignored,
    duplicate = c.duplicate, quarantined = c.quarantined
FROM unnest($1::date[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[])
     AS c (received_on, id, state, elements, applied, stale, ignored, duplicate, quarantined)
WHERE b.received_on = c.received_on AND b.id = c.id
