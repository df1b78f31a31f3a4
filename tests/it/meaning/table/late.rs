//! Events that come out of their turn: the status is a maximum, and only moves are told.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "late/open_after_bounce",
        "an open proves receipt, whatever a server said",
        r#"
        1 = 1 applied
        1 = 1 applied
        ben@example.com failed-opened000000000 opened
            failed@5 opened@50; opens 1
            failure bounced@5 "550 gone" 5.1.1
            told failed@5 (bounced), delivered@50* (opened), seen@50 (opened)
        recipient ben@example.com bounced@5 "550 gone"
            told suppressed@5 (bounced)
        "#,
    )
    .posts(&["late/bounce", "late/open_after_bounce"]),
    case(
        "late/delivered_after_dropped",
        "a delivery does not undo a failure, not even a later one",
        r#"
        1 = 1 applied
        2 = 2 stale
        ben@example.com failed-delivered000000 dropped
            processed@1 delivered@9 failed@5
            failure dropped@5 "Duplicate message"
            told failed@5 (dropped)
        "#,
    )
    .posts(&["late/dropped", "late/delivered_after_dropped"]),
    case(
        "late/months_later",
        "opens and clicks come months and years later",
        "
        2 = 2 applied
        1 = 1 applied
        1 = 1 applied
        anna@example.com months0000000000000000 clicked
            processed@1 delivered@2 opened@10368000 clicked@40000000; opens 1, clicks 1
            told processed@1, delivered@2, seen@10368000 (opened), clicked@40000000
        ",
    )
    .posts(&["late/delivered", "late/open_months_later", "late/click_years_later"]),
    case(
        "late/bounce_next_day",
        "a server may take mail and send it back a day later",
        r#"
        2 = 2 applied
        1 = 1 applied
        ben@example.com delayed-bounce00000000 bounced
            processed@1 delivered@2 failed@86402
            failure bounced@86402 "Delayed Bounce - the other server gave no reason"
            told processed@1, delivered@2, failed@86402 (bounced)
        recipient ben@example.com bounced@86402 "Delayed Bounce - the other server gave no reason"
            told suppressed@86402 (bounced)
        "#,
    )
    .posts(&["late/delivered_then", "late/bounce_next_day"]),
    case(
        "late/bounce_after_open",
        "a bounce that comes after the open is kept, tells nobody, and still marks the address",
        r#"
        1 = 1 applied
        2 = 2 stale
        ben@example.com open-bounce00000000000 opened
            delivered@2 failed@5 opened@9; opens 1
            failure bounced@5 "550 gone"
            told delivered@9* (opened), seen@9 (opened)
        recipient ben@example.com bounced@5 "550 gone"
            told suppressed@5 (bounced)
        "#,
    )
    .posts(&["late/open", "late/bounce_after_open"]),
];
