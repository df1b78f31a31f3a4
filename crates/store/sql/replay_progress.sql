SELECT count(*), coalesce(sum(messages), 0)::bigint, coalesce(sum(changed), 0)::bigint,
       coalesce(sum(left_alone), 0)::bigint, coalesce(sum(told), 0)::bigint
FROM replay_parts
WHERE replay_id = $1
