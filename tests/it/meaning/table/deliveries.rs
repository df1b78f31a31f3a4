//! From acceptance to the recipient's server.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "deliveries/whole_life",
        "events count in the order of their times, however a body lists them",
        r#"
        4 = 4 applied
        anna@example.com whole-life000000000000 clicked
            processed@1 delivered@2 opened@20 clicked@30; opens 1, clicks 1
            args {"order":"7"}
            categories news
            told processed@1, delivered@2, seen@20 (opened), clicked@30
        "#,
    ),
    case(
        "deliveries/deferred_often",
        "a deferral is counted and is no failure; attempt is a string or a number",
        "
        4 = 4 applied
        anna@example.com deferred-often00000000 delivered
            delivered@40; deferrals 3
            told deferred@10, delivered@40
        ",
    ),
    case(
        "deliveries/late_deferral",
        "a deferral that comes after the delivery is recorded and told to nobody",
        "
        1 = 1 applied
        1 = 1 stale
        anna@example.com late-deferral000000000 delivered
            delivered@40; deferrals 1
            told delivered@40
        ",
    )
    .posts(&["deliveries/late_deferral_1", "deliveries/late_deferral_2"]),
    case(
        "deliveries/old_types",
        "pool.id, asm_group_id, tls and cert_err are SendGrid's as strings too",
        "
        2 = 2 applied
        anna@example.com old-types0000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        ",
    ),
    case(
        "deliveries/one_second",
        "within one second the hierarchy is the order",
        "
        3 = 3 applied
        anna@example.com one-second000000000000 delivered
            processed@0 delivered@0; deferrals 1
            told processed@0, deferred@0, delivered@0
        ",
    ),
    case(
        "deliveries/scheduled",
        "send_at is SendGrid's on a processed event",
        "
        1 = 1 applied
        anna@example.com scheduled0000000000000 processed
            processed@1
            told processed@1
        ",
    ),
    case(
        "deliveries/never_delivered",
        "deferred is where a message may stay",
        "
        2 = 2 applied
        anna@example.com never-delivered0000000 deferred
            processed@1; deferrals 1
            told processed@1, deferred@600
        ",
    ),
];
