//! Events that do not say which message they are of: found by the `smtp-id`, or, a bounce, by its recipient.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "correlation/by_smtp_id",
        "an event that has only the smtp-id belongs to the one message that has it too",
        r#"
        2 = 2 applied
        1 = 1 applied
        ben@example.com by-smtp-id000000000000 bounced
            processed@1 delivered@2 failed@60
            failure bounced@60 "550 returned" 5.0.0 by smtp_id
            told processed@1, delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/sent", "correlation/bounce_by_smtp_id"]),
    case(
        "correlation/any_by_smtp_id",
        "any event, not only a bounce",
        "
        2 = 2 applied
        2 = 2 applied
        ben@example.com by-smtp-id000000000000 opened
            processed@1 delivered@2 opened@60 complained@70; opens 1
            told processed@1, delivered@2, seen@60 (opened), complained@70 (opened)
        recipient ben@example.com complained@70
            told suppressed@70 (complained)
        ",
    )
    .posts(&["correlation/sent", "correlation/open_by_smtp_id"]),
    case(
        "correlation/both_in_one",
        "also when both come in one body",
        r#"
        2 = 2 applied
        ben@example.com by-smtp-id000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by smtp_id
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    ),
    case(
        "correlation/two_of_one_smtp_id",
        "an smtp-id that two messages to the address have says nothing",
        r#"
        2 = 2 applied
        1 = 1 applied
        ben@example.com one-request00000000000 delivered
            delivered@2
            told delivered@2
        ben@example.com one-request00000000000 delivered
            delivered@3
            told delivered@3
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/two_of_one_smtp_id", "correlation/bounce_of_one_smtp_id"]),
    case(
        "correlation/smtp_id_of_another",
        "recipients of one request share the smtp-id; the address has to be the message's too",
        r#"
        2 = 2 applied
        1 = 1 applied
        ben@example.com by-smtp-id000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        recipient cara@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/sent", "correlation/smtp_id_of_another"]),
    case(
        "correlation/unknown_smtp_id",
        "an smtp-id that nobody has says nothing, and is not waited for",
        r#"
        1 = 1 applied
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/bounce_by_smtp_id"]),
    case(
        "correlation/by_recipient",
        "a bounce with neither id is of the one message that was delivered to its address",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/bounce"]),
    case(
        "correlation/empty_ids",
        "empty ids are none",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/bounce_of_nobody_s"]),
    case(
        "correlation/blocked",
        "of type blocked it leaves the address alone",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 blocked
            delivered@2 failed@60
            failure blocked@60 "452 storage quota exceeded" 5.0.0 (Mailbox Unavailable) by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (blocked)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/blocked"]),
    case(
        "correlation/with_its_delivery",
        "also when its delivery comes in the same body",
        r#"
        2 = 2 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    ),
    case(
        "correlation/opened_since",
        "a message that was opened meanwhile has its bounce, told to nobody",
        r#"
        2 = 2 applied
        1 = 1 stale
        ben@example.com first-mail000000000000 opened
            delivered@2 failed@60 opened@50; opens 1
            failure bounced@60 "550 returned" by recipient
            told delivered@2, seen@50 (opened)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/delivered_and_opened", "correlation/bounce"]),
    case(
        "correlation/two_candidates",
        "where two were delivered nothing is certain, now or later",
        r#"
        1 = 1 applied
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 delivered
            delivered@2
            args {"order":"7"}
            told delivered@2
        ben@example.com second-mail00000000000 delivered
            delivered@3
            told delivered@3
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/delivered_another", "correlation/bounce"]),
    case(
        "correlation/one_had_failed",
        "what has failed is no candidate",
        r#"
        1 = 1 applied
        2 = 2 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (bounced)
        ben@example.com second-mail00000000000 blocked
            delivered@3 failed@10
            failure blocked@10 "452 full"
            told delivered@3, failed@10 (blocked)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/another_bounced", "correlation/bounce"]),
    case(
        "correlation/second_bounce",
        "nor after its own bounce",
        r#"
        1 = 1 applied
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        pending bounce@70
        "#,
    )
    .posts(&["correlation/delivered", "correlation/bounce", "correlation/bounce_again"]),
    case(
        "correlation/in_seven_days",
        "seven days after the delivery it can be",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@604802
            failure bounced@604802 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@604802 (bounced)
        recipient ben@example.com bounced@604802 "550 returned"
            told suppressed@604802 (bounced)
        "#,
    )
    .posts(&["correlation/delivered", "correlation/in_seven_days"]),
    case(
        "correlation/after_seven_days",
        "a second later it cannot",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 delivered
            delivered@2
            args {"order":"7"}
            told delivered@2
        recipient ben@example.com bounced@604803 "550 returned"
            told suppressed@604803 (bounced)
        pending bounce@604803
        "#,
    )
    .posts(&["correlation/delivered", "correlation/after_seven_days"]),
    case(
        "correlation/delivered_too_late",
        "nor before the delivery",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 delivered
            delivered@90
            told delivered@90
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        pending bounce@60
        "#,
    )
    .posts(&["correlation/delivered_too_late", "correlation/bounce"]),
    case(
        "correlation/none",
        "the address has bounced at once; the message may still arrive",
        r#"
        1 = 1 applied
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        pending bounce@60
        "#,
    )
    .posts(&["correlation/bounce"]),
    case(
        "correlation/arrived_later",
        "when it has arrived, it is found at the next look",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 bounced
            delivered@2 failed@60
            failure bounced@60 "550 returned" by recipient
            args {"order":"7"}
            told delivered@2, failed@60 (bounced)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/bounce", "correlation/delivered"])
    .looked_at_again(),
    case(
        "correlation/opened_before_found",
        "if it is opened by then, the bounce was stale all along",
        r#"
        1 = 1 stale
        2 = 2 applied
        ben@example.com first-mail000000000000 opened
            delivered@2 failed@60 opened@50; opens 1
            failure bounced@60 "550 returned" by recipient
            told delivered@2, seen@50 (opened)
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/bounce", "correlation/delivered_and_opened"])
    .looked_at_again(),
    case(
        "correlation/two_arrived_later",
        "if two have arrived, it is of neither and not looked at any more",
        r#"
        1 = 1 applied
        1 = 1 applied
        1 = 1 applied
        ben@example.com first-mail000000000000 delivered
            delivered@2
            args {"order":"7"}
            told delivered@2
        ben@example.com second-mail00000000000 delivered
            delivered@3
            told delivered@3
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/bounce", "correlation/delivered", "correlation/delivered_another"])
    .looked_at_again(),
    case(
        "correlation/still_nobody",
        "as long as nothing arrives it waits",
        r#"
        1 = 1 applied
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        pending bounce@60
        "#,
    )
    .posts(&["correlation/bounce"])
    .looked_at_again(),
    case(
        "correlation/a_day_is_over",
        "for a day",
        r#"
        1 = 1 applied
        recipient ben@example.com bounced@60 "550 returned"
            told suppressed@60 (bounced)
        "#,
    )
    .posts(&["correlation/bounce"])
    .looked_at_for_the_last_time(),
    case(
        "correlation/dropped",
        "nothing but a bounce is looked for by its recipient",
        "
        2 = 2 applied
        ",
    ),
];
