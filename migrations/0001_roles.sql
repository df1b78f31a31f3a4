-- Why: each process connects as whoever the operator chose and then steps down (SET ROLE) to one of these, so that
--      a hole in one process does not open what the others hold. Grants stand beside the tables they concern.
-- Lock: none. Roles belong to the whole server; another database of the same server may have made them already.
-- Needs: CREATEROLE, unless the four roles exist and the migrating user is a member of each.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['sendstate_ingest', 'sendstate_worker', 'sendstate_dispatcher', 'sendstate_operator']
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Another database's migration made it at the same moment.
        END;
        -- Always: from PostgreSQL 16 on, making a role makes one a member who may not SET ROLE to it.
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
        EXCEPTION WHEN insufficient_privilege THEN
            IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
                RAISE;
            END IF;
        END;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
    END LOOP;
END
$$;

-- Any process may tell an older schema from a broken one.
GRANT SELECT ON schema_migrations TO sendstate_ingest, sendstate_worker, sendstate_dispatcher, sendstate_operator;
