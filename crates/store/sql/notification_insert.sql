INSERT INTO notifications (created_on, subject_key, type, source_id, webhook_id, sequence, implied, status,
                           occurred_at, created_at, body)
SELECT created_on, subject_key, type, source_id, webhook_id, sequence, implied, status, occurred_at, created_at, body
FROM unnest($1::notification_row[])
