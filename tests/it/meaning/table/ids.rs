//! Ids: missing, empty, shared, of every form. Only two things are concluded: what is the same, and whose it is.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "ids/no_event_id",
        "without an id what an event says is its key; null and empty are none",
        "
        4 = 2 applied + 2 duplicate
        anna@example.com no-event-id00000000000 opened
            opened@5; opens 2
            told delivered@5* (opened), seen@5 (opened)
        ",
    ),
    case(
        "ids/one_id_on_many_types",
        "an id is one event's only together with the event's name",
        "
        6 = 6 applied
        ben@example.com shared-id0000000000000 clicked
            processed@3 delivered@3 failed@3 opened@3 clicked@3 complained@3; opens 1, clicks 1
            failure bounced@3
            told complained@3 (unknown), processed@3, delivered@3, failed@3 (bounced), seen@3 (opened), clicked@3
        recipient ben@example.com complained@3
            told suppressed@3 (complained)
        ",
    ),
    case(
        "ids/other_id_same_event",
        "a repeat under another id is a repeat, in one body and in two",
        "
        2 = 1 applied + 1 duplicate
        1 = 1 duplicate
        anna@example.com other-id00000000000000 opened
            opened@5; opens 1
            told delivered@5* (opened), seen@5 (opened)
        ",
    )
    .posts(&["ids/other_id_same_event", "ids/same_event_again"]),
    case(
        "ids/again_and_again",
        "a repeat is a repeat, as often as it comes",
        "
        3 = 1 applied + 2 duplicate
        3 = 3 duplicate
        anna@example.com again00000000000000000 opened
            opened@5; opens 1
            told delivered@5* (opened), seen@5 (opened)
        ",
    )
    .posts(&["ids/again_and_again", "ids/again_and_again"]),
    case(
        "ids/documented_sample",
        "every event in one second; 21 zeros are another message; a blocked with the bounce's id is its repeat",
        r#"
        11 = 11 applied
        1 = 1 duplicate
        emil@example.com sample0000000000000000 clicked
            delivered@0 failed@0 opened@0 clicked@0 complained@0 unsubscribed@0; opens 1, clicks 1, deferrals 1
            failure dropped@0 "Bounced Address" 5.0.0
            categories dogs
            told unsubscribed@0 (unknown), complained@0 (unknown), deferred@0, delivered@0, failed@0 (bounced), seen@0 (opened), clicked@0
        emil@example.com sample0000000000000000 processed
            processed@0
            categories dogs
            told processed@0
        recipient emil@example.com complained@0, group 10 unsubscribed@0
            told resubscribed@0 (group 10 ok), suppressed@0 (complained), suppressed@0 (group 10 unsubscribed)
        "#,
    )
    .posts(&["ids/documented_sample", "ids/documented_blocked"]),
    case(
        "ids/forms_of_message_ids",
        "the id that people know ends before the receiving host's name, else before the first dot",
        "
        8 = 8 applied
        a1@example.com 19f7a2b3c4d.1e5.2a77c1 delivered
            delivered@2
            told delivered@2
        a7@example.com 19f7a2b3c4e.2d0.3b88d2 delivered
            delivered@2
            told delivered@2
        a3@example.com Tn4pWq8sRk2mYx6vBz1cDf delivered
            delivered@2
            told delivered@2
        a4@example.com Tn4pWq8sRk2mYx6vBz1cDg delivered
            delivered@2
            told delivered@2
        a5@example.com Tn4pWq8sRk2mYx6vBz1cDh delivered
            delivered@2
            told delivered@2
        a8@example.com Tn4pWq8sRk2mYx6vBz1cDi delivered
            delivered@2
            told delivered@2
        a6@example.com an_internal_message_id delivered
            delivered@2
            told delivered@2
        a2@example.com filter0071p1xyz1 delivered
            delivered@2
            told delivered@2
        ",
    ),
    case(
        "ids/own_message_id",
        "mail relayed by SMTP keeps the sender's own Message-ID as smtp-id",
        "
        2 = 2 applied
        anna@example.com relayed000000000000000 opened
            delivered@2 opened@9; opens 1
            told delivered@2, seen@9 (opened)
        ",
    ),
    case(
        "ids/no_ids_at_all",
        "what names no message is a fact about the recipient, and most facts are not kept",
        "
        4 = 4 applied
        recipient emil@example.com complained@8
            told suppressed@8 (complained)
        ",
    ),
    case(
        "ids/very_long",
        "ids are opaque and of any length",
        "
        3 = 3 applied
        anna@example.com long-ids00000000000000 opened
            opened@5; opens 2
            told delivered@5* (opened), seen@5 (opened)
        anna@example.com xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx opened
            opened@7; opens 1
            told delivered@7* (opened), seen@7 (opened)
        ",
    ),
    case(
        "ids/nobody",
        "an id of a message names its recipient; who is named by nothing cannot be told of",
        "
        3 = 1 applied + 2 quarantined
        held missing_email 1 2
        - nobody0000000000000000 opened
            opened@5; opens 1
            told delivered@5* (opened), seen@5 (opened)
        ",
    ),
    case(
        "ids/numbers_as_ids",
        "an id may be a number",
        "
        1 = 1 applied
        anna@example.com 12345 opened
            opened@5; opens 1
            told delivered@5* (opened), seen@5 (opened)
        ",
    ),
];
