-- $1 endpoint, $2 type or NULL, $3 states, after ($4 finished, $5 id), $6 finished before, $7 most rows. The earliest first,
-- in the order of the index; the days only choose partitions.
SELECT id, finished_at
FROM deliveries_finished
WHERE endpoint_id = $1
  AND finished_on >= ($4::timestamptz AT TIME ZONE 'UTC')::date
  AND finished_on <= ($6::timestamptz AT TIME ZONE 'UTC')::date
  AND (finished_at, id) > ($4::timestamptz, $5::bigint)
  AND finished_at < $6::timestamptz
  AND state = ANY ($3)
  AND ($2::text IS NULL OR type = $2)
ORDER BY finished_at, id
LIMIT $7
