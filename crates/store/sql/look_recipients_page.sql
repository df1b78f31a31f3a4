-- The standing as domain::recipient has it: complained, bounced, unsubscribed, ok.
SELECT r.source_id, r.address_hash, s.name AS source, r.address, r.bounced_at, r.bounced_reason, r.complained_at,
       r.complained_reason, r.unsubscribed_at, r.unsubscribed, r.group_ids, r.group_at, r.group_unsubscribed
FROM recipients r
LEFT JOIN sources s ON s.id = r.source_id
WHERE r.source_id = ANY ($1)
  AND ($2::text IS NULL
       OR $2 = CASE WHEN r.complained_at IS NOT NULL THEN 'complained'
                    WHEN r.bounced_at IS NOT NULL THEN 'bounced'
                    WHEN r.unsubscribed THEN 'unsubscribed'
                    ELSE 'ok' END)
  AND ($3::bigint IS NULL
       OR EXISTS (SELECT FROM unnest(r.group_ids, r.group_unsubscribed) AS g (id, unsubscribed)
                  WHERE g.id = $3 AND g.unsubscribed))
  AND (r.source_id, r.address_hash) > ($4, $5)
ORDER BY r.source_id, r.address_hash
LIMIT $6
