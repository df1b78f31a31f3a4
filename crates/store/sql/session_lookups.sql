-- Every look-up by key is a nested loop over an index, whatever the statistics say: tables and day partitions go from
-- empty to full within seconds, ANALYZE comes a minute later, and a plan made for the empty table reads the full one whole.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
-- Made once, then kept: planning would cost as much as running.
SET plan_cache_mode = force_generic_plan;
SET jit = off;
