-- $1 notification, $2 the only endpoint that is told. Returns the delivery.
WITH told AS (
    INSERT INTO notifications (created_on, subject_key, type, source_id, webhook_id, sequence, implied, status,
                               occurred_at, created_at, body)
    SELECT created_on, subject_key, type, source_id, webhook_id, sequence, implied, status, occurred_at, created_at, body
    FROM unnest(ARRAY[$1::notification_row])
    RETURNING created_on, subject_key, type, created_at
)
INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, due_at, created_at)
SELECT $2, subject_key, type, created_on, NULL, created_at, created_at FROM told
RETURNING id
