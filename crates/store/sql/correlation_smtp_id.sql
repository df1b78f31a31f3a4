-- Of each (recipient, smtp-id) up to two messages first heard of on the days from $3 through $4: whether it is one is all
-- that counts. The index leads with that day and its hour; each hour's stretch is asked once.
SELECT asked.position - 1 AS position, m.*
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::date[])
     WITH ORDINALITY AS asked (recipient_hash, smtp_id_hash, from_day, through_day, position)
CROSS JOIN LATERAL (
    SELECT found.*
    FROM generate_series(asked.through_day, asked.from_day, interval '-1 day') AS days (day)
    CROSS JOIN generate_series(0, 23) AS hours (hour)
    CROSS JOIN LATERAL (
        SELECT key, source_id, created_on, created_hour, sg_message_id, recipient, message_id_hash, recipient_hash,
               smtp_id_hash
        FROM messages
        WHERE created_on = days.day::date AND created_hour = hours.hour
          AND recipient_hash = asked.recipient_hash AND smtp_id_hash = asked.smtp_id_hash
        LIMIT 2
    ) AS found
    LIMIT 2
) AS m
