UPDATE recipients
SET bounced_at = $3, bounced_reason = $4, complained_at = $5, complained_reason = $6, unsubscribed_at = $7,
    unsubscribed = $8, group_ids = $9, group_at = $10, group_unsubscribed = $11
WHERE source_id = $1 AND address_hash = $2
