//! Bodies as SendGrid sends them, the same on every run: lives of mails, with the fields that real events have.

use jiff::Timestamp;
use std::fmt::Write as _;

/// When the first mail was accepted.
const START: i64 = 1_710_334_643;

/// After every event of a body of any size that is measured here.
pub(crate) fn received_at() -> Timestamp {
    Timestamp::from_second(START + 86_400).expect("a day in 2024")
}

/// A body of so many events, in a mix of kinds: most are processed, delivered and opened.
pub(crate) fn body(events: u32) -> Vec<u8> {
    let elements: Vec<String> = (0..events).map(element).collect();
    format!("[{}]\r\n", elements.join(",\r\n")).into_bytes()
}

/// One element. Ten in a row are of four mails.
fn element(number: u32) -> String {
    let (mail, step) =
        (u64::from(number / 10 * 4 + [0, 0, 1, 1, 1, 2, 2, 2, 2, 3][number as usize % 10]), number % 10);
    let at = START + i64::from(number);
    // Sixteen bytes that differ in every mail, as letters.
    let tag = (mail + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let id = format!("{tag:016X}x{:05}", mail % 100_000);
    let mut json = format!(
        r#"{{"email":"reader.{tag:08x}@example.com","timestamp":{at},"sg_event_id":"{}","sg_message_id":"{id}.recvd-6c5f9d8b7-x2x9z-1-{at:X}-1C.0","category":["welcome"],"campaign":"welcome","order_id":"{mail:08}""#,
        event_id(number, &id),
    );
    let details = match step {
        0 | 2 | 5 => format!(
            r#","event":"processed","smtp-id":"<{id}@geopod-ismtpd-1>","send_at":0,"pool":{{"id":210,"name":"transactional"}}}}"#
        ),
        1 | 3 | 6 => format!(
            r#","event":"delivered","smtp-id":"<{id}@geopod-ismtpd-1>","ip":"192.0.2.17","response":"250 2.0.0 OK {tag:x} - gsmtp","tls":1}}"#
        ),
        4 | 7 => r#","event":"open","ip":"198.51.100.4","useragent":"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)","sg_content_type":"html","sg_machine_open":false}"#
            .to_owned(),
        8 => r#","event":"click","ip":"198.51.100.4","useragent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)","url":"https://www.example.com/account?utm_source=mail&x=<y>","url_offset":{"index":2,"type":"html"}}"#
            .to_owned(),
        _ => format!(
            r#","event":"bounce","smtp-id":"<{id}@geopod-ismtpd-1>","ip":"192.0.2.17","type":"bounce","status":"5.1.1","reason":"550 5.1.1 <reader.{tag:08x}@example.com>: Recipient address rejected: User unknown","bounce_classification":"Invalid Address","tls":1}}"#
        ),
    };
    json.push_str(&details);
    json
}

/// As long as real ones: base64 of the kind, the account and the message.
fn event_id(number: u32, id: &str) -> String {
    let mut text = String::new();
    for byte in id.bytes() {
        // Writing to a `String` cannot fail.
        let _infallible = write!(text, "{byte:02X}");
    }
    format!("{number:08}{text}0w")
}
