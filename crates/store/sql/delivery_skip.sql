-- $1 deliveries, $2 now. What is being sent at this moment is left alone. Their followers are woken (delivery_wake).
WITH skipped AS MATERIALIZED (
    SELECT q.*
    FROM delivery_queue q
    WHERE q.id = ANY ($1::bigint[]) AND (q.lease IS NULL OR q.due_at <= $2)
    ORDER BY q.id
    FOR UPDATE OF q
),
gone AS (
    DELETE FROM delivery_queue q USING skipped WHERE q.id = skipped.id
),
history AS (
    INSERT INTO deliveries_finished
        (finished_on, id, endpoint_id, subject_key, type, state, attempts, created_at, finished_at)
    SELECT ($2::timestamptz AT TIME ZONE 'UTC')::date, id, endpoint_id, subject_key, type, 'skipped', attempts, created_at, $2
    FROM skipped
)
SELECT id, endpoint_id, subject_key, sequence FROM skipped
