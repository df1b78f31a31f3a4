-- $1 endpoints, $2 now. A lease that has run out holds nothing.
SELECT endpoint_id, count(*)
FROM delivery_queue
WHERE endpoint_id = ANY ($1::int[]) AND lease IS NOT NULL AND due_at > $2
GROUP BY endpoint_id
