-- $1 now, $2 lease id; parallel arrays, one entry per endpoint and lane: $3 endpoint, $4 lane, $5 most rows, $6 lease's
-- end; $7 most bytes of bodies, and half of that for one endpoint. The protocol is told in store::delivery.
WITH
ready AS MATERIALIZED (
    SELECT * FROM unnest($3::int[], $4::smallint[], $5::int[], $6::timestamptz[]) AS r (endpoint_id, lane, room, until)
),
-- SKIP LOCKED: another dispatcher has them in hand. Nothing in this statement ever waits for a row.
scanned AS MATERIALIZED (
    SELECT due.*, ready.until
    FROM ready
    CROSS JOIN LATERAL (
        SELECT q.id, q.endpoint_id, q.lane, q.subject_key, q.type, q.sequence, q.notification_on, q.due_at
        FROM delivery_queue q
        WHERE q.endpoint_id = ready.endpoint_id AND q.lane = ready.lane AND q.due_at <= $1
        ORDER BY q.due_at, q.id
        LIMIT ready.room
        FOR UPDATE SKIP LOCKED
    ) AS due
),
-- head: the earliest unfinished delivery of the same subject, unless that is the row itself.
placed AS MATERIALIZED (
    SELECT scanned.id, scanned.endpoint_id, scanned.lane, scanned.subject_key, scanned.type,
           scanned.due_at AS was_due_at, scanned.until, head.id AS head_id,
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
-- What the rows say. A length is known without reading a body that is stored out of line.
told AS MATERIALIZED (
    SELECT placed.*, n.webhook_id, n.body, coalesce(octet_length(n.body), 0)::bigint AS length
    FROM placed
    LEFT JOIN notifications n
        ON n.created_on = placed.notification_on
       AND n.subject_key = placed.subject_key
       AND n.type = placed.type
),
-- Which of them fit into their endpoint's half of $7, so that one endpoint never takes it all. The first always fits.
own AS MATERIALIZED (
    SELECT told.*,
           told.head_id IS NULL AND (
               coalesce(sum(told.length) OVER before, 0) = 0
               OR sum(told.length) OVER before + told.length <= $7::bigint / 2
           ) AS fits
    FROM told
    WINDOW before AS (
        PARTITION BY told.endpoint_id ORDER BY told.turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
-- And which of those into $7, one after the other: endpoints take turns, and the first always fits.
weighed AS MATERIALIZED (
    SELECT own.*,
           own.fits AND (
               coalesce(sum(own.length) FILTER (WHERE own.fits) OVER before, 0) = 0
               OR sum(own.length) FILTER (WHERE own.fits) OVER before + own.length <= $7::bigint
           ) AS taken
    FROM own
    WINDOW before AS (
        ORDER BY own.turn, own.was_due_at, own.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
-- A head that somebody is finishing at this moment is locked or gone: its followers stay where they are.
heads AS MATERIALIZED (
    SELECT q.id, q.lane, q.due_at
    FROM delivery_queue q
    WHERE q.id = ANY (ARRAY(
        SELECT head_id FROM placed WHERE head_id IS NOT NULL AND head_id NOT IN (SELECT id FROM scanned)
    ))
    FOR UPDATE SKIP LOCKED
),
-- What does not fit stays where it is, and so do the followers of what does not fit. A follower that is pushed goes into
-- its head's lane, too: there it comes after its head, so that it is never met again before its head is.
decided AS MATERIALIZED (
    SELECT weighed.id, weighed.was_due_at, weighed.taken, weighed.webhook_id, weighed.body,
           CASE
               WHEN weighed.taken THEN weighed.until
               -- Its head is leased right here, until then.
               WHEN heads.id IS NULL THEN its_head.until + interval '1 microsecond'
               ELSE heads.due_at + interval '1 microsecond'
           END AS due_at,
           coalesce(heads.lane, its_head.lane, weighed.lane) AS lane
    FROM weighed
    LEFT JOIN heads ON heads.id = weighed.head_id
    LEFT JOIN weighed AS its_head ON its_head.id = weighed.head_id AND its_head.taken
    WHERE weighed.taken OR heads.id IS NOT NULL OR its_head.id IS NOT NULL
),
moved AS (
    UPDATE delivery_queue q
    SET due_at = decided.due_at,
        lane = decided.lane,
        lease = CASE WHEN decided.taken THEN $2::uuid END,
        -- Bounded, so that a delivery whose end can never be written cannot fail this statement one day.
        attempts = least(q.attempts + decided.taken::int, 32767)
    FROM decided
    WHERE q.id = decided.id
    RETURNING q.id, q.endpoint_id, q.lane, q.attempts, q.waits, q.created_at, q.due_at AS until, decided.taken,
              decided.was_due_at, decided.webhook_id, decided.body
)
SELECT * FROM moved ORDER BY was_due_at, id
