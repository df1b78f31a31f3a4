-- Why: what came in. Every element of every accepted batch ends as one row of events, one of quarantine, or one
--      counted duplicate; batches adds them up.
-- Partitions: by day, made ahead by keep_partitions (0006); the DEFAULT partition takes every other day.

CREATE TABLE batches (
    -- UTC day of received_at; with the id it is what a redelivery is recognised by.
    received_on date NOT NULL,
    id          uuid NOT NULL,
    source_id   int NOT NULL,
    received_at timestamptz NOT NULL,
    -- quarantined: unreadable as a whole, one element until it is released.
    state       text NOT NULL CONSTRAINT batch_state_is_known CHECK (state IN ('recorded', 'quarantined')),
    elements    int NOT NULL DEFAULT 0,
    applied     int NOT NULL DEFAULT 0,
    stale       int NOT NULL DEFAULT 0,
    ignored     int NOT NULL DEFAULT 0,
    duplicate   int NOT NULL DEFAULT 0,
    quarantined int NOT NULL DEFAULT 0,
    -- NULL: SendGrid's webhook brought it. Else how its events were recovered; see domain::origin.
    origin      text CONSTRAINT batch_origin_is_known CHECK (origin = 'reconcile'),
    PRIMARY KEY (received_on, id),
    CONSTRAINT every_element_ended_once CHECK (elements = applied + stale + ignored + duplicate + quarantined)
) PARTITION BY RANGE (received_on);
CREATE TABLE batches_default PARTITION OF batches DEFAULT;

-- Batches and instructions that came again and were begun; see worker::window. A row leaves when that has ended well.
CREATE TABLE batch_starts (
    batch_id   uuid PRIMARY KEY,
    starts     int NOT NULL,
    started_at timestamptz NOT NULL
);

CREATE TABLE events (
    -- UTC day of the event's own time: the same for every repeat that SendGrid sends, which is what lets the
    -- unique keys below live inside a partition.
    day         date NOT NULL,
    natural_key uuid NOT NULL,
    -- NULL where there is no sg_event_id.
    first_key   uuid,
    source_id   int NOT NULL,
    -- NULL for facts about a recipient or the account alone.
    message_key uuid,
    -- How an event that does not name its message came to it; kept, so that it is never worked out again.
    correlated_by text CONSTRAINT correlation_is_known CHECK (correlated_by IN ('smtp_id', 'recipient')),
    batch_id    uuid NOT NULL,
    ordinal     int NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    name        text NOT NULL,
    outcome     text NOT NULL CONSTRAINT outcome_is_known CHECK (outcome IN ('applied', 'stale', 'ignored')),
    -- Why it was ignored.
    reason      text CONSTRAINT reason_iff_ignored CHECK ((reason IS NOT NULL) = (outcome = 'ignored')),
    -- The element as received, byte for byte.
    raw         bytea NOT NULL,
    -- As its batch's. Last, and NULL for nearly all: such a column takes no room in a row.
    origin      text CONSTRAINT event_origin_is_known CHECK (origin = 'reconcile'),
    CONSTRAINT only_what_has_a_message_is_correlated CHECK (correlated_by IS NULL OR message_key IS NOT NULL),
    CONSTRAINT natural_keys_are_unique PRIMARY KEY (day, natural_key),
    CONSTRAINT first_keys_are_unique UNIQUE (day, first_key)
) PARTITION BY RANGE (day);
CREATE TABLE events_default PARTITION OF events DEFAULT;
-- Message keys lead with the message's time, so this stays local.
CREATE INDEX events_of_a_message ON events (message_key) WHERE message_key IS NOT NULL;
-- Batch ids lead with the receive time and rows arrive in that order: a few pages tell which blocks hold a batch.
CREATE INDEX events_of_a_batch ON events USING brin (batch_id) WITH (pages_per_range = 16);

-- One event on its way in. A type of its own, so that a column added to the table leaves a running release alone.
CREATE TYPE event_row AS (
    day date, natural_key uuid, first_key uuid, source_id int, message_key uuid, correlated_by text, batch_id uuid, ordinal int,
    occurred_at timestamptz, received_at timestamptz, name text, outcome text, reason text, raw bytea, origin text
);

CREATE TABLE quarantine (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id   uuid NOT NULL,
    -- -1: the batch as a whole.
    ordinal    int NOT NULL CONSTRAINT ordinal_or_whole CHECK (ordinal >= -1),
    source_id  int NOT NULL,
    received_at timestamptz NOT NULL,
    reason     text NOT NULL,
    detail     text NOT NULL,
    raw        bytea NOT NULL,
    state      text NOT NULL DEFAULT 'held'
               CONSTRAINT quarantine_state_is_known CHECK (state IN ('held', 'released', 'discarded')),
    created_at timestamptz NOT NULL,
    -- When it was released or discarded.
    settled_at timestamptz CONSTRAINT held_iff_not_settled CHECK ((settled_at IS NULL) = (state = 'held')),
    -- What a released element ended as.
    became     text CONSTRAINT became_is_an_outcome CHECK (became IN ('applied', 'stale', 'ignored', 'duplicate')),
    -- The last time its release was tried in vain, and why: reason and detail. Those above stay the first ones.
    tried_at     timestamptz,
    last_refusal text,
    CONSTRAINT refusal_is_whole_or_absent CHECK ((tried_at IS NULL) = (last_refusal IS NULL)),
    CONSTRAINT only_what_is_released_becomes CHECK (became IS NULL OR state = 'released'),
    CONSTRAINT an_element_is_quarantined_once UNIQUE (batch_id, ordinal)
);
-- What people look through.
CREATE INDEX quarantine_that_is_held ON quarantine (id) WHERE state = 'held';

-- Bounces that name no message and found none yet: tried again until it arrives or they expire (worker::pending).
CREATE TABLE pending_bounces (
    -- The event.
    day         date NOT NULL,
    natural_key uuid NOT NULL,
    next_try_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (day, natural_key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX pending_bounces_that_are_due ON pending_bounces (next_try_at);

-- Messages worked out again from their events; a part is what one instruction on the queue carries.
CREATE TABLE replays (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id  int NOT NULL,
    -- Messages with an event received in this time.
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE replay_parts (
    replay_id  bigint NOT NULL,
    part       int NOT NULL,
    messages   int NOT NULL,
    changed    int NOT NULL,
    -- Their events are partly gone, or could not be worked out.
    left_alone int NOT NULL,
    told       int NOT NULL,
    PRIMARY KEY (replay_id, part)
);

-- Comparisons with SendGrid's own records: what was asked, how far it is, and what came of that. One that was interrupted
-- goes on from reached_at.
CREATE TABLE reconciliations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   int NOT NULL,
    api         text NOT NULL CONSTRAINT api_is_known CHECK (api IN ('activity', 'logs')),
    -- Whose records: a subuser's, or the account's own (NULL).
    subuser     text,
    -- Whether every message was asked for, whatever the list said of it.
    thorough    boolean NOT NULL,
    -- Facts of this time are compared.
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    -- What the records list before this time is done: compared, and what was missing is committed.
    reached_at  timestamptz NOT NULL,
    -- Until there.
    messages    bigint NOT NULL DEFAULT 0,
    found       bigint NOT NULL DEFAULT 0,
    known       bigint NOT NULL DEFAULT 0,
    recovered   bigint NOT NULL DEFAULT 0,
    unknown     bigint NOT NULL DEFAULT 0,
    -- Of the unknown: opens that the source is not given, because nobody says who opened.
    withheld    bigint NOT NULL DEFAULT 0,
    -- Of the unknown: facts that are held in the quarantine.
    quarantined bigint NOT NULL DEFAULT 0,
    -- Seconds of which the records hold more messages than they list: some were not seen.
    overfull    bigint NOT NULL DEFAULT 0,
    requests    bigint NOT NULL DEFAULT 0,
    CONSTRAINT every_fact_was_known_recovered_or_unknown CHECK (found <= known + recovered + unknown),
    CONSTRAINT what_is_held_is_unknown CHECK (quarantined BETWEEN 0 AND unknown)
);
CREATE INDEX reconciliations_of_a_source ON reconciliations (source_id, id);

-- How far back events are complete. Retention moves it; audit calls older batches too old to recompute.
CREATE TABLE retention (
    only_row         boolean PRIMARY KEY DEFAULT true CONSTRAINT there_is_one_row CHECK (only_row),
    events_kept_from date NOT NULL
);
INSERT INTO retention (events_kept_from) VALUES ('-infinity');

GRANT SELECT, INSERT, UPDATE ON batches, events TO sendstate_worker;
-- Only of what the same transaction has inserted: see store::event::take_back.
GRANT DELETE ON events TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON batch_starts TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON pending_bounces TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE ON quarantine TO sendstate_worker;
GRANT SELECT ON replays TO sendstate_worker;
GRANT SELECT, INSERT, UPDATE ON replay_parts TO sendstate_worker;
GRANT SELECT ON batches, events, quarantine, pending_bounces, retention, replay_parts TO sendstate_operator;
-- Discarding is all that an operator may do by hand; releasing goes through the queue.
GRANT UPDATE (state, settled_at) ON quarantine TO sendstate_operator;
GRANT SELECT, INSERT ON replays TO sendstate_operator;
GRANT SELECT, INSERT, UPDATE ON reconciliations TO sendstate_operator;
