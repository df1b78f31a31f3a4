//! What reading costs, of the largest bodies that ingest accepts by default, each made to cost as much as it can.
//!
//! A program of its own, because the allocator that counts is the whole program's; one test, so that nobody else
//! allocates meanwhile.

use jiff::Timestamp;
use peak_alloc::PeakAlloc;
use wire::sendgrid::{self, MAX_CATEGORIES, MAX_ELEMENTS, MAX_FIELDS, Reading};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const BODY_BYTES: usize = 5 << 20;
/// The worst is one long argument that is not UTF-8: three bytes for each of its bytes, and a text that outgrows its room
/// is for a moment there three times.
const HEAP_BYTES_MAX: usize = 20 * BODY_BYTES;
/// An event that wants only its closing brace.
const HEAD: &[u8] = br#"{"event":"bounce","email":"a","timestamp":1710334643"#;

/// `piece` between `start` and `end`, separated by commas: as often as it fits, at most `count` times.
fn list(start: &[u8], piece: &[u8], count: usize, end: &[u8]) -> Vec<u8> {
    let room = BODY_BYTES - start.len() - end.len();
    let count = count.min((room + 1) / (piece.len() + 1));
    [start, &vec![piece; count].join(&b','), end].concat()
}

/// An event with one member that fills the body with `piece`.
fn text(before: &[u8], piece: &[u8], after: &[u8]) -> Vec<u8> {
    let start = [b"[", HEAD, b",", before].concat();
    let end = [after, b"}]"].concat();
    let count = (BODY_BYTES - start.len() - end.len()) / piece.len();
    [&start, &piece.repeat(count)[..], &end].concat()
}

fn numerous() -> Vec<(&'static str, Vec<u8>, String)> {
    let texts = br#"{"event":"x","timestamp":1710334643,"ip":"a","url":"a","type":"a","email":"a","reason":"a","a":"a"}"#;
    let failure =
        br#"{"event":"bounce","timestamp":1710334643,"email":"a","reason":"a","status":"a","category":"a"}"#;
    let categories =
        |count: usize| [HEAD, b",\"category\":[", &vec![&b"\"a\""[..]; count].join(&b','), b"]}"].concat();
    let fields: String = (3..MAX_FIELDS).map(|number| format!(",\"{number:x}\":{{}}")).collect();
    let events = [
        ("smallest events", br#"{"event":"x","timestamp":1710334643}"#.to_vec()),
        ("events of many texts", texts.to_vec()),
        ("failures", failure.to_vec()),
        ("events of few categories", categories(9)),
        ("events of most categories", categories(MAX_CATEGORIES)),
        ("events of most fields", [HEAD, fields.as_bytes(), b"}"].concat()),
    ];
    let bodies = events.into_iter().map(|(name, event)| {
        let count = MAX_ELEMENTS.min((BODY_BYTES - 1) / (event.len() + 1));
        (name, list(b"[", &event, count, b"]"), format!("{count} events, 0 others"))
    });
    bodies.collect()
}

fn huge() -> Vec<(&'static str, Vec<u8>, String)> {
    let inside = |before: &[u8]| [b"[", HEAD, b",", before].concat();
    let half = BODY_BYTES / 2;
    let nested = [b"[".repeat(62), b"]".repeat(62)].concat();
    let bodies = vec![
        ("elements too many", list(b"[", b"1", usize::MAX, b"]"), "too_many_elements"),
        ("elements of nothing", list(b"[", b"", MAX_ELEMENTS, b"]"), "0 events, 50000 others"),
        ("fields too many", list(&inside(b""), b"\"\":1", usize::MAX, b"}]"), "0 events, 1 others"),
        ("categories too many", list(&inside(b"\"category\":["), b"\"a\"", usize::MAX, b"]}]"), ""),
        ("a reason of bytes that are not UTF-8", text(b"\"reason\":\"", b"\xff", b"\""), ""),
        ("a reason of escapes", text(b"\"reason\":\"", br"\u0000", b"\""), ""),
        ("a name that grows in lower case", text(b"\"event\":\"", "\u{130}".as_bytes(), b"\""), ""),
        ("an address of bytes that are not UTF-8", text(b"\"email\":\"", b"\xff", b"\""), ""),
        ("an argument of control characters", text(b"\"a\":\"", b"\x01", b"\""), ""),
        ("an argument of bytes that are not UTF-8", text(b"\"a\":\"", b"\xff", b"\""), ""),
        ("an argument of escapes", text(b"\"a\":\"", br"\ud800", b"\""), ""),
        ("an argument of a long name", text(b"\"", b"\x01", b"\":1"), ""),
        ("an argument of many texts", list(&inside(b"\"a\":["), b"\"\x01\"", usize::MAX, b"]}]"), ""),
        ("an argument of brackets", list(&inside(b"\"a\":["), &nested, usize::MAX, b"]}]"), ""),
        ("a number without end", text(b"\"a\":", b"9", b""), ""),
        ("a timestamp without end", text(b"\"timestamp\":\"", b"9", b"\""), "0 events, 1 others"),
        ("brackets", [b"[".repeat(half), b"]".repeat(half)].concat(), "0 events, 1 others"),
        ("brackets without end", b"[".repeat(BODY_BYTES), "not_json"),
        (
            "braces",
            [br#"{"a":"#.repeat(BODY_BYTES / 6), b"}".repeat(BODY_BYTES / 6)].concat(),
            "0 events, 1 others",
        ),
    ];
    let told = |told: &str| if told.is_empty() { "1 events, 0 others" } else { told }.to_owned();
    bodies.into_iter().map(|(name, body, reading)| (name, body, told(reading))).collect()
}

fn told(reading: &Reading<'_>) -> String {
    match reading {
        Reading::Elements(elements) => {
            let events = elements.iter().filter(|element| element.event.is_ok()).count();
            format!("{events} events, {} others", elements.len() - events)
        }
        Reading::Unreadable(unreadable) => unreadable.reason.as_str().to_owned(),
    }
}

#[test]
fn no_body_of_the_largest_size_costs_more_than_twenty_times_its_size() {
    let received_at = Timestamp::from_second(1_710_334_650).unwrap();
    for (name, body, expected) in numerous().into_iter().chain(huge()) {
        assert!(body.len() <= BODY_BYTES, "{name}: {} bytes", body.len());
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let reading = sendgrid::read(&body, received_at);
        let cost = HEAP.peak_usage() - before;
        println!("{name}: {:.1} MiB", cost as f64 / f64::from(1 << 20));
        // First, or a body that is no longer what it says would cost nothing.
        assert_eq!(told(&reading), expected, "{name}");
        assert!(cost <= HEAP_BYTES_MAX, "{name}: {cost} bytes");
    }
}
