-- One delivery for each endpoint that asks for the type and the source. Paused and disabled endpoints are owed too: they
-- hold. A later one of the same message waits as long as an earlier one that waits for its retry, in the same lane. One
-- that is being sent (leased) is left out: it may be finished before this insert is seen, and then nobody would wake what
-- had inherited its lease's end. The dispatcher's own scan puts such a follower behind its head, under the head's lock.
INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, due_at, lane, created_at)
SELECT e.id, n.subject_key, n.type, n.created_on, n.sequence,
       greatest(n.created_at + make_interval(secs => coalesce(e.schedule_s[1], 0)), earlier.due_at),
       coalesce(earlier.lane, 0), n.created_at
FROM unnest($1::date[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::timestamptz[])
     WITH ORDINALITY AS n (created_on, subject_key, type, source_id, sequence, created_at, position)
JOIN endpoints e ON n.type = ANY(e.types) AND (e.source_ids IS NULL OR n.source_id = ANY(e.source_ids))
CROSS JOIN LATERAL (
    SELECT max(q.due_at) AS due_at, max(q.lane) AS lane
    FROM delivery_queue q
    WHERE q.endpoint_id = e.id AND q.subject_key = n.subject_key AND q.sequence < n.sequence AND q.lease IS NULL
) AS earlier
ORDER BY e.id, n.position
