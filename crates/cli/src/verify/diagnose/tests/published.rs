//! SendGrid's published requests, the negatives of its libraries, and mistakes made to the published ones.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    expected: String,
    public_key: String,
    signature: String,
    timestamp: String,
    body_base64: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../../wire/testdata/vectors.json")).unwrap()
}

impl Vector {
    fn saved(&self) -> Saved {
        let headers = [(HEADER_TIMESTAMP, &self.timestamp), (HEADER_SIGNATURE, &self.signature)];
        Saved {
            headers: headers.map(|(name, value)| (name.to_owned(), value.clone())).to_vec(),
            body: BASE64_STANDARD.decode(&self.body_base64).unwrap(),
        }
    }

    fn known(&self) -> Option<Known> {
        PublicKey::parse(&self.public_key).ok().map(|key| Known { key, stored: None, mistake: None })
    }
}

#[test]
fn every_published_request_verifies_or_is_explained_as_far_as_it_can_be() {
    for vector in vectors() {
        let Some(known) = vector.known() else {
            assert_eq!(vector.expected, "key_error", "{}", vector.name);
            continue;
        };
        let saved = vector.saved();
        let diagnosis = diagnose(&saved, &[known]);
        let mistakes = diagnosis.found.as_ref().map(|found| found.mistakes.as_slice());
        let expected: Result<&[Mistake], &[Hint]> = match vector.name.as_str() {
            "body_without_trailing_crlf" => Ok(&[M::EndTrimmed]),
            "body_lf_instead_of_crlf" => Ok(&[M::LineFeedsOnly]),
            "raw_p1363_signature" => Ok(&[M::SignatureRaw]),
            "whitespace_inside_signature" => Ok(&[M::SignatureSpaced]),
            "body_is_word_payload" => Err(&[Hint::NotJson]),
            "timestamp_is_word_timestamp" | "signature_with_trailing_garbage" | "signature_not_base64" => {
                Err(&[Hint::HeadersUnreadable])
            }
            "empty_timestamp" => Err(&[Hint::TimestampMissing]),
            "signature_empty" => Err(&[Hint::SignatureMissing]),
            _ if vector.expected == "valid" => Ok(&[]),
            _ => Err(&[Hint::OtherKeyLikely]),
        };
        assert_eq!(
            mistakes.ok_or(hints(&saved, &diagnosis, Token::NotAsked).as_slice()),
            expected,
            "{}",
            vector.name
        );
    }
}

#[test]
fn mistakes_made_to_published_requests_are_told() {
    for name in ["official_single", "official_multi"] {
        let vector = vectors().into_iter().find(|vector| vector.name == name).unwrap();
        let known = [vector.known().unwrap()];
        let with = |damage: &dyn Fn(&[u8]) -> Vec<u8>| {
            let saved = vector.saved();
            told(&Saved { body: damage(&saved.body), ..saved }, &known)
        };
        let several = name == "official_multi";
        let compact = with(&|body| rewritten(body, Json::default()));
        assert_eq!(compact, Some(vec![if several { M::JsonCompact } else { M::EndTrimmed }]), "{name}");
        let spaced = with(&|body| rewritten(body, Json { spaced: true, ..Json::default() }));
        assert_eq!(spaced, Some(vec![M::JsonSpaced]), "{name}");
        let backwards = with(&|body| reversed(body, ",\r\n", "\r\n"));
        assert_eq!(backwards, Some(vec![M::KeysReordered]), "{name}");
        assert_eq!(with(&gzip), Some(vec![M::Gzip]), "{name}");
        assert_eq!(with(&|body| BASE64_STANDARD.encode(body).into()), Some(vec![M::Base64Body]), "{name}");
    }
}
