INSERT INTO messages (key, source_id, created_on, created_hour, sg_message_id, recipient, message_id_hash, recipient_hash, smtp_id_hash, status, rank,
            leading_at, leading_key, processed_at, delivered_at, failed_at, opened_at, clicked_at, complained_at,
            unsubscribed_at, latest_event_at, opens, machine_opens, clicks, deferrals, events,
            failure_status, failure_at, failure_key, failure_reason, failure_smtp_status, failure_classification,
            failure_correlated_by, custom_args, custom_args_at, custom_args_name, custom_args_key,
            categories, categories_at, categories_name, categories_key, told, reconciled, last_sequence)
SELECT key, source_id, created_on, created_hour, sg_message_id, recipient, message_id_hash, recipient_hash, smtp_id_hash, status, rank,
            leading_at, leading_key, processed_at, delivered_at, failed_at, opened_at, clicked_at, complained_at,
            unsubscribed_at, latest_event_at, opens, machine_opens, clicks, deferrals, events,
            failure_status, failure_at, failure_key, failure_reason, failure_smtp_status, failure_classification,
            failure_correlated_by, custom_args, custom_args_at, custom_args_name, custom_args_key,
            categories, categories_at, categories_name, categories_key, told, reconciled, last_sequence
FROM unnest($1::message_row[])
ON CONFLICT (key) DO NOTHING
RETURNING key
