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
    -- Why it is not active: a person's word, its own (410), or five days of failures only.
    state_reason   text CONSTRAINT state_reason_is_known CHECK (state_reason IN ('by_hand', 'gone', 'failing')),
    state_since    timestamptz NOT NULL,
    allow_http     boolean NOT NULL,
    allow_networks text[] NOT NULL,
    -- Of one attempt: connecting, headers and body. NULL: as the dispatcher is set.
    timeout_s      smallint CONSTRAINT timeout_is_a_minute_at_most CHECK (timeout_s BETWEEN 1 AND 60),
    -- Requests at the same time, over all dispatchers. NULL: each dispatcher's own bound.
    concurrency    smallint CONSTRAINT concurrency_is_bounded CHECK (concurrency BETWEEN 1 AND 1000),
    -- Requests begun per second, over all dispatchers; a token bucket that holds one second's. NULL: as fast as it takes.
    rate_per_s     int CONSTRAINT rate_is_bounded CHECK (rate_per_s BETWEEN 1 AND 10000),
    -- Seconds to wait before each attempt, the first one's included. NULL: the default schedule.
    schedule_s     int[] CONSTRAINT schedule_is_bounded CHECK (cardinality(schedule_s) BETWEEN 1 AND 20),
    created_at     timestamptz NOT NULL,
    CONSTRAINT not_active_has_a_reason CHECK ((state = 'active') = (state_reason IS NULL))
);

-- Sealed with SENDSTATE_SECRET_KEY (store::sealed). Only the dispatcher may read them.
CREATE TABLE endpoint_secrets (
    id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id int NOT NULL REFERENCES endpoints,
    -- Of Standard Webhooks: v1 is a shared secret, v1a a private key.
    scheme      text NOT NULL DEFAULT 'v1' CONSTRAINT scheme_is_known CHECK (scheme IN ('v1', 'v1a')),
    sealed      bytea NOT NULL,
    -- Public: the fingerprint of the key that sealed it, as store::sealed lays it out.
    key_id      bytea NOT NULL GENERATED ALWAYS AS (substr(sealed, 2, 4)) STORED,
    created_at  timestamptz NOT NULL,
    -- NULL: until rotated.
    expires_at  timestamptz
);

-- Headers that an endpoint wants beside ours. Values are sealed too: most of them are credentials.
CREATE TABLE endpoint_headers (
    endpoint_id int NOT NULL REFERENCES endpoints,
    -- Lower case.
    name        text NOT NULL,
    sealed      bytea NOT NULL,
    PRIMARY KEY (endpoint_id, name)
);

-- On their way to a dispatcher.
CREATE TYPE sealed_secret AS (scheme text, sealed bytea);
CREATE TYPE sealed_header AS (name text, sealed bytea);

-- What dispatchers share about an endpoint: its breaker (domain::breaker) and its token bucket. Whoever leases for a
-- limited endpoint locks its row meanwhile, so that the limits hold over all of them.
CREATE TABLE endpoint_flow (
    endpoint_id   int PRIMARY KEY REFERENCES endpoints,
    failures      int NOT NULL DEFAULT 0,
    failing_since timestamptz,
    openings      int NOT NULL DEFAULT 0,
    open_until    timestamptz,
    tokens        double precision NOT NULL DEFAULT 0,
    filled_at     timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

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
    -- 0: to be attempted for the first time. 1: again, or a replay. Neither crowds out the other.
    lane            smallint NOT NULL DEFAULT 0 CONSTRAINT lane_is_known CHECK (lane IN (0, 1)),
    -- Attempts begun.
    attempts        smallint NOT NULL DEFAULT 0,
    -- Those of them that cost nothing, because the consumer said when to come again.
    waits           smallint NOT NULL DEFAULT 0,
    -- Fencing token of whoever is sending it; only the holder may finish it. NULL: nobody.
    lease           uuid,
    created_at      timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
-- Which endpoints have work, and their earliest of each lane.
CREATE INDEX due_deliveries ON delivery_queue (endpoint_id, lane, due_at, id);
-- How many requests an endpoint may have under way at this moment.
CREATE INDEX leased_deliveries ON delivery_queue (endpoint_id) WHERE lease IS NOT NULL;
-- Whether an earlier one of the same message is unfinished.
CREATE INDEX deliveries_in_order ON delivery_queue (endpoint_id, subject_key, sequence);

CREATE TABLE deliveries_finished (
    finished_on date NOT NULL,
    id          bigint NOT NULL,
    endpoint_id int NOT NULL,
    subject_key uuid NOT NULL,
    type        text NOT NULL,
    state       text NOT NULL CONSTRAINT final_state_is_known CHECK (state IN ('delivered', 'exhausted', 'skipped')),
    attempts    smallint NOT NULL,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (finished_on, id)
) PARTITION BY RANGE (finished_on);
CREATE TABLE deliveries_finished_default PARTITION OF deliveries_finished DEFAULT;
CREATE INDEX finished_deliveries_of_a_subject ON deliveries_finished (subject_key);
-- What an operator looks through and replays.
CREATE INDEX finished_deliveries_of_an_endpoint ON deliveries_finished (endpoint_id, finished_at, id);

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
GRANT UPDATE (state, state_reason, state_since) ON endpoints TO sendstate_dispatcher;
GRANT INSERT ON endpoint_secrets TO sendstate_operator;
-- When a secret expires, not what it is.
GRANT SELECT (id, endpoint_id, scheme, key_id, created_at, expires_at), UPDATE (expires_at) ON endpoint_secrets TO sendstate_operator;
-- UPDATE: sealing again with a new key.
GRANT SELECT, UPDATE (sealed) ON endpoint_secrets, endpoint_headers TO sendstate_dispatcher;
GRANT INSERT, DELETE, SELECT (endpoint_id, name) ON endpoint_headers TO sendstate_operator;
GRANT SELECT, INSERT, UPDATE ON endpoint_flow TO sendstate_dispatcher;
GRANT SELECT, INSERT, UPDATE ON endpoint_flow TO sendstate_operator;
GRANT SELECT, INSERT ON notifications TO sendstate_worker;
GRANT SELECT ON notifications TO sendstate_dispatcher, sendstate_operator;
GRANT SELECT, INSERT ON delivery_queue TO sendstate_worker;
GRANT SELECT, UPDATE, DELETE ON delivery_queue TO sendstate_dispatcher;
GRANT SELECT, INSERT ON deliveries_finished, attempts TO sendstate_dispatcher;
GRANT SELECT ON attempts TO sendstate_operator;
-- By hand: replaying, skipping, and what a resumed endpoint is not to be told. A test notification is made by hand, too.
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery_queue TO sendstate_operator;
GRANT SELECT, INSERT ON deliveries_finished TO sendstate_operator;
GRANT INSERT ON notifications TO sendstate_operator;
