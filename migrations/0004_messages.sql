-- Why: the one true status of every message, and what is known of every recipient.
-- No index on anything that an event changes: updates stay heap-only. fillfactor leaves room for them. The one exception
-- is smtp_id_hash, which is set once; nearly always by the event that makes the row.
CREATE TABLE messages (
    -- Four bytes of the message's time, then a hash of (source, sg_message_id, address).
    key             uuid PRIMARY KEY,
    source_id       int NOT NULL,
    -- UTC day and hour of the receive time of the first event. They lead the look-up indexes, so that inserts stay local:
    -- hashes spread over the pages of one hour, not of a day. With a million events of the day stored, an event wrote 13 %
    -- more WAL than into an empty database when only the day led (full images of the pages touched after a checkpoint).
    created_on      date NOT NULL,
    created_hour    smallint NOT NULL CONSTRAINT hour_is_of_a_day CHECK (created_hour BETWEEN 0 AND 23),
    sg_message_id   text NOT NULL,
    recipient       text NOT NULL,
    -- Hashes, because ids and addresses may be of any length and an index entry may not.
    message_id_hash uuid NOT NULL,
    recipient_hash  uuid NOT NULL,
    -- NULL until an event has said it; opens and clicks do not.
    smtp_id_hash    uuid,
    status          text NOT NULL,
    rank            smallint NOT NULL,
    leading_at      timestamptz,
    leading_key     uuid,
    processed_at    timestamptz,
    delivered_at    timestamptz,
    failed_at       timestamptz,
    opened_at       timestamptz,
    clicked_at      timestamptz,
    complained_at   timestamptz,
    unsubscribed_at timestamptz,
    latest_event_at timestamptz,
    opens           int NOT NULL,
    machine_opens   int NOT NULL,
    clicks          int NOT NULL,
    deferrals       int NOT NULL,
    -- How many events were folded in: fewer stored ones mean that retention has taken some.
    events          int NOT NULL,
    -- From the greatest event of rank 40.
    failure_status  text,
    failure_at      timestamptz,
    failure_key     uuid,
    failure_reason  text,
    failure_smtp_status    text,
    failure_classification text,
    failure_correlated_by  text,
    -- From the earliest event that has any; _name and _key say which, so that an earlier one can replace it.
    custom_args      text,
    custom_args_at   timestamptz,
    custom_args_name text,
    custom_args_key  uuid,
    categories       text[],
    categories_at    timestamptz,
    categories_name  text,
    categories_key   uuid,
    -- Bits of the notification types told (domain::NotificationTypes) and the last sequence: at most once, for ever.
    told            smallint NOT NULL,
    -- How many of the events were recovered from SendGrid's records, up to 32,767: while there are none, events that the
    -- webhook brings are not looked for among them. Here, because it fills a gap that alignment leaves.
    reconciled      smallint NOT NULL,
    last_sequence   int NOT NULL,
    CONSTRAINT leading_event_iff_ranked CHECK ((leading_at IS NULL) = (rank = 0) AND (leading_key IS NULL) = (rank = 0)),
    CONSTRAINT failure_is_whole_or_absent CHECK ((failure_status IS NULL) = (failure_at IS NULL)
                                             AND (failure_status IS NULL) = (failure_key IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX messages_of_a_send ON messages (created_on, created_hour, message_id_hash);
-- With the smtp-id it also answers which message an event is of that names only that.
CREATE INDEX messages_of_a_recipient ON messages (created_on, created_hour, recipient_hash, smtp_id_hash);

-- A whole message on its way in or out; independent of the table's later columns.
CREATE TYPE message_row AS (
    key uuid, source_id int, created_on date, created_hour smallint, sg_message_id text, recipient text, message_id_hash uuid,
    recipient_hash uuid, smtp_id_hash uuid, status text, rank smallint, leading_at timestamptz, leading_key uuid,
    processed_at timestamptz, delivered_at timestamptz, failed_at timestamptz, opened_at timestamptz,
    clicked_at timestamptz, complained_at timestamptz, unsubscribed_at timestamptz, latest_event_at timestamptz,
    opens int, machine_opens int, clicks int, deferrals int, events int,
    failure_status text, failure_at timestamptz, failure_key uuid, failure_reason text, failure_smtp_status text,
    failure_classification text, failure_correlated_by text,
    custom_args text, custom_args_at timestamptz, custom_args_name text, custom_args_key uuid,
    categories text[], categories_at timestamptz, categories_name text, categories_key uuid,
    told smallint, reconciled smallint, last_sequence int
);

CREATE TABLE recipients (
    source_id         int NOT NULL,
    address_hash      uuid NOT NULL,
    address           text NOT NULL,
    bounced_at        timestamptz,
    bounced_reason    text,
    complained_at     timestamptz,
    complained_reason text,
    unsubscribed_at   timestamptz,
    unsubscribed      boolean,
    -- Unsubscribe groups: number, time and word of the last writer, in parallel.
    group_ids          bigint[] NOT NULL DEFAULT '{}',
    group_at           timestamptz[] NOT NULL DEFAULT '{}',
    group_unsubscribed boolean[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (source_id, address_hash),
    CONSTRAINT subscription_is_whole_or_absent CHECK ((unsubscribed_at IS NULL) = (unsubscribed IS NULL)),
    CONSTRAINT groups_are_parallel CHECK (cardinality(group_ids) = cardinality(group_at)
                                      AND cardinality(group_ids) = cardinality(group_unsubscribed))
);

-- A whole recipient on its way in.
CREATE TYPE recipient_row AS (
    source_id int, address_hash uuid, bounced_at timestamptz, bounced_reason text, complained_at timestamptz,
    complained_reason text, unsubscribed_at timestamptz, unsubscribed boolean,
    group_ids bigint[], group_at timestamptz[], group_unsubscribed boolean[]
);

GRANT SELECT, INSERT, UPDATE ON messages, recipients TO sendstate_worker;
GRANT SELECT ON messages, recipients TO sendstate_operator;
