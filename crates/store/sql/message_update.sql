-- The guard repeats what domain::status decided under the row lock: nobody who came around the lock can take a message
-- back, neither its rank nor what it was told. $2: it was worked out again from its events, and its rank may fall.
UPDATE messages m
SET status = r.status, rank = r.rank, leading_at = r.leading_at, leading_key = r.leading_key,
    processed_at = r.processed_at, delivered_at = r.delivered_at, failed_at = r.failed_at, opened_at = r.opened_at,
    clicked_at = r.clicked_at, complained_at = r.complained_at, unsubscribed_at = r.unsubscribed_at,
    latest_event_at = r.latest_event_at, opens = r.opens, machine_opens = r.machine_opens, clicks = r.clicks,
    deferrals = r.deferrals, events = r.events, smtp_id_hash = r.smtp_id_hash,
    failure_status = r.failure_status, failure_at = r.failure_at, failure_key = r.failure_key, failure_reason = r.failure_reason, failure_smtp_status = r.failure_smtp_status,
    failure_classification = r.failure_classification, failure_correlated_by = r.failure_correlated_by,
    custom_args = r.custom_args, custom_args_at = r.custom_args_at, custom_args_name = r.custom_args_name,
    custom_args_key = r.custom_args_key, categories = r.categories, categories_at = r.categories_at,
    categories_name = r.categories_name, categories_key = r.categories_key,
    told = r.told, reconciled = r.reconciled, last_sequence = r.last_sequence
FROM unnest($1::message_row[]) r
WHERE m.key = r.key AND (m.rank <= r.rank OR $2) AND m.last_sequence <= r.last_sequence
