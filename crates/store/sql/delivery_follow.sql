-- All later deliveries of each (endpoint, subject, sequence) that waits until $4, into its lane.
UPDATE delivery_queue q
SET due_at = head.due_at + interval '1 microsecond', lane = 1
FROM unnest($1::int[], $2::uuid[], $3::int[], $4::timestamptz[]) AS head (endpoint_id, subject_key, sequence, due_at)
WHERE q.endpoint_id = head.endpoint_id
  AND q.subject_key = head.subject_key
  AND q.sequence > head.sequence
  AND q.lease IS NULL
  AND q.due_at <= head.due_at
