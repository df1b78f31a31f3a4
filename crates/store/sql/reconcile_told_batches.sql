-- A page of one day of the ledger, the latest first, whosever they are: no index leads with the source, so what is bounded is
-- how many are looked at. What was recovered came by no webhook.
WITH looked_at AS MATERIALIZED (
    -- One day and one bound, and the LIMIT no parameter: so the planner sees that it is little of much, already in order.
    SELECT id, source_id = $1 AND origin IS NULL AS own
    FROM batches
    WHERE received_on = $2 AND id < $3
    ORDER BY id DESC
    LIMIT 10000
)
SELECT array_agg(id ORDER BY id DESC) FILTER (WHERE own AND id >= $4) AS own,
       (array_agg(id ORDER BY id))[1] AS last,
       count(*) AS looked_at
FROM looked_at
