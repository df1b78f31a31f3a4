SELECT count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'exhausted')
FROM deliveries_finished
WHERE finished_on = $1
