SELECT r.bounced_at, r.bounced_reason, r.complained_at, r.complained_reason, r.unsubscribed_at, r.unsubscribed,
       r.group_ids, r.group_at, r.group_unsubscribed
FROM unnest($1::int[], $2::uuid[]) AS k (source_id, address_hash)
JOIN recipients r USING (source_id, address_hash)
ORDER BY r.source_id, r.address_hash
FOR UPDATE OF r
