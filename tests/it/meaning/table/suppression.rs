//! Complaints and unsubscribes: facts, not steps.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "suppression/spamreport",
        "a complaint changes no status",
        "
        2 = 2 applied
        cara@example.com complaint0000000000000 delivered
            delivered@2 complained@60
            told delivered@2, complained@60 (delivered)
        recipient cara@example.com complained@60
            told suppressed@60 (complained)
        ",
    ),
    case(
        "suppression/spam_report",
        "spam_report is the same; a message may be known by facts alone",
        "
        1 = 1 applied
        cara@example.com complaint-alias0000000 unknown
            complained@60
            told complained@60 (unknown)
        recipient cara@example.com complained@60
            told suppressed@60 (complained)
        ",
    ),
    case(
        "suppression/unsubscribe",
        "date and reseller_id are SendGrid's",
        "
        2 = 2 applied
        cara@example.com unsub00000000000000000 delivered
            delivered@2 unsubscribed@60
            told delivered@2, unsubscribed@60 (delivered)
        recipient cara@example.com unsubscribed@60
            told suppressed@60 (unsubscribed)
        ",
    ),
    case(
        "suppression/groups",
        "groups stand apart; the last word of each counts",
        "
        3 = 3 applied
        cara@example.com groups0000000000000000 unknown
            unsubscribed@10
            told unsubscribed@10 (unknown)
        recipient cara@example.com ok, group 17 ok@20, group 18 unsubscribed@11
            told suppressed@10 (group 17 unsubscribed), suppressed@11 (group 18 unsubscribed), resubscribed@20 (group 17 ok)
        ",
    ),
    case(
        "suppression/groups_at_once",
        "leaving two groups in one second is two events",
        "
        2 = 2 applied
        cara@example.com groups-at-once00000000 unknown
            unsubscribed@10
            told unsubscribed@10 (unknown)
        recipient cara@example.com ok, group 17 unsubscribed@10, group 18 unsubscribed@10
            told suppressed@10 (group 17 unsubscribed), suppressed@10 (group 18 unsubscribed)
        ",
    ),
    case(
        "suppression/group_tie",
        "in the same second unsubscribing wins",
        "
        2 = 2 applied
        cara@example.com group-tie0000000000000 unknown
            unsubscribed@10
            told unsubscribed@10 (unknown)
        recipient cara@example.com ok, group 17 unsubscribed@10
            told resubscribed@10 (group 17 ok), suppressed@10 (group 17 unsubscribed)
        ",
    ),
    case(
        "suppression/no_group",
        "a group's unsubscribe without its group is a fact about the message alone",
        "
        1 = 1 applied
        cara@example.com no-group00000000000000 unknown
            unsubscribed@10
            told unsubscribed@10 (unknown)
        recipient cara@example.com ok
        ",
    ),
    case(
        "suppression/weights",
        "a complaint outweighs a bounce, and a bounce an unsubscribe",
        r#"
        5 = 5 applied
        dora@example.com weights-20000000000000 bounced
            failed@2 unsubscribed@1
            failure bounced@2 "550 gone"
            told unsubscribed@1 (unknown), failed@2 (bounced)
        cara@example.com weights000000000000000 bounced
            failed@2 complained@3 unsubscribed@1
            failure bounced@2 "550 gone"
            told unsubscribed@1 (unknown), failed@2 (bounced), complained@3 (bounced)
        recipient cara@example.com complained@3
            told suppressed@1 (unsubscribed), suppressed@2 (bounced), suppressed@3 (complained)
        recipient dora@example.com bounced@2 "550 gone"
            told suppressed@1 (unsubscribed), suppressed@2 (bounced)
        "#,
    ),
    case(
        "suppression/bounced_again",
        "an address bounced when it bounced first",
        r#"
        1 = 1 applied
        1 = 1 applied
        cara@example.com sticky-100000000000000 bounced
            failed@9
            failure bounced@9 "550 still gone"
            told failed@9 (bounced)
        cara@example.com sticky-200000000000000 bounced
            failed@4
            failure bounced@4 "550 gone"
            told failed@4 (bounced)
        recipient cara@example.com bounced@4 "550 gone"
            told suppressed@9 (bounced)
        "#,
    )
    .posts(&["suppression/bounced_again_1", "suppression/bounced_again_2"]),
    case(
        "suppression/without_ids",
        "an unsubscribe without ids is a fact about the recipient",
        "
        1 = 1 applied
        recipient cara@example.com unsubscribed@60
            told suppressed@60 (unsubscribed)
        ",
    ),
    case(
        "suppression/not_against_the_address",
        "dropped, blocked and deferred say nothing about the address",
        r#"
        3 = 3 applied
        cara@example.com mild-10000000000000000 dropped
            failed@1
            failure dropped@1 "Unsubscribed Address"
            told failed@1 (dropped)
        cara@example.com mild-20000000000000000 blocked
            failed@2
            failure blocked@2
            told failed@2 (blocked)
        cara@example.com mild-30000000000000000 deferred
            deferrals 1
            told deferred@3
        "#,
    ),
];
