-- Why: one row for each SendGrid Event Webhook configuration, its verification keys, and the view ingest reads.
CREATE TABLE sources (
    id            int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL CONSTRAINT source_names_are_unique UNIQUE,
    -- Last segment of the inbound path. A signed source's name; an unsigned source's 128 random bits.
    path          text NOT NULL CONSTRAINT source_paths_are_unique UNIQUE,
    signed        boolean NOT NULL,
    -- How old a right signature's timestamp may be, in seconds.
    max_age_s     int NOT NULL CONSTRAINT max_age_is_positive CHECK (max_age_s > 0),
    machine_opens text NOT NULL CONSTRAINT machine_opens_is_a_policy CHECK (machine_opens IN ('count', 'ignore')),
    created_at    timestamptz NOT NULL,
    CONSTRAINT unsigned_paths_are_unguessable CHECK (signed OR length(path) >= 32)
);

CREATE TABLE source_keys (
    id         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id  int NOT NULL REFERENCES sources,
    -- SubjectPublicKeyInfo, DER.
    spki       bytea NOT NULL,
    -- Hex SHA-256 of spki: what people compare.
    sha256     text NOT NULL,
    -- What people tell it apart by.
    label      text CONSTRAINT key_labels_are_short CHECK (length(label) BETWEEN 1 AND 64),
    created_at timestamptz NOT NULL,
    -- All there is of a key's state, so that one ends when its time has come and not when somebody notes it. NULL: active.
    -- In the future: retiring, it still verifies. In the past: retired.
    retires_at timestamptz,
    CONSTRAINT a_source_holds_a_key_once UNIQUE (source_id, sha256)
);

-- All that ingest may see of the database: public data. A key's end comes along, for an ingest that has lost the database.
CREATE VIEW ingest_sources AS
SELECT s.id,
       s.path,
       s.max_age_s,
       s.signed,
       coalesce(accepted.keys, '{}') AS keys,
       coalesce(accepted.key_ends, '{}') AS key_ends
FROM sources s
CROSS JOIN LATERAL (
    SELECT array_agg(k.spki ORDER BY k.id) AS keys, array_agg(k.retires_at ORDER BY k.id) AS key_ends
    FROM source_keys k
    WHERE k.source_id = s.id AND (k.retires_at IS NULL OR k.retires_at > now())
) accepted;

GRANT SELECT ON ingest_sources TO sendstate_ingest;
GRANT SELECT ON sources TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE ON sources, source_keys TO sendstate_operator;
