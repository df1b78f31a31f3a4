-- $1 endpoint or NULL, $2 type or NULL, $3 states, $4 finished since or NULL, $5 finished before or NULL, $6 most rows.
-- The newest first: each endpoint's index is read backwards, no further than needed. The days only choose partitions.
SELECT f.id, e.id AS endpoint_id, f.subject_key, f.type, f.state, f.attempts, f.created_at, NULL::timestamptz AS due_at,
       f.finished_at
FROM endpoints e
CROSS JOIN LATERAL (
    SELECT id, subject_key, type, state, attempts, created_at, finished_at
    FROM deliveries_finished
    WHERE endpoint_id = e.id
      AND finished_on >= (coalesce($4::timestamptz, '-infinity') AT TIME ZONE 'UTC')::date
      AND finished_on <= (coalesce($5::timestamptz, 'infinity') AT TIME ZONE 'UTC')::date
      AND finished_at >= coalesce($4::timestamptz, '-infinity')
      AND finished_at < coalesce($5::timestamptz, 'infinity')
      AND state = ANY ($3)
      AND ($2::text IS NULL OR type = $2)
    ORDER BY finished_at DESC, id DESC
    LIMIT $6
) AS f
WHERE $1::int IS NULL OR e.id = $1
ORDER BY f.finished_at DESC, f.id DESC
LIMIT $6
