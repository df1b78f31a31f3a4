//! What SendGrid posts when its webhook is tested: eleven events of one mail that was never sent.
//!
//! Shapes and order of the fields are those of SendGrid's Event Webhook reference; `category` is a list and `<`, `>`
//! are escaped, as in a recorded test (Jericho/StrongGrid, WebhookParserTests.cs). The ids of its events differ
//! from test to test, everything else but the time is the same for all accounts.

use crate::chance::Chance;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;

const AGENT: &str = r#""useragent":"Mozilla/4.0 (compatible; MSIE 6.1; Windows XP; .NET CLR 1.1.4322; .NET CLR 2.0.50727)","ip":"255.255.255.255""#;
const URL: &str = r#""url":"http://www.sendgrid.com/""#;

/// The events, in the order in which the test lists them. `at`: Unix seconds, the same for all.
pub(super) fn elements(seed: u64, at: i64) -> Vec<String> {
    let group = format!(r#"{AGENT},{URL},"asm_group_id":10"#);
    let events = [
        ("processed", String::new()),
        ("deferred", r#""response":"400 try again later","attempt":"5""#.to_owned()),
        ("delivered", r#""response":"250 OK""#.to_owned()),
        ("open", AGENT.to_owned()),
        ("click", format!("{AGENT},{URL}")),
        ("bounce", r#""reason":"500 unknown recipient","status":"5.0.0""#.to_owned()),
        ("dropped", r#""reason":"Bounced Address","status":"5.0.0""#.to_owned()),
        ("spamreport", String::new()),
        ("unsubscribe", String::new()),
        ("group_unsubscribe", group.clone()),
        ("group_resubscribe", group),
    ];
    let told = (0..).zip(events);
    told.map(|(number, (event, details))| element(seed, number, at, event, &details)).collect()
}

fn element(seed: u64, number: u64, at: i64, event: &str, details: &str) -> String {
    let id = BASE64_URL_SAFE.encode(Chance::of(seed, number).bytes::<16>());
    let comma = if details.is_empty() { "" } else { "," };
    format!(
        r#"{{"email":"example@test.com","timestamp":{at},"smtp-id":"\u003c14c5d75ce93.dfd.64b469@ismtpd-555\u003e","event":"{event}","category":["cat facts"],"sg_event_id":"{id}","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"{comma}{details}}}"#
    )
}
