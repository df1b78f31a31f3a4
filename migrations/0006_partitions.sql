-- Why: day partitions are kept ready from two days back to three ahead, by whichever worker comes first. The owner's
--      rights are lent through one function instead of letting a process own tables.
-- Lock: making a partition locks the table's DEFAULT partition exclusively for the moment; lock_timeout bounds the wait
--       for it, and the next call tries again.
CREATE FUNCTION keep_partitions(today date) RETURNS int
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET lock_timeout = '2s'
AS $$
DECLARE
    parent   text;
    keyed_by text;
    made     int := 0;
    day      date;
    child    text;
    stray    boolean;
BEGIN
    -- One caller at a time; whoever comes second has nothing left to do.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('sendstate.keep_partitions', 0)) THEN
        RETURN 0;
    END IF;
    FOR parent, keyed_by IN
        VALUES ('batches', 'received_on'), ('events', 'day'), ('notifications', 'created_on'),
               ('deliveries_finished', 'finished_on'), ('attempts', 'started_on')
    LOOP
        FOR day IN SELECT generate_series(today - 2, today + 3, interval '1 day')::date LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('public.' || quote_ident(child)) IS NOT NULL;
            -- A day that already has rows in DEFAULT stays there: attaching a partition for it would fail.
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE %I = $1)', parent || '_default', keyed_by)
                INTO stray USING day;
            CONTINUE WHEN stray;
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                           child, parent, day, day + 1);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION keep_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_partitions(date) TO sendstate_worker, sendstate_operator;

SELECT keep_partitions((now() AT TIME ZONE 'UTC')::date);
