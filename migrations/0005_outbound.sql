-- Why: what consumers are owed. The duty to tell commits together with the status change; what is unfinished lives
--      in a narrow queue table, history in insert-only day partitions.
CREATE TABLE endpoints (
    id             int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url            text NOT NULL,
    types          text[] NOT NULL CONSTRAINT types_are_named CHECK (cardinality(types) > 0),
    -- NULL: every source.
    source_ids     int[] CONSTRAINT sources_are_named CHECK (cardinality(source_ids) > 0),
    -- paused and disabled endpoints hold their deliveries.
    state          text NOT NULL DEFAULT 'active'
                   CONSTRAINT endpoint_state_is_known CHECK (state IN ('active', 'paused', 'disabled')),
    allow_http     boolean NOT NULL,
    allow_networks text[] NOT NULL,
    created_at     timestamptz NOT NULL
);

-- Sealed with SENDSTATE_SECRET_KEY (store::sealed). Only the dispatcher may read them.
CREATE TABLE endpoint_secrets (
    id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id int NOT NULL REFERENCES endpoints,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    -- NULL: until rotated.
    expires_at  timestamptz
);

CREATE TABLE notifications (
    -- UTC day of created_at.
    created_on  date NOT NULL,
    -- The message's key; of what concerns a recipient or the account, the key of the event.
    subject_key uuid NOT NULL,
    type        text NOT NULL,
    source_id   int NOT NULL,
    -- Hash of (source, subject, type): the same fact has the same id for ever.
    webhook_id  uuid NOT NULL,
    sequence    int,
    implied     boolean NOT NULL,
    -- The message's; NULL on what concerns none.
    status      text,
    occurred_at timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT a_message_has_sequence_and_status CHECK ((sequence IS NULL) = (status IS NULL)),
    -- Rendered once; exactly these bytes are signed and sent.
    body        bytea NOT NULL,
    CONSTRAINT a_fact_is_told_once PRIMARY KEY (created_on, subject_key, type)
) PARTITION BY RANGE (created_on);
CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;
CREATE INDEX notifications_of_a_subject ON notifications (subject_key);

CREATE TYPE notification_row AS (
    created_on date, subject_key uuid, type text, source_id int, webhook_id uuid, sequence int, implied boolean,
    status text, occurred_at timestamptz, created_at timestamptz, body bytea
);

-- What is owed. A row leaves when its delivery is finished.
CREATE TABLE delivery_queue (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id     int NOT NULL,
    subject_key     uuid NOT NULL,
    type            text NOT NULL,
    -- Partition of its notification.
    notification_on date NOT NULL,
    -- Order within (endpoint, subject); NULL stands outside any order.
    sequence        int,
    -- When it may next be looked at: a retry's time, a lease's end, or its predecessor's due time.
    due_at          timestamptz NOT NULL,
    -- Attempts begun.
    attempts        smallint NOT NULL DEFAULT 0,
    -- Fencing token of whoever is sending it; only the holder may finish it. NULL: nobody.
    lease           uuid,
    created_at      timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
-- Which endpoints have work, and their earliest.
CREATE INDEX due_deliveries ON delivery_queue (endpoint_id, due_at, id);
-- Whether an earlier one of the same message is unfinished.
CREATE INDEX deliveries_in_order ON delivery_queue (endpoint_id, subject_key, sequence);

CREATE TABLE deliveries_finished (
    finished_on date NOT NULL,
    id          bigint NOT NULL,
    endpoint_id int NOT NULL,
    subject_key uuid NOT NULL,
    type        text NOT NULL,
    state       text NOT NULL CONSTRAINT final_state_is_known CHECK (state IN ('delivered', 'exhausted')),
    attempts    smallint NOT NULL,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (finished_on, id)
) PARTITION BY RANGE (finished_on);
CREATE TABLE deliveries_finished_default PARTITION OF deliveries_finished DEFAULT;
CREATE INDEX finished_deliveries_of_a_subject ON deliveries_finished (subject_key);

CREATE TABLE attempts (
    -- UTC day of started_at.
    started_on  date NOT NULL,
    delivery_id bigint NOT NULL,
    number      smallint NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms int NOT NULL,
    outcome     text NOT NULL,
    http_status smallint,
    -- Class of the error, from a closed set; never a URL or a body.
    error       text,
    -- First bytes of the answer.
    response    bytea,
    PRIMARY KEY (started_on, delivery_id, number)
) PARTITION BY RANGE (started_on);
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

GRANT SELECT ON endpoints TO sendstate_worker, sendstate_dispatcher;
GRANT SELECT, INSERT, UPDATE ON endpoints TO sendstate_operator;
GRANT INSERT ON endpoint_secrets TO sendstate_operator;
GRANT SELECT ON endpoint_secrets TO sendstate_dispatcher;
GRANT SELECT, INSERT ON notifications TO sendstate_worker;
GRANT SELECT ON notifications TO sendstate_dispatcher, sendstate_operator;
GRANT SELECT, INSERT ON delivery_queue TO sendstate_worker;
GRANT SELECT, UPDATE, DELETE ON delivery_queue TO sendstate_dispatcher;
GRANT SELECT ON delivery_queue TO sendstate_operator;
GRANT SELECT, INSERT ON deliveries_finished, attempts TO sendstate_dispatcher;
GRANT SELECT ON deliveries_finished, attempts TO sendstate_operator;
