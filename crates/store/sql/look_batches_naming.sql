-- Of a few batches, so that neither table is read far: events by their index of batches, within the days that these may
-- be of.
SELECT batch_id FROM events
WHERE day = ANY($2) AND batch_id = ANY($1) AND position($3::bytea IN raw) > 0
UNION
SELECT batch_id FROM quarantine
WHERE batch_id = ANY($1) AND position($3::bytea IN raw) > 0
