-- $1 endpoints, $2 now: those that sign, the newest first. When, not what they are.
SELECT endpoint_id, id, scheme, created_at, expires_at
FROM endpoint_secrets
WHERE endpoint_id = ANY ($1::int[]) AND (expires_at IS NULL OR expires_at > $2)
ORDER BY endpoint_id, id DESC
