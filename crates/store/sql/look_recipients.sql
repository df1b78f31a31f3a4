SELECT r.source_id, s.name AS source, r.address, r.bounced_at, r.bounced_reason, r.complained_at, r.complained_reason,
       r.unsubscribed_at, r.unsubscribed, r.group_ids, r.group_at, r.group_unsubscribed
FROM unnest($1::int[], $2::uuid[]) AS asked (source_id, address_hash)
JOIN recipients r ON r.source_id = asked.source_id AND r.address_hash = asked.address_hash
LEFT JOIN sources s ON s.id = r.source_id
ORDER BY r.source_id
