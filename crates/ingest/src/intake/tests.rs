use super::*;
use crate::oauth::TokensCondition;
use crate::sources::Origin;
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use queue::PublisherLimits;
use service::health::Health;
use service::http::{self, Limits};
use std::time::Duration;
use store::source::{ListedKey, ListedSource};
use store::{Pool, PoolSettings, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningKey};

const BODY: &[u8] = b"[{\"event\":\"processed\"}]\r\n";
const SIGNED_AT: i64 = 1_700_000_000;

fn source(signed: bool, keys: &[&SigningKey]) -> Source {
    let keys: Vec<_> = keys.iter().map(|key| (*key, None)).collect();
    source_until(signed, &keys)
}

/// A source with keys that have an end.
fn source_until(signed: bool, keys: &[(&SigningKey, Option<Timestamp>)]) -> Source {
    let listed = |(key, retires_at): &(&SigningKey, _)| ListedKey {
        spki: key.public_key().to_spki_der(),
        retires_at: *retires_at,
    };
    let keys = keys.iter().map(listed).collect();
    Source::new(ListedSource { id: 1, path: "main".to_owned(), max_age_s: 600, signed, keys, oauth: None })
}

fn credentials(key: &SigningKey) -> Credentials {
    let timestamp = SIGNED_AT.to_string();
    let signature = key.sign(timestamp.as_bytes(), BODY);
    let mut headers = HeaderMap::new();
    headers.insert(HEADER_SIGNATURE, HeaderValue::from_str(&signature).unwrap());
    headers.insert(HEADER_TIMESTAMP, HeaderValue::from_str(&timestamp).unwrap());
    request::credentials(&headers).unwrap()
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(SIGNED_AT + seconds).unwrap()
}

#[test]
fn any_key_of_the_source_may_have_signed_and_no_other() {
    let (old, new, stranger) = (SigningKey::generate(), SigningKey::generate(), SigningKey::generate());
    let source = source(true, &[&old, &new]);
    for key in [&old, &new] {
        assert_eq!(verify(&source, Some(&credentials(key)), BODY, after(1)), Ok(()));
    }
    let forged = verify(&source, Some(&credentials(&stranger)), BODY, after(1));
    assert_eq!(forged, Err(Refusal::InvalidSignature));
}

#[test]
fn a_key_verifies_nothing_from_its_end_on_whatever_the_list_still_says() {
    let (old, new) = (SigningKey::generate(), SigningKey::generate());
    let source = source_until(true, &[(&old, Some(after(10))), (&new, None)]);
    let verified = |key, second| verify(&source, Some(&credentials(key)), BODY, after(second));
    assert_eq!(verified(&old, 9), Ok(()));
    assert_eq!(verified(&old, 10), Err(Refusal::InvalidSignature));
    assert_eq!((verified(&new, 9), verified(&new, 10)), (Ok(()), Ok(())));
    let alone = source_until(true, &[(&old, Some(after(10)))]);
    let ended = verify(&alone, Some(&credentials(&old)), BODY, after(10));
    assert_eq!(ended, Err(Refusal::InvalidSignature), "and never makes its source an unsigned one");
}

#[test]
fn a_changed_byte_is_an_invalid_signature() {
    let key = SigningKey::generate();
    let (source, credentials) = (source(true, &[&key]), credentials(&key));
    for changed in [&BODY[..BODY.len() - 2], b"", b"[{\"event\":\"processed\"}]\n\r"] {
        assert_eq!(verify(&source, Some(&credentials), changed, after(1)), Err(Refusal::InvalidSignature));
    }
}

#[test]
fn only_a_right_signature_can_be_expired() {
    let (key, stranger) = (SigningKey::generate(), SigningKey::generate());
    let source = source(true, &[&key]);
    for late in [601, -301] {
        assert_eq!(verify(&source, Some(&credentials(&key)), BODY, after(late)), Err(Refusal::Expired));
        let forged = verify(&source, Some(&credentials(&stranger)), BODY, after(late));
        assert_eq!(forged, Err(Refusal::InvalidSignature));
    }
}

#[test]
fn missing_credentials_or_keys_never_mean_unsigned() {
    let key = SigningKey::generate();
    assert_eq!(verify(&source(true, &[&key]), None, BODY, after(1)), Err(Refusal::MissingSignature));
    let keyless = verify(&source(true, &[]), Some(&credentials(&key)), BODY, after(1));
    assert_eq!(keyless, Err(Refusal::InvalidSignature));
    assert_eq!(verify(&source(false, &[]), None, BODY, after(1)), Ok(()));
}

#[test]
fn whatever_the_publisher_fails_with_leaves_the_batch_with_the_sender() {
    for error in PublishError::ALL {
        let status = refusal(error).status();
        assert!(!status.is_success(), "{error:?}");
        assert_eq!(status.is_server_error(), error != PublishError::TooLarge, "{error:?}");
    }
}

/// Sends one request to an intake whose broker and database are away and whose list came from a snapshot with the
/// signed source `main`; returns status line and headers and body.
async fn ask(name: &str, request: &str) -> String {
    let path = std::env::temp_dir().join(format!("sendstate-intake-{}-{name}.json", std::process::id()));
    crate::sources::keep_for_test(&path, &source(true, &[&SigningKey::generate()]));
    let url = "postgres://nobody@127.0.0.1:9/none".to_owned().into();
    let (health, stop) = (Health::new(), CancellationToken::new());
    let authority = Authority::new(None, Duration::from_secs(60));
    let (sources, refresher) = Sources::new(Origin {
        pool: Pool::new(&url, Role::Ingest, &PoolSettings::default()).unwrap(),
        snapshot: Some(path.clone()),
        every: Duration::from_secs(3_600),
        condition: health.condition("sources"),
        tokens: TokensCondition::new(health.condition("oauth"), authority.clone()),
    });
    tokio::spawn(refresher.run(stop.clone()));
    let queue = queue::Settings::new("amqp://nobody:none@127.0.0.1:9", "none").unwrap();
    let publisher = Publisher::start(queue, PublisherLimits::default(), stop.clone());
    let bounds = Bounds {
        body_max: 1_000,
        body_timeout: Duration::from_secs(10),
        confirm_timeout: Duration::from_secs(1),
        requests: 1,
        bytes: 1_000,
    };
    let intake = Intake::new(sources, publisher, bounds, authority);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = move |request| intake.clone().answer(request);
    let serving = tokio::spawn(http::serve(listener, Limits::default(), handler, stop.clone()));

    let asking = async {
        while !health.report().ready {
            tokio::task::yield_now().await;
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(Duration::from_secs(20), asking).await.unwrap();
    stop.cancel();
    assert_eq!(serving.await.unwrap().left, 0);
    std::fs::remove_file(path).unwrap();
    answer
}

#[tokio::test]
async fn while_the_broker_is_away_503_comes_before_everything_but_404_and_405() {
    for (name, head, expected) in [
        ("elsewhere", "POST /webhooks/other HTTP/1.1", "404 Not Found"),
        ("unknown", "POST /webhooks/sendgrid/unknown HTTP/1.1", "404 Not Found"),
        ("get", "GET /webhooks/sendgrid/main HTTP/1.1", "405 Method Not Allowed"),
        ("unsigned", "POST /webhooks/sendgrid/main HTTP/1.1", "503 Service Unavailable"),
        ("large", "POST /webhooks/sendgrid/main HTTP/1.1\r\ncontent-length: 1001", "503 Service Unavailable"),
    ] {
        let answer = ask(name, &format!("{head}\r\nhost: x\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}\r\n")), "{name}: {answer}");
        let refused =
            answer.contains("retry-after: 5\r\n") && answer.contains("\"error\":\"broker_unavailable\"");
        assert_eq!(refused, expected.starts_with("503"), "{name}: {answer}");
    }
}
