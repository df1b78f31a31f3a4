//! One send to several people, and one person under several spellings.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "people/one_send",
        "recipients of one request share its id and nothing else",
        "
        4 = 3 applied + 1 quarantined
        held missing_timestamp 3
        ben@example.com one-send00000000000000 processed
            processed@1
            told processed@1
        cara@example.com one-send00000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        ",
    ),
    case(
        "people/letter_case",
        "an address is one in any case and between white space",
        "
        3 = 3 applied
        anna@example.com letter-case00000000000 clicked
            delivered@2 opened@9 clicked@10; opens 1, clicks 1
            told delivered@2, seen@9 (opened), clicked@10
        ",
    ),
    case(
        "people/umlaut",
        "in any alphabet",
        r#"
        2 = 2 applied
        jürgen@example.com umlaut0000000000000000 bounced
            failed@2 complained@3
            failure bounced@2 "550 gone"
            told failed@2 (bounced), complained@3 (bounced)
        recipient jürgen@example.com complained@3
            told suppressed@2 (bounced), suppressed@3 (complained)
        "#,
    ),
    case(
        "people/twice_to_one",
        "two mails of one request to one address are two messages",
        "
        3 = 3 applied
        anna@example.com twice-to-one0000000000 delivered
            delivered@2
            told delivered@2
        anna@example.com twice-to-one0000000000 opened
            delivered@2 opened@9; opens 1
            told delivered@2, seen@9 (opened)
        ",
    ),
    case(
        "people/one_id_two_addresses",
        "an id under two addresses is two messages",
        "
        2 = 2 applied
        anna@example.com forwarded0000000000000 delivered
            delivered@2
            told delivered@2
        ben@example.com forwarded0000000000000 opened
            opened@9; opens 1
            told delivered@9* (opened), seen@9 (opened)
        ",
    ),
];
