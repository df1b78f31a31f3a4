//! Mail that did not arrive: bounced, blocked, dropped.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "failures/bounce",
        "a bounce fails the message and marks the address",
        r#"
        1 = 1 applied
        ben@example.com hard000000000000000000 bounced
            failed@2
            failure bounced@2 "550 5.1.1 no mailbox by that name" 5.1.1 (Invalid Address)
            told failed@2 (bounced)
        recipient ben@example.com bounced@2 "550 5.1.1 no mailbox by that name"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "failures/blocked",
        "a bounce of type blocked fails the message and leaves the address alone",
        r#"
        1 = 1 applied
        ben@example.com soft000000000000000000 blocked
            failed@2
            failure blocked@2 "550 5.7.999 not accepting messages" 5.7.999
            told failed@2 (blocked)
        "#,
    ),
    case(
        "failures/blocked_alias",
        "an event named blocked is a bounce of that type",
        r#"
        1 = 1 applied
        ben@example.com alias00000000000000000 blocked
            failed@2
            failure blocked@2 "450 4.2.2 mailbox full" 4.2.2
            told failed@2 (blocked)
        "#,
    ),
    case(
        "failures/no_status",
        "without a mail exchanger there is no status; the reason is anybody's text",
        r#"
        1 = 1 applied
        ben@nowhere.invalid no-mx00000000000000000 blocked
            failed@4
            failure blocked@4 "no mail exchanger: lookup <nil>: unrecognized address" (Unclassified)
            told failed@4 (blocked)
        "#,
    ),
    case(
        "failures/no_type",
        "a bounce that does not say blocked is a bounce",
        r#"
        1 = 1 applied
        ben@example.com no-type000000000000000 bounced
            failed@2
            failure bounced@2 "500 unknown recipient" 5.0.0
            told failed@2 (bounced)
        recipient ben@example.com bounced@2 "500 unknown recipient"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "failures/no_reason",
        "a bounce needs no reason",
        "
        1 = 1 applied
        ben@example.com no-reason0000000000000 bounced
            failed@2
            failure bounced@2
            categories alerts
            told failed@2 (bounced)
        recipient ben@example.com bounced@2
            told suppressed@2 (bounced)
        ",
    ),
    case(
        "failures/other_type",
        "any type but blocked is a bounce",
        r#"
        1 = 1 applied
        ben@example.com other-type000000000000 bounced
            failed@2
            failure bounced@2 "gave up after 72 hours" 4.4.7
            told failed@2 (bounced)
        recipient ben@example.com bounced@2 "gave up after 72 hours"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "failures/bare_status",
        "a status may be a bare SMTP code, also as a number",
        r#"
        2 = 2 applied
        cara@example.com status-number000000000 bounced
            failed@2
            failure bounced@2 "554 refused" 554
            told failed@2 (bounced)
        ben@example.com status-text00000000000 bounced
            failed@2
            failure bounced@2 "550 Requested action not taken: mailbox unavailable" 550
            told failed@2 (bounced)
        recipient ben@example.com bounced@2 "550 Requested action not taken: mailbox unavailable"
            told suppressed@2 (bounced)
        recipient cara@example.com bounced@2 "554 refused"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "failures/dropped",
        "a drop says nothing about the address, which may be empty",
        r#"
        5 = 5 applied
        ben@example.com dropped-10000000000000 dropped
            failed@2
            failure dropped@2 "Bounced Address" 5.0.0
            told failed@2 (dropped)
        cara@example.com dropped-20000000000000 dropped
            failed@2
            failure dropped@2 "Unsubscribed Address"
            told failed@2 (dropped)
        invalid@invalid dropped-30000000000000 dropped
            failed@2
            failure dropped@2 "Invalid"
            told failed@2 (dropped)
        dora@example.com dropped-40000000000000 dropped
            failed@2
            failure dropped@2
            told failed@2 (dropped)
        - dropped-50000000000000 dropped
            failed@2
            failure dropped@2 "Invalid SMTPAPI header"
            told failed@2 (dropped)
        "#,
    ),
    case(
        "failures/dropped_after_processed",
        "a drop outranks its own second's processed",
        r#"
        2 = 2 applied
        ben@example.com drop-late0000000000000 dropped
            processed@1 failed@1
            failure dropped@1 "Spam Reporting Address"
            told processed@1, failed@1 (dropped)
        "#,
    ),
    case(
        "failures/bounced_and_blocked",
        "within a rank the later event gives the name; a failure is told once",
        r#"
        2 = 2 applied
        ben@example.com two-words0000000000000 blocked
            failed@3
            failure blocked@5 "452 greylisted" 4.7.1
            told failed@3 (bounced)
        recipient ben@example.com bounced@3 "550 gone"
            told suppressed@3 (bounced)
        "#,
    ),
    case(
        "failures/bounced_and_blocked_apart",
        "the other way round: the earlier event changes neither name nor reason, and is not stale within its rank",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com two-words-apart0000000 blocked
            failed@3
            failure blocked@5 "452 greylisted" 4.7.1
            told failed@5 (blocked)
        recipient ben@example.com bounced@3 "550 gone"
            told suppressed@3 (bounced)
        "#,
    )
    .posts(&["failures/blocked_first", "failures/bounced_after"]),
    case(
        "failures/two_attempts",
        "two bounces of one message; the server's response stands in for a reason; the address keeps the earliest",
        r#"
        2 = 2 applied
        ben@example.com two-attempts0000000000 bounced
            failed@0
            failure bounced@1 "400 try again later"
            told failed@0 (bounced)
        recipient ben@example.com bounced@0
            told suppressed@0 (bounced)
        "#,
    ),
];
