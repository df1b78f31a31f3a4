//! Campaigns, Single Sends and newsletters: keys of SendGrid's own that are no custom arguments.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "marketing/single_send",
        "a Single Send's keys are SendGrid's; send_at may be a string",
        "
        2 = 2 applied
        anna@example.com single-send00000000000 delivered
            delivered@2; deferrals 1
            told deferred@1, delivered@2
        ",
    ),
    case(
        "marketing/single_send_open",
        "a timestamp of thirteen digits counts milliseconds; an empty list is no category",
        "
        1 = 1 applied
        anna@example.com single-send-ms00000000 opened
            opened@4; opens 1
            told delivered@4* (opened), seen@4 (opened)
        ",
    ),
    case(
        "marketing/campaign_bare_object",
        "a bare object is a batch of one; an empty smtp-id is none",
        "
        1 = 1 applied
        dora@example.com campaign00000000000000 processed
            processed@1
            told processed@1
        ",
    ),
    case(
        "marketing/campaign_split",
        "every event of a campaign's message carries its keys",
        "
        7 = 7 applied
        dora@example.com campaign-ab00000000000 clicked
            processed@1 delivered@3 opened@4 clicked@5 complained@7 unsubscribed@6; opens 1, clicks 1, deferrals 1
            categories letters
            told processed@1, deferred@2, delivered@3, seen@4 (opened), clicked@5, unsubscribed@6 (clicked), complained@7 (clicked)
        recipient dora@example.com complained@7, group 10 unsubscribed@6
            told suppressed@6 (group 10 unsubscribed), suppressed@7 (complained)
        ",
    ),
    case(
        "marketing/newsletter",
        "a newsletter's object is SendGrid's; what stands beside it is the sender's",
        r#"
        1 = 1 applied
        dora@example.com newsletter000000000000 clicked
            clicked@3; clicks 1
            args {"shelf":"b4"}
            categories letters, weekly
            told delivered@3* (clicked), seen@3 (clicked), clicked@3
        "#,
    ),
    case(
        "marketing/not_marketing",
        "without a campaign's mark, template_id and send_at are the sender's",
        r#"
        1 = 1 applied
        dora@example.com own-template0000000000 delivered
            delivered@2
            args {"send_at":"noon","template_id":"invoice"}
            told delivered@2
        "#,
    ),
];
