-- Of each recipient up to $7 messages delivered between two times and not failed, first heard of on the days from $4
-- through $5, and those that failed by this very bounce as far as it was recovered: one between $8 and $9. On a day of more
-- than $6 messages to one address the look ends, and the last of them says so (crowded).
SELECT asked.position - 1 AS position, m.*
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::date[], $5::date[], $8::timestamptz[], $9::timestamptz[])
     WITH ORDINALITY AS asked (recipient_hash, from_at, to_at, from_day, through_day, near_from, near_to, position)
CROSS JOIN LATERAL (
    SELECT found.*
    FROM generate_series(asked.through_day, asked.from_day, interval '-1 day') AS days (day)
    CROSS JOIN LATERAL (
        SELECT *
        FROM (
            SELECT of_an_hour.*, row_number() OVER () > $6 AS crowded
            FROM generate_series(0, 23) AS hours (hour)
            CROSS JOIN LATERAL (
                SELECT key, source_id, created_on, created_hour, sg_message_id, recipient, message_id_hash, recipient_hash,
                       smtp_id_hash, delivered_at, failed_at,
                       CASE WHEN reconciled > 0 AND failed_at <= asked.near_to THEN EXISTS (
                           SELECT FROM events e
                           WHERE e.message_key = key AND e.name = 'bounce' AND e.origin IS NOT NULL
                             AND e.occurred_at BETWEEN asked.near_from AND asked.near_to
                             AND e.day BETWEEN (asked.near_from AT TIME ZONE 'UTC')::date
                                           AND (asked.near_to AT TIME ZONE 'UTC')::date
                       ) ELSE false END AS recovered
                FROM messages
                WHERE created_on = days.day::date AND created_hour = hours.hour AND recipient_hash = asked.recipient_hash
                LIMIT $6::bigint + 1
            ) AS of_an_hour
            LIMIT $6::bigint + 1
        ) AS of_a_day
        WHERE crowded OR recovered OR (delivered_at BETWEEN asked.from_at AND asked.to_at AND failed_at IS NULL)
        ORDER BY crowded DESC, recovered DESC
    ) AS found
    LIMIT $7
) AS m
