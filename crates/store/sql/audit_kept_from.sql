SELECT CASE WHEN isfinite(events_kept_from) THEN events_kept_from END FROM retention
