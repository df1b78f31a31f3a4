-- Locked in one order first, so that two transactions that share batches wait for each other instead of deadlocking.
WITH locked AS MATERIALIZED (
    SELECT b.received_on, b.id, a.state, a.elements, a.applied, a.stale, a.ignored, a.duplicate, a.quarantined
    FROM unnest($1::date[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[])
         AS a (received_on, id, state, elements, applied, stale, ignored, duplicate, quarantined)
    JOIN batches b ON b.received_on = a.received_on AND b.id = a.id
    ORDER BY b.id
    FOR UPDATE OF b
)
UPDATE batches b
SET state = coalesce(a.state, b.state), elements = b.elements + a.elements, applied = b.applied + a.applied,
    stale = b.stale + a.stale, ignored = b.ignored + a.ignored, duplicate = b.duplicate + a.duplicate,
    quarantined = b.quarantined + a.quarantined
FROM locked a
WHERE b.received_on = a.received_on AND b.id = a.id
