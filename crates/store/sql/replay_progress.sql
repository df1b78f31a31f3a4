SELECT part, messages::bigint, changed::bigint, left_alone::bigint, told::bigint
FROM replay_parts
WHERE replay_id = $1 AND part = ANY ($2)
