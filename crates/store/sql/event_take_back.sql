-- Only what this transaction itself has written; what was there before is never deleted.
DELETE FROM events e
USING unnest($1::date[], $2::uuid[], $3::uuid[], $4::int[]) AS t (day, natural_key, batch_id, ordinal)
WHERE e.day = t.day AND e.natural_key = t.natural_key AND e.batch_id = t.batch_id AND e.ordinal = t.ordinal
  AND e.xmin = pg_current_xact_id()::xid
