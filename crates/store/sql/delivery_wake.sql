-- The next delivery of each (endpoint, subject, sequence) that has just been finished; $4 now. It has inherited its
-- predecessor's due time and lane.
UPDATE delivery_queue q
SET due_at = least(q.due_at, $4), lane = (q.attempts > 0)::int
FROM unnest($1::int[], $2::uuid[], $3::int[]) AS head (endpoint_id, subject_key, sequence)
CROSS JOIN LATERAL (
    SELECT n.id
    FROM delivery_queue n
    WHERE n.endpoint_id = head.endpoint_id AND n.subject_key = head.subject_key AND n.sequence > head.sequence
    ORDER BY n.sequence
    LIMIT 1
) AS following
WHERE q.id = following.id AND q.lease IS NULL AND (q.due_at > $4 OR q.lane <> (q.attempts > 0)::int)
