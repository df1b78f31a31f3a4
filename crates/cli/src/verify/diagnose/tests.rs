//! Each mistake is made by code of its own, on a really signed request, and has to be named exactly.

mod damaged;
mod published;

use super::super::hint::{Hint, hints};
use super::super::token::Token;
use super::*;
use Mistake as M;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use damaged::{Json, chunked, form, gzip, latin_1, misread, reversed, rewritten, utf_16, zlib};
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningKey};

const AT: &str = "1700000000";

/// As SendGrid writes: keys in alphabetical order, letters beyond ASCII, markup and slashes as they are.
const BODY: &str = "[{\"category\":[\"a\",\"b\"],\"email\":\"zoë@example.com\",\"event\":\"processed\",\"pool\":{\"id\":210,\"name\":\"x\"},\
\"reason\":\"550 “no” – gone\",\"smtp-id\":\"<a@b>\",\"timestamp\":1699999990},\r\n{\"email\":\"zoë@example.com\",\"event\":\"click\",\
\"timestamp\":1699999995,\"url\":\"https://example.com/?a=1&b=2\",\"url_offset\":{\"index\":0,\"type\":\"html\"}}]\r\n";

/// As SendGrid's test: keys in the order of the reference, markup escaped.
const TEST: &str = "[{\"email\":\"example@test.com\",\"timestamp\":1700000000,\"smtp-id\":\"\\u003cx@y\\u003e\",\"event\":\"processed\",\"category\":[\"cat facts\"]},\r\n\
{\"email\":\"example@test.com\",\"timestamp\":1700000000,\"smtp-id\":\"\\u003cx@y\\u003e\",\"event\":\"deferred\",\"attempt\":\"5\"}]\r\n";

fn signed(key: &SigningKey, body: impl Into<Vec<u8>>) -> Saved {
    let body = body.into();
    let signature = key.sign(AT.as_bytes(), &body);
    let headers =
        [("Content-Type", "application/json"), (HEADER_TIMESTAMP, AT), (HEADER_SIGNATURE, &signature)];
    Saved { headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), body }
}

fn known(key: &SigningKey, mistake: Option<Mistake>) -> Known {
    Known { key: key.public_key(), stored: None, mistake }
}

fn told(saved: &Saved, known: &[Known]) -> Option<Vec<Mistake>> {
    diagnose(saved, known).found.map(|found| found.mistakes)
}

/// Signs `body`, damages it, and looks what is found.
#[track_caller]
fn body_is_told(body: &[u8], damage: impl Fn(&[u8]) -> Vec<u8>, expected: &[Mistake]) {
    let key = SigningKey::generate();
    let mut saved = signed(&key, body);
    assert_eq!(told(&saved, &[known(&key, None)]), Some(Vec::new()));
    saved.body = damage(&saved.body);
    assert_eq!(told(&saved, &[known(&key, None)]).as_deref(), Some(expected));
    let stranger = known(&SigningKey::generate(), None);
    assert_eq!(told(&saved, &[stranger]), None, "nothing makes a stranger's signature right");
}

/// Signs [`BODY`], changes the value of one header, and looks what is found.
#[track_caller]
fn header_is_told(name: &str, damage: impl Fn(&str) -> String, expected: &[Mistake]) {
    // Signatures differ in which characters they have; several see to it that each comes up.
    for _ in 0..8 {
        let key = SigningKey::generate();
        let mut saved = signed(&key, BODY);
        let value =
            saved.headers.iter_mut().find(|(header, _)| header == name).map(|(_, value)| value).unwrap();
        let damaged = damage(value);
        let touched = damaged != *value;
        *value = damaged;
        let expected = if touched { expected } else { &[] };
        assert_eq!(told(&saved, &[known(&key, None)]).as_deref(), Some(expected), "{saved:?}");
    }
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}

#[test]
fn changed_line_breaks_are_told() {
    let body = BODY.as_bytes();
    body_is_told(body, |body| body.trim_ascii_end().to_vec(), &[M::EndTrimmed]);
    body_is_told(body, |body| [body, b"\n"].concat(), &[M::EndAdded]);
    body_is_told(body, |body| [body, b"\r\n\r\n"].concat(), &[M::EndAdded]);
    body_is_told(body, |body| text(body).replace("\r\n", "\n").into(), &[M::LineFeedsOnly]);
    let unix = BODY.replace("\r\n", "\n");
    body_is_told(unix.as_bytes(), |body| text(body).replace('\n', "\r\n").into(), &[M::CarriageReturnsAdded]);
    let escaped = |body: &[u8]| text(body).replace("\r\n", "\\r\\n").into_bytes();
    body_is_told(body, escaped, &[M::LineBreaksEscaped]);
    let endless = BODY.trim_end();
    body_is_told(endless.as_bytes(), |body| [body, b"\n"].concat(), &[M::EndAdded]);
}

#[test]
fn json_written_again_is_told() {
    let body = BODY.as_bytes();
    let plain = Json::default();
    for (json, expected) in [
        (plain, &[M::JsonCompact][..]),
        (Json { spaced: true, ..plain }, &[M::JsonSpaced]),
        (Json { non_ascii: true, ..plain }, &[M::JsonCompact, M::NonAsciiEscaped]),
        (Json { spaced: true, non_ascii: true, ..plain }, &[M::JsonSpaced, M::NonAsciiEscaped]),
        (Json { slashes: true, ..plain }, &[M::JsonCompact, M::SlashesEscaped]),
        (
            Json { slashes: true, non_ascii: true, ..plain },
            &[M::JsonCompact, M::NonAsciiEscaped, M::SlashesEscaped],
        ),
        (Json { markup: true, ..plain }, &[M::JsonCompact, M::MarkupEscaped]),
        (Json { markup: true, lines: true, ..plain }, &[M::MarkupEscaped]),
        (Json { slashes: true, lines: true, ..plain }, &[M::SlashesEscaped]),
        (Json { non_ascii: true, lines: true, ..plain }, &[M::NonAsciiEscaped]),
    ] {
        body_is_told(body, |body| rewritten(body, json), expected);
    }
    let indented = |body: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(body).unwrap();
        serde_json::to_vec_pretty(&value).unwrap()
    };
    body_is_told(body, indented, &[M::JsonIndented]);
    body_is_told(body, |body| text(body).replace(",\"", ",\t\"").into(), &[M::JsonLayout]);
}

#[test]
fn keys_in_another_order_and_unescaped_text_are_told() {
    body_is_told(BODY.as_bytes(), |body| reversed(body, ",\r\n", "\r\n"), &[M::KeysReordered]);
    body_is_told(BODY.as_bytes(), |body| reversed(body, ",", ""), &[M::JsonCompact, M::KeysReordered]);
    let lines = Json { lines: true, markup: true, ..Json::default() };
    body_is_told(TEST.as_bytes(), |body| rewritten(body, lines), &[M::KeysSorted]);
    let unmarked = |body: &[u8]| text(body).replace("\\u003c", "<").replace("\\u003e", ">").into_bytes();
    body_is_told(TEST.as_bytes(), unmarked, &[M::MarkupUnescaped]);
    let all = |body: &[u8]| rewritten(body, Json::default());
    body_is_told(TEST.as_bytes(), all, &[M::JsonCompact, M::KeysSorted, M::MarkupUnescaped]);
    let escaped = rewritten(BODY.as_bytes(), Json { lines: true, non_ascii: true, ..Json::default() });
    let back = |body: &[u8]| rewritten(body, Json { lines: true, ..Json::default() });
    body_is_told(&escaped, back, &[M::NonAsciiUnescaped]);
    let escaped = rewritten(BODY.as_bytes(), Json { lines: true, slashes: true, ..Json::default() });
    body_is_told(&escaped, back, &[M::SlashesUnescaped]);
    let odd = BODY.replace("“no”", "\\t");
    body_is_told(odd.as_bytes(), |body| text(body).replace("\\t", "\\u0009").into(), &[M::EscapesRewritten]);
}

#[test]
fn text_in_another_encoding_is_told() {
    let body = BODY.as_bytes();
    body_is_told(body, |body| [b"\xEF\xBB\xBF", body].concat(), &[M::ByteOrderMark]);
    body_is_told(body, |body| utf_16(text(body), u16::to_le_bytes), &[M::Utf16]);
    body_is_told(body, |body| utf_16(text(body), u16::to_be_bytes), &[M::Utf16]);
    body_is_told(body, |body| misread(body, latin_1), &[M::DoubleEncoded]);
    body_is_told(body, |body| misread(&misread(body, latin_1), latin_1), &[M::DoubleEncoded; 2]);
    let narrow = BODY.replace(['“', '”', '–'], "é");
    let encode =
        |body: &[u8]| text(body).chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    body_is_told(narrow.as_bytes(), encode, &[M::NarrowEncoded]);
}

#[test]
fn windows_1252_is_told_like_latin_1() {
    // ë is C3 AB, “ is E2 80 9C, – is E2 80 93; each byte as Windows-1252 shows it.
    let shown = [("ë", "Ã«"), ("“", "â€œ"), ("–", "â€\u{201c}"), ("”", "â€\u{9d}")];
    let damage = |body: &[u8]| {
        shown
            .iter()
            .fold(text(body).to_owned(), |text, (letter, bytes)| text.replace(letter, bytes))
            .into_bytes()
    };
    body_is_told(BODY.as_bytes(), damage, &[M::DoubleEncoded]);
    let bytes = [("ë", 0xEB), ("“", 0x93), ("–", 0x96), ("”", 0x94)];
    let damage = |body: &[u8]| {
        let byte =
            |letter: char| bytes.iter().find(|(one, _)| one.chars().eq([letter])).map(|(_, byte)| *byte);
        text(body)
            .chars()
            .map(|letter| byte(letter).unwrap_or_else(|| u8::try_from(letter).unwrap()))
            .collect()
    };
    body_is_told(BODY.as_bytes(), damage, &[M::NarrowEncoded]);
}

#[test]
fn packed_bodies_are_told() {
    let body = BODY.as_bytes();
    body_is_told(body, |body| BASE64_STANDARD.encode(body).into(), &[M::Base64Body]);
    body_is_told(body, |body| BASE64_URL_SAFE_NO_PAD.encode(body).into(), &[M::Base64Body]);
    body_is_told(body, |body| serde_json::to_vec(text(body)).unwrap(), &[M::JsonString]);
    body_is_told(body, |body| form("", body), &[M::FormEncoded]);
    body_is_told(body, |body| [form("", body), b"=".to_vec()].concat(), &[M::FormEncoded]);
    body_is_told(body, |body| form("payload=", body), &[M::FormEncoded]);
    body_is_told(body, gzip, &[M::Gzip]);
    body_is_told(body, zlib, &[M::Deflate]);
    body_is_told(body, |body| miniz_oxide::deflate::compress_to_vec(body, 6), &[M::Deflate]);
    body_is_told(body, |body| chunked(body, 100), &[M::ChunkFraming]);
}

#[test]
fn several_mistakes_together_are_told_in_the_order_of_undoing_them() {
    let body = BODY.as_bytes();
    let trimmed = |body: &[u8]| text(body).replace("\r\n", "\n").trim_end().as_bytes().to_vec();
    body_is_told(body, trimmed, &[M::LineFeedsOnly, M::EndTrimmed]);
    body_is_told(body, |body| [body.trim_ascii_end(), b"\n"].concat(), &[M::EndTrimmed, M::EndAdded]);
    body_is_told(
        body,
        |body| BASE64_STANDARD.encode(trimmed(body)).into(),
        &[M::Base64Body, M::LineFeedsOnly, M::EndTrimmed],
    );
    body_is_told(body, |body| BASE64_STANDARD.encode(gzip(body)).into(), &[M::Base64Body, M::Gzip]);
    body_is_told(
        body,
        |body| chunked(&gzip(&rewritten(body, Json::default())), 64),
        &[M::ChunkFraming, M::Gzip, M::JsonCompact],
    );
    body_is_told(
        body,
        |body| [b"\xEF\xBB\xBF", trimmed(body).as_slice()].concat(),
        &[M::ByteOrderMark, M::LineFeedsOnly, M::EndTrimmed],
    );
    body_is_told(
        body,
        |body| misread(&rewritten(body, Json { spaced: true, ..Json::default() }), latin_1),
        &[M::DoubleEncoded, M::JsonSpaced],
    );
}

#[test]
fn changed_timestamps_are_told() {
    let name = HEADER_TIMESTAMP;
    header_is_told(name, |at| format!("{at} "), &[M::TimestampSpaced]);
    header_is_told(name, |at| at.replace("1700", "1700\u{a0}"), &[M::TimestampSpaced]);
    header_is_told(name, |at| format!("\"{at}\""), &[M::TimestampQuoted]);
    header_is_told(name, |at| format!("'{at}'"), &[M::TimestampQuoted]);
    header_is_told(name, |at| format!("{at}%20"), &[M::TimestampEncoded, M::TimestampSpaced]);
    header_is_told(name, |at| format!("{at}000"), &[M::TimestampMilliseconds]);
    header_is_told(name, |at| format!("{at}.0"), &[M::TimestampFraction]);
    header_is_told(
        name,
        |at| format!("\"{at}123.5\""),
        &[M::TimestampQuoted, M::TimestampFraction, M::TimestampMilliseconds],
    );
}

#[test]
fn changed_signatures_are_told() {
    let name = HEADER_SIGNATURE;
    let der = |signature: &str| BASE64_STANDARD.decode(signature).unwrap();
    header_is_told(name, |text| format!(" {text}\t"), &[M::SignatureSpaced]);
    header_is_told(
        name,
        |text| {
            text.as_bytes()
                .chunks(40)
                .map(|part| str::from_utf8(part).unwrap())
                .collect::<Vec<_>>()
                .join("\n ")
        },
        &[M::SignatureSpaced],
    );
    header_is_told(name, |text| format!("\"{text}\""), &[M::SignatureQuoted]);
    header_is_told(name, |text| text.replace('+', " "), &[M::SignaturePlusLost]);
    header_is_told(
        name,
        |text| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        &[M::SignatureEncoded],
    );
    header_is_told(name, |text| text.trim_end_matches('=').to_owned(), &[M::SignatureUnpadded]);
    header_is_told(name, |text| BASE64_URL_SAFE.encode(der(text)), &[M::SignatureBase64Url]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    header_is_told(name, |text| hex(&der(text)), &[M::SignatureHex]);
    header_is_told(name, |text| format!("0x{}", hex(&der(text)).to_uppercase()), &[M::SignatureHex]);
    header_is_told(name, |text| BASE64_STANDARD.encode(damaged::raw(&der(text))), &[M::SignatureRaw]);
    header_is_told(name, |text| hex(&damaged::raw(&der(text))), &[M::SignatureHex, M::SignatureRaw]);
}

#[test]
fn unpadded_base64url_is_both() {
    for _ in 0..64 {
        let key = SigningKey::generate();
        let mut saved = signed(&key, BODY);
        let signature = &mut saved.headers[2].1;
        let der = BASE64_STANDARD.decode(&*signature).unwrap();
        let url = BASE64_URL_SAFE_NO_PAD.encode(&der);
        let mut expected = Vec::new();
        expected.extend(url.contains(['-', '_']).then_some(M::SignatureBase64Url));
        expected.extend(signature.ends_with('=').then_some(M::SignatureUnpadded));
        *signature = url;
        assert_eq!(told(&saved, &[known(&key, None)]), Some(expected));
    }
}

#[test]
fn headers_under_other_names_swapped_and_doubled_are_told() {
    let key = SigningKey::generate();
    let sent = signed(&key, BODY);
    let with = |change: &dyn Fn(&mut Saved)| {
        let mut saved = sent.clone();
        change(&mut saved);
        told(&saved, &[known(&key, None)])
    };
    let rename = |saved: &mut Saved| {
        saved
            .headers
            .iter_mut()
            .for_each(|(name, _)| *name = format!("HTTP_{}", name.to_uppercase().replace('-', "_")));
    };
    assert_eq!(with(&rename), Some(vec![M::HeadersRenamed]));
    let shout =
        |saved: &mut Saved| saved.headers.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
    assert_eq!(with(&shout), Some(vec![]), "names of headers have no case");
    let swap = |saved: &mut Saved| {
        let (timestamp, signature) = (saved.headers[1].1.clone(), saved.headers[2].1.clone());
        (saved.headers[1].1, saved.headers[2].1) = (signature, timestamp);
    };
    assert_eq!(with(&swap), Some(vec![M::HeadersSwapped]));
    let double = |saved: &mut Saved| saved.headers.push(saved.headers[2].clone());
    assert_eq!(with(&double), Some(vec![M::HeaderDoubled]));
    let join = |saved: &mut Saved| saved.headers[1].1 = format!("1600000000, {AT}");
    assert_eq!(with(&join), Some(vec![M::HeaderDoubled]));
}

#[test]
fn a_second_value_counts_also_if_it_says_nothing() {
    let key = SigningKey::generate();
    let sent = signed(&key, BODY);
    let long = "x".repeat(2 * 1024);
    for position in [1, 2] {
        let right = sent.headers[position].1.as_str();
        let lines = [[right, ""], ["", right], [right, long.as_str()], [long.as_str(), right]];
        for values in lines {
            let mut saved = sent.clone();
            let (name, _) = saved.headers.remove(position);
            saved.headers.extend(values.map(|value| (name.clone(), value.to_owned())));
            assert_eq!(told(&saved, &[known(&key, None)]), Some(vec![M::HeaderDoubled]), "{values:?}");
            let mut joined = sent.clone();
            joined.headers[position].1 = values.join(", ");
            assert_eq!(told(&joined, &[known(&key, None)]), Some(vec![M::HeaderDoubled]), "{values:?}");
        }
    }
}

#[test]
fn whose_key_it_was_is_told() {
    let (right, other) = (SigningKey::generate(), SigningKey::generate());
    let (as_sent, trimmed) = (signed(&other, BODY), BODY.trim_end());
    for mistake in [M::OtherKeyOfSource, M::RetiredKey, M::OtherSource] {
        let keys = [known(&right, None), known(&other, Some(mistake))];
        assert_eq!(told(&as_sent, &keys), Some(vec![mistake]));
        let damaged = Saved { body: trimmed.into(), ..as_sent.clone() };
        assert_eq!(told(&damaged, &keys), Some(vec![M::EndTrimmed, mistake]));
    }
    let found = diagnose(&as_sent, &[known(&right, None), known(&other, None)]).found.unwrap();
    assert_eq!((found.key, found.mistakes.len()), (1, 0), "any of the right keys is right");
}

#[test]
fn a_right_signature_may_be_too_old_or_from_the_future() {
    let key = SigningKey::generate();
    let found = diagnose(&signed(&key, BODY), &[known(&key, None)]).found.unwrap();
    let at = |second| stale(&found, Timestamp::from_second(second).unwrap(), SignedDuration::from_mins(10));
    assert_eq!([at(1_700_000_000), at(1_700_000_600), at(1_699_999_700)], [None; 3]);
    assert_eq!([at(1_700_000_601), at(1_699_999_699)], [Some(M::Expired), Some(M::FromTheFuture)]);
}

#[test]
fn what_was_lost_is_said_to_be_lost() {
    let key = SigningKey::generate();
    let mut saved = signed(&key, b"[{\"reason\":\"Absender ung\xFCltig\"}]\r\n".as_slice());
    saved.body = String::from_utf8_lossy(&saved.body).into_owned().into_bytes();
    let diagnosis = diagnose(&saved, &[known(&key, None)]);
    assert_eq!(diagnosis.found, None);
    assert_eq!(hints(&saved, &diagnosis, Token::NotAsked), [Hint::LossyText]);
    saved.body =
        serde_json::to_vec(&serde_json::from_slice::<serde_json::Value>(&saved.body).unwrap()).unwrap();
    assert_eq!(hints(&saved, &diagnose(&saved, &[known(&key, None)]), Token::NotAsked), [Hint::LossyText]);
}

#[test]
fn what_is_missing_is_named() {
    let key = SigningKey::generate();
    let sent = signed(&key, BODY);
    let with = |change: &dyn Fn(&mut Saved)| {
        let mut saved = sent.clone();
        change(&mut saved);
        let diagnosis = diagnose(&saved, &[known(&key, None)]);
        assert_eq!(diagnosis.found, None);
        hints(&saved, &diagnosis, Token::NotAsked)
    };
    assert_eq!(with(&|saved| drop(saved.headers.remove(2))), [Hint::SignatureMissing]);
    assert_eq!(with(&|saved| drop(saved.headers.remove(1))), [Hint::TimestampMissing]);
    assert_eq!(with(&|saved| saved.headers.clear()), [Hint::SignatureMissing, Hint::TimestampMissing]);
    assert_eq!(with(&|saved| saved.headers[2].1.push_str("garbage")), [Hint::HeadersUnreadable]);
    let long = "x".repeat(2 * 1024);
    assert_eq!(with(&|saved| saved.headers[2].1.clone_from(&long)), [Hint::HeadersUnreadable]);
    assert_eq!(with(&|saved| saved.body.clear()), [Hint::EmptyBody]);
    assert_eq!(with(&|saved| saved.body.truncate(50)), [Hint::CutShort]);
    assert_eq!(with(&|saved| saved.body = b"payload".to_vec()), [Hint::NotJson]);
    assert_eq!(with(&|saved| saved.body = b"[{}]\r\n".to_vec()), [Hint::OtherKeyLikely]);
    let cut = |saved: &mut Saved| {
        saved.headers.push(("Content-Length".to_owned(), saved.body.len().to_string()));
        saved.body.truncate(50);
    };
    let announced = BODY.len();
    assert_eq!(with(&cut), [Hint::LengthDiffers { announced, found: 50 }, Hint::CutShort]);
    let stranger = diagnose(&sent, &[known(&SigningKey::generate(), None)]);
    assert_eq!(hints(&sent, &stranger, Token::Present), [Hint::OtherKeyLikely]);
    assert_eq!(hints(&sent, &stranger, Token::Missing), [Hint::TokenMissing, Hint::OtherKeyLikely]);
}

#[test]
fn work_is_bounded_and_says_so() {
    let key = SigningKey::generate();
    let stranger = known(&SigningKey::generate(), None);
    let many = vec![stranger; 2_000];
    let diagnosis = diagnose(&signed(&key, rewritten(BODY.as_bytes(), Json::default())), &many);
    assert_eq!((diagnosis.found.clone(), diagnosis.work.extent), (None, Extent::Bounded));
    assert!(diagnosis.work.verifications <= BOUNDS.verifications, "{diagnosis:?}");
    let one = diagnose(&signed(&key, BODY), &[known(&SigningKey::generate(), None)]);
    assert_eq!((one.found, one.work.extent), (None, Extent::Whole));
    assert!(one.work.verifications < 200, "{:?}", one.work);
}

#[test]
fn many_keys_and_readings_leave_room_for_what_happened_to_a_body_of_the_right_key() {
    let key = SigningKey::generate();
    let all = Json { lines: true, markup: true, non_ascii: true, slashes: true, ..Json::default() };
    let mut saved = signed(&key, rewritten(BODY.as_bytes(), all));
    // One of the last candidates.
    saved.body = rewritten(BODY.as_bytes(), Json::default());
    let strangers: [String; 3] = std::array::from_fn(|_| SigningKey::generate().sign(b"", b""));
    saved.headers[1].1 = format!("1600000000, 1600000001, 1600000002, {AT}");
    saved.headers[2].1 = format!("{}, {}", strangers.join(", "), saved.headers[2].1);
    assert_eq!(header::readings(&saved).len(), 16);
    let stranger = || SigningKey::generate();
    let mut keys = vec![known(&stranger(), None); 9];
    keys.push(known(&key, None));
    keys.extend(vec![known(&stranger(), Some(M::OtherSource)); 990]);
    let unescaped = [M::NonAsciiUnescaped, M::MarkupUnescaped, M::SlashesUnescaped];
    let expected = [&[M::JsonCompact], &unescaped[..], &[M::HeaderDoubled]].concat();
    assert_eq!(told(&saved, &keys), Some(expected));
}

#[test]
fn many_candidates_for_a_body_leave_room_for_other_keys() {
    let (right, other) = (SigningKey::generate(), SigningKey::generate());
    let saved = signed(&other, BODY);
    let right = known(&right, None);
    let all = diagnose(&saved, std::slice::from_ref(&right)).work;
    for bounds in [
        Bounds { verifications: all.verifications, ..BOUNDS },
        Bounds { hashed_bytes: all.hashed_bytes, ..BOUNDS },
    ] {
        let alone = within(bounds, &saved, std::slice::from_ref(&right)).work;
        assert_eq!(alone, all, "without other keys nothing is kept free");
        let found = within(bounds, &saved, &[right.clone(), known(&other, Some(M::OtherSource))]).found;
        assert_eq!(found.map(|found| found.mistakes), Some(vec![M::OtherSource]));
    }
}

#[test]
fn hostile_bodies_come_to_an_end() {
    let key = SigningKey::generate();
    let bomb = gzip(&vec![b' '; 32 * 1024 * 1024]);
    let deep = vec![b'['; 100_000];
    let nested = gzip(&gzip(&gzip(&gzip(b"[]"))));
    let bodies: [&[u8]; 9] =
        [b"", b"\r\n", b"%", b"%%%=", b"\"", b"ffffffffffffffffff\r\n", &bomb, &deep, &nested];
    for body in bodies {
        let mut saved = signed(&key, BODY);
        saved.body = body.to_vec();
        assert_eq!(told(&saved, &[known(&key, None)]), None);
    }
}
