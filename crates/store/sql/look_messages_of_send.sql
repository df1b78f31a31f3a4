-- The index leads with the day and the hour of creation, so that inserts stay local; each hour's stretch is asked once.
-- The LIMIT inside also keeps the planner from turning the days into a join over the whole table.
SELECT s.name AS source, m.*
FROM generate_series((SELECT min(created_on) FROM messages), (SELECT max(created_on) FROM messages), interval '1 day')
     AS days (day)
CROSS JOIN generate_series(0, 23) AS hours (hour)
CROSS JOIN LATERAL (
    SELECT key, source_id, created_on, sg_message_id, recipient, status,
           processed_at, delivered_at, failed_at, opened_at, clicked_at, complained_at, unsubscribed_at, latest_event_at,
           opens, machine_opens, clicks, deferrals,
           failure_status, failure_at, failure_reason, failure_smtp_status, failure_classification, failure_correlated_by,
           custom_args, categories
    FROM messages
    WHERE created_on = days.day::date AND created_hour = hours.hour
      AND message_id_hash = ANY($1)
      AND ($2::text IS NULL OR sg_message_id = $2)
      AND ($3::uuid[] IS NULL OR recipient_hash = ANY($3))
    ORDER BY key DESC
    LIMIT $4
) m
LEFT JOIN sources s ON s.id = m.source_id
ORDER BY m.created_on DESC, m.key DESC
LIMIT $4
