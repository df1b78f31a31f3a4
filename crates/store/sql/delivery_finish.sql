-- Parallel arrays, one entry per attempt: $1 delivery, $2 lease, $3 final state or NULL, $4 next due time or NULL,
-- $5 number, $6 started at, $7 duration in ms, $8 outcome, $9 HTTP status, $10 error, $11 response, $13 whether it cost
-- nothing; $12 now.
WITH told AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[], $5::smallint[], $6::timestamptz[], $7::int[],
        $8::text[], $9::smallint[], $10::text[], $11::bytea[], $13::boolean[]
    ) AS t (id, lease, state, due_at, number, started_at, duration_ms, outcome, http_status, error, response, free)
),
-- Whoever holds the delivery now, this request was made. DO NOTHING: a commit whose answer was lost.
recorded AS (
    INSERT INTO attempts
        (started_on, delivery_id, number, started_at, duration_ms, outcome, http_status, error, response)
    SELECT (started_at AT TIME ZONE 'UTC')::date, id, number, started_at, duration_ms, outcome, http_status, error,
           response
    FROM told
    ON CONFLICT DO NOTHING
),
-- In the order of ids, so that two batches never wait for each other.
held AS MATERIALIZED (
    SELECT q.id, q.lease, q.endpoint_id, q.subject_key, q.type, q.sequence, q.attempts, q.created_at, told.state, told.due_at,
           told.free
    FROM told
    JOIN delivery_queue q ON q.id = told.id
    WHERE q.lease = told.lease
    ORDER BY q.id
    FOR UPDATE OF q
),
finished AS (
    DELETE FROM delivery_queue q
    USING held
    WHERE q.id = held.id AND held.state IS NOT NULL
),
history AS (
    INSERT INTO deliveries_finished
        (finished_on, id, endpoint_id, subject_key, type, state, attempts, created_at, finished_at)
    SELECT ($12::timestamptz AT TIME ZONE 'UTC')::date, id, endpoint_id, subject_key, type, state, attempts,
           created_at, $12::timestamptz
    FROM held
    WHERE state IS NOT NULL
),
rescheduled AS (
    UPDATE delivery_queue q
    SET due_at = held.due_at, lease = NULL, lane = 1, waits = q.waits + held.free::int
    FROM held
    WHERE q.id = held.id AND held.state IS NULL
)
SELECT id, lease, endpoint_id, subject_key, sequence, due_at FROM held
