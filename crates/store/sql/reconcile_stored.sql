-- Facts are counted day by day: an event's day tells in which partition it lies.
SELECT m.key, m.status, m.processed_at, m.delivered_at, m.latest_event_at,
       m.opens::bigint + m.machine_opens AS opens, m.clicks::bigint AS clicks,
       m.events > m.reconciled AS told,
       (SELECT count(*)
        FROM events e
        WHERE e.message_key = m.key AND e.reason IS DISTINCT FROM 'unknown_event'
          AND e.occurred_at >= $2 AND e.occurred_at < $3
          AND e.day BETWEEN ($2::timestamptz AT TIME ZONE 'UTC')::date AND ($3::timestamptz AT TIME ZONE 'UTC')::date) AS facts
FROM messages m
WHERE m.key = ANY ($1)
