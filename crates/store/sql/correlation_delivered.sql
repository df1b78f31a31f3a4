-- Of each recipient up to $4 messages delivered between two times and not failed. A message is first heard of at most a
-- month before its delivery (SendGrid gives up after 72 hours), so no earlier day is asked.
SELECT asked.position - 1 AS position, m.*
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
     WITH ORDINALITY AS asked (recipient_hash, from_at, to_at, position)
CROSS JOIN LATERAL (
    SELECT found.*
    FROM generate_series((SELECT max(created_on) FROM messages),
                         greatest((SELECT min(created_on) FROM messages), (asked.from_at - interval '30 days')::date),
                         interval '-1 day') AS days (day)
    CROSS JOIN LATERAL (
        SELECT key, source_id, created_on, sg_message_id, recipient, message_id_hash, recipient_hash, smtp_id_hash, delivered_at
        FROM messages
        WHERE created_on = days.day::date AND recipient_hash = asked.recipient_hash
          AND delivered_at BETWEEN asked.from_at AND asked.to_at AND failed_at IS NULL
        LIMIT $4
    ) AS found
    LIMIT $4
) AS m
