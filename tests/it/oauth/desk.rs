//! Where tokens are asked for: every way of asking wrongly, and what the answers do not tell.

use super::client::{Client, form, granted};
use super::{Stage, refusal};
use crate::harness::{Options, World, target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BASIC: &str = "Basic realm=\"sendstate\"";

/// Ingests that hardly ever look at the list unless they have to; often enough for a first look that failed.
fn seldom(ingests: usize) -> Options {
    Options::new(ingests, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "20s")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_wrongly_is_told_how_and_gets_no_token() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let Client { id, secret } = &stage.client;
    let whole = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let basic = |text: &str| form("grant_type=client_credentials").header("Authorization", text);
    let pair = |pair: &str| format!("Basic {}", BASE64.encode(pair));
    let request = (400, "invalid_request", "");
    let client = (401, "invalid_client", BASIC);
    for (what, post, expected) in [
        ("nothing", form(""), request),
        ("no grant type", form(&format!("client_id={id}&client_secret={secret}")), request),
        ("twice the same", form(&format!("{whole}&client_id={id}")), request),
        ("twice anything", form(&format!("{whole}&a=1&a=1")), request),
        ("half an escape", form(&format!("{whole}&a=%4")), request),
        ("both ways", form(&whole).header("Authorization", &stage.client.basic()), request),
        ("two headers", basic(&stage.client.basic()).header("Authorization", &stage.client.basic()), request),
        ("JSON", form(&whole).without("Content-Type").header("Content-Type", "application/json"), request),
        (
            "another grant",
            form(&whole.replace("client_credentials", "password")),
            (400, "unsupported_grant_type", ""),
        ),
        ("no credentials", form("grant_type=client_credentials"), client),
        ("no secret", form(&format!("grant_type=client_credentials&client_id={id}")), client),
        ("no base64", basic("Basic !"), client),
        ("no colon", basic(&pair(id)), client),
        ("another scheme", basic(&format!("Bearer {secret}")), client),
        ("an unknown client", form(&whole.replace(id.as_str(), "oaid_0")), client),
        ("a wrong secret", form(&format!("{whole}x")), client),
        ("a wrong secret in the header", basic(&pair(&format!("{id}:{secret}x"))), client),
        (
            "the hash of nobody",
            form(&format!("grant_type=client_credentials&client_id={id}x&client_secret=x")),
            client,
        ),
    ] {
        let (status, code, challenge) = refusal(post.to(&stage.desk(1)).await);
        assert_eq!((status, code.as_str(), challenge.as_str()), expected, "{what}");
    }
    for good in [whole.clone(), format!("scope=events&{whole}&"), whole.replace("oaid_", "o%61id%5F")] {
        granted(form(&good).to(&stage.desk(1)).await);
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_and_a_wrong_secret_are_answered_alike_after_the_same_look() {
    let mut stage = Stage::set(seldom(1)).await;
    stage.token(1).await;
    let mut said = Vec::new();
    for client in [
        Client { id: "oaid_0".to_owned(), ..stage.client.clone() },
        Client { secret: "oasec_0".to_owned(), ..stage.client.clone() },
    ] {
        let looks = "sendstate_ingest_source_refreshes_total{outcome=\"unchanged\"}";
        let before = stage.world.metric("ingest-1", looks).await;
        let answer = client.ask(&stage.desk(1)).await.unwrap();
        assert!(stage.world.metric("ingest-1", looks).await > before, "no look at the list");
        let mut headers = answer.headers.clone();
        headers.remove("date");
        said.push((answer.status, headers, answer.body));
    }
    assert_eq!(said[0], said[1]);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_and_a_secret_are_known_to_their_first_request() {
    let stage = Stage::set(seldom(2)).await;
    stage.token(1).await;
    let sender = &stage.sender;
    let late = stage.world.source("late", &["--public-key", &sender.public_key()]).await;
    let late = stage.world.cli_json(&["source", "oauth", late["name"].as_str().unwrap(), "on"]).await;
    Client::of(&late).token(&stage.desk(1)).await;
    // A token for a secret that the other ingest has not heard of.
    let before = stage.token(2).await;
    assert_eq!(stage.post(&before, 2).await.unwrap().status, 204);
    let rotated = stage.world.cli_json(&["source", "oauth", "main", "rotate"]).await;
    let token = Client::of(&rotated).token(&stage.desk(1)).await;
    assert_eq!(stage.post(&token, 2).await.unwrap().status, 204);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_asked_for_by_post_with_a_small_body_that_arrives() {
    let options = Options::new(1, 1, 0).set("ingest", "SENDSTATE_INGEST_BODY_TIMEOUT", "1s");
    let stage = Stage::set(options).await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = form("").method(method.clone()).to(&stage.desk(1)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"), "{method}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let whole = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&padding=",
        stage.client.id, stage.client.secret
    );
    let padded = |bytes: usize| format!("{whole}{}", "x".repeat(bytes - whole.len()));
    for post in [form(&padded(8_192)), form(&padded(8_192)).chunked(1_000)] {
        granted(post.to(&stage.desk(1)).await);
    }
    for post in [form(&padded(8_193)), form(&padded(8_193)).chunked(1_000)] {
        let (status, code, _) = refusal(post.to(&stage.desk(1)).await);
        assert_eq!((status, code.as_str()), (413, "invalid_request"));
    }
    let mut stream = TcpStream::connect(target(&stage.desk(1)).0).await.unwrap();
    stream.write_all(form("").head(&stage.desk(1), 10).as_bytes()).await.unwrap();
    let mut heard = vec![0; 12];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, b"HTTP/1.1 408");
    drop(stream);
    let mut world = stage.world;
    for (outcome, count) in [("granted", 2.0), ("invalid_request", 7.0), ("invalid_client", 0.0)] {
        let series = format!("sendstate_ingest_token_requests_total{{outcome=\"{outcome}\"}}");
        assert_eq!(world.metric("ingest-1", &series).await, count, "{outcome}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_key_and_nobody_asks_for_tokens_there_is_nothing() {
    let mut world = World::start(Options::new(1, 1, 0).not_started()).await;
    world.program("ingest-1").unset("SENDSTATE_OAUTH_KEY");
    world.start_process("ingest-1").await;
    let desk = format!("{}/oauth/token", world.ingest_url(1));
    let (status, code, _) = refusal(form("grant_type=client_credentials").to(&desk).await);
    assert_eq!((status, code.as_str()), (404, "not_found"));
    world.finish().await;
}
