UPDATE recipients t
SET bounced_at = r.bounced_at, bounced_reason = r.bounced_reason, complained_at = r.complained_at,
    complained_reason = r.complained_reason, unsubscribed_at = r.unsubscribed_at, unsubscribed = r.unsubscribed,
    group_ids = r.group_ids, group_at = r.group_at, group_unsubscribed = r.group_unsubscribed
FROM unnest($1::recipient_row[]) r
WHERE t.source_id = r.source_id AND t.address_hash = r.address_hash
