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
    state      text NOT NULL DEFAULT 'active'
               CONSTRAINT key_state_is_known CHECK (state IN ('active', 'retiring', 'retired')),
    created_at timestamptz NOT NULL,
    CONSTRAINT a_source_holds_a_key_once UNIQUE (source_id, sha256)
);

-- All that ingest may see of the database: public data.
CREATE VIEW ingest_sources AS
SELECT s.id,
       s.path,
       s.max_age_s,
       s.signed,
       coalesce(
           (SELECT array_agg(k.spki ORDER BY k.id) FROM source_keys k WHERE k.source_id = s.id AND k.state <> 'retired'),
           '{}'
       ) AS keys
FROM sources s;

GRANT SELECT ON ingest_sources TO sendstate_ingest;
GRANT SELECT ON sources TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE ON sources, source_keys TO sendstate_operator;
