-- Why: one row for each SendGrid Event Webhook configuration, its verification keys, its OAuth client if it has one, and
--      the view ingest reads.
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

-- The OAuth client that SendGrid is for a source. Without a row nobody is asked for a token.
CREATE TABLE source_oauth (
    source_id         int PRIMARY KEY REFERENCES sources,
    client_id         text NOT NULL CONSTRAINT oauth_client_ids_are_unique UNIQUE,
    -- SHA-256 of the client secret, which has 256 random bits: nothing can be found out from it.
    secret_sha256     bytea NOT NULL CONSTRAINT a_secret_is_kept_as_its_hash CHECK (length(secret_sha256) = 32),
    -- While it is replaced: the secret before, and when it stops counting.
    old_secret_sha256 bytea CONSTRAINT an_old_secret_is_kept_as_its_hash CHECK (length(old_secret_sha256) = 32),
    old_secret_until  timestamptz,
    created_at        timestamptz NOT NULL,
    CONSTRAINT an_old_secret_has_an_end CHECK ((old_secret_sha256 IS NULL) = (old_secret_until IS NULL))
);

-- All that ingest may see of the database: public data, and hashes of client secrets. The end of a key and of a secret comes
-- along, for an ingest that has lost the database.
CREATE VIEW ingest_sources AS
SELECT s.id,
       s.path,
       s.max_age_s,
       s.signed,
       coalesce(accepted.keys, '{}') AS keys,
       coalesce(accepted.key_ends, '{}') AS key_ends,
       o.client_id AS oauth_client_id,
       o.secret_sha256 AS oauth_secret_sha256,
       o.old_secret_sha256 AS oauth_old_secret_sha256,
       o.old_secret_until AS oauth_old_secret_until
FROM sources s
LEFT JOIN source_oauth o ON o.source_id = s.id
CROSS JOIN LATERAL (
    SELECT array_agg(k.spki ORDER BY k.id) AS keys, array_agg(k.retires_at ORDER BY k.id) AS key_ends
    FROM source_keys k
    WHERE k.source_id = s.id AND (k.retires_at IS NULL OR k.retires_at > now())
) accepted;

GRANT SELECT ON ingest_sources TO sendstate_ingest;
GRANT SELECT ON sources TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE ON sources, source_keys TO sendstate_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON source_oauth TO sendstate_operator;
