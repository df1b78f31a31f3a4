-- $1 now, $2 lease id, $3 lease's end, $4 most rows in all, $5 most rows of an endpoint that is not named below,
-- $6 endpoints to leave out, $7 endpoints and $8 most rows of each, $9 most bytes of bodies. The protocol is told in
-- store::delivery.
WITH RECURSIVE
-- One index probe per endpoint that has rows, due or not.
earliest AS (
    (SELECT endpoint_id, due_at FROM delivery_queue ORDER BY endpoint_id, due_at LIMIT 1)
    UNION ALL
    SELECT following.endpoint_id, following.due_at
    FROM earliest
    CROSS JOIN LATERAL (
        SELECT q.endpoint_id, q.due_at
        FROM delivery_queue q
        WHERE q.endpoint_id > earliest.endpoint_id
        ORDER BY q.endpoint_id, q.due_at
        LIMIT 1
    ) AS following
),
active AS MATERIALIZED (
    SELECT earliest.endpoint_id, earliest.due_at
    FROM earliest
    JOIN endpoints ON endpoints.id = earliest.endpoint_id AND endpoints.state = 'active'
),
-- Whoever has waited longest first; never more endpoints than rows, so that each gets one.
ready AS MATERIALIZED (
    SELECT endpoint_id
    FROM active
    WHERE due_at <= $1 AND endpoint_id <> ALL ($6::int[])
    ORDER BY due_at
    LIMIT $4
),
-- SKIP LOCKED: another dispatcher has them in hand. Nothing in this statement ever waits for a row.
scanned AS MATERIALIZED (
    SELECT due.*
    FROM ready
    LEFT JOIN unnest($7::int[], $8::int[]) AS known (endpoint_id, room) ON known.endpoint_id = ready.endpoint_id
    CROSS JOIN LATERAL (
        SELECT q.id, q.endpoint_id, q.subject_key, q.type, q.sequence, q.notification_on, q.due_at
        FROM delivery_queue q
        WHERE q.endpoint_id = ready.endpoint_id AND q.due_at <= $1
        ORDER BY q.due_at, q.id
        LIMIT least(coalesce(known.room, $5), greatest(1, $4 / (SELECT count(*) FROM ready)))
        FOR UPDATE SKIP LOCKED
    ) AS due
),
-- head: the earliest unfinished delivery of the same subject, unless that is the row itself.
placed AS MATERIALIZED (
    SELECT scanned.id, scanned.subject_key, scanned.type, scanned.due_at AS was_due_at, head.id AS head_id,
           -- NULL, so that nothing is read for a row that is not sent now.
           CASE WHEN head.id IS NULL THEN scanned.notification_on END AS notification_on,
           row_number() OVER (PARTITION BY scanned.endpoint_id ORDER BY scanned.due_at, scanned.id) AS turn
    FROM scanned
    LEFT JOIN LATERAL (
        SELECT q.id
        FROM delivery_queue q
        WHERE q.endpoint_id = scanned.endpoint_id
          AND q.subject_key = scanned.subject_key
          AND q.sequence < scanned.sequence
        ORDER BY q.sequence
        LIMIT 1
    ) AS head ON true
),
-- What the rows say, and which of them fit into $9 one after the other: endpoints take turns, and the first always fits.
-- A length is known without reading a body that is stored out of line.
weighed AS MATERIALIZED (
    SELECT placed.id, placed.was_due_at, placed.head_id, n.webhook_id, n.body,
           placed.head_id IS NULL AND (
               coalesce(sum(octet_length(n.body)) OVER before, 0) = 0
               OR sum(octet_length(n.body)) OVER before + coalesce(octet_length(n.body), 0) <= $9::bigint
           ) AS taken
    FROM placed
    LEFT JOIN notifications n
        ON n.created_on = placed.notification_on
       AND n.subject_key = placed.subject_key
       AND n.type = placed.type
    WINDOW before AS (
        ORDER BY placed.turn, placed.was_due_at, placed.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
-- A head that somebody is finishing at this moment is locked or gone: its followers stay where they are.
heads AS MATERIALIZED (
    SELECT q.id, q.due_at
    FROM delivery_queue q
    WHERE q.id = ANY (ARRAY(
        SELECT head_id FROM placed WHERE head_id IS NOT NULL AND head_id NOT IN (SELECT id FROM scanned)
    ))
    FOR UPDATE SKIP LOCKED
),
-- What does not fit stays where it is, and so do the followers of what does not fit.
decided AS MATERIALIZED (
    SELECT weighed.id, weighed.was_due_at, weighed.taken, weighed.webhook_id, weighed.body,
           CASE
               WHEN weighed.taken THEN $3::timestamptz
               -- Its head is leased right here, until $3.
               WHEN heads.id IS NULL THEN $3::timestamptz + interval '1 microsecond'
               ELSE heads.due_at + interval '1 microsecond'
           END AS due_at
    FROM weighed
    LEFT JOIN heads ON heads.id = weighed.head_id
    WHERE weighed.taken OR heads.id IS NOT NULL OR weighed.head_id IN (SELECT id FROM weighed WHERE taken)
),
moved AS (
    UPDATE delivery_queue q
    SET due_at = decided.due_at,
        lease = CASE WHEN decided.taken THEN $2::uuid END,
        -- Bounded, so that a delivery whose end can never be written cannot fail this statement one day.
        attempts = least(q.attempts + decided.taken::int, 32767)
    FROM decided
    WHERE q.id = decided.id
    RETURNING q.id, q.endpoint_id, q.attempts, decided.taken, decided.was_due_at, decided.webhook_id, decided.body
)
-- One row in any case.
SELECT moved.*, queue.earliest_due_at
FROM (SELECT min(due_at) AS earliest_due_at FROM active) AS queue
LEFT JOIN moved ON true
ORDER BY moved.was_due_at, moved.id
