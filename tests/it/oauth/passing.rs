//! What a token is good for, and what it is not.

use super::client::{Client, granted, made};
use super::{Stage, invalid, missing, refusal};
use crate::harness::{Mail, Options, Post, SIGNATURE, Sender, now_seconds, tally, target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_ingest_lets_requests_pass_at_another() {
    let stage = Stage::set(Options::new(2, 1, 0)).await;
    let mail = Mail::new();
    let asked = [stage.client.ask(&stage.desk(1)).await, stage.client.ask_by_header(&stage.desk(2)).await];
    for (token, ingest) in asked.map(granted).iter().zip([2, 1]) {
        let second = i64::try_from(ingest).unwrap();
        let post = stage.sender.batch(&[mail.event("open", second)]);
        let post = post.header("Authorization", &format!("Bearer {token}"));
        let batch = stage.world.batch(&post.to(&stage.url(ingest)).await.unwrap()).await;
        assert_eq!(tally(&batch), [1, 1, 0, 0, 0, 0]);
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_missing_made_up_cut_or_over_is_401() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let url = stage.url(1);
    let token = stage.token(1).await;
    for post in [
        stage.sender.post("[]"),
        stage.sender.post("[]").header("Authorization", &stage.client.basic()),
        stage.sender.post("[]").header("Authorization", "Bearer "),
        stage.sender.post("[]").header("Authorization", &token),
        stage
            .sender
            .post("[]")
            .header("Authorization", &format!("Bearer {token}"))
            .header("Authorization", &format!("Bearer {token}")),
    ] {
        assert_eq!(refusal(post.to(&url).await), missing(), "{post:?}");
    }
    let key = stage.world.oauth_key().to_owned();
    let other = stage.world.source("other", &["--public-key", &stage.sender.public_key(), "--oauth"]).await;
    let others = Client::of(&other).token(&stage.desk(1)).await;
    let (secret, now) = (stage.client.secret.as_str(), now_seconds());
    let strange_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (what, token) in [
        ("another source's", others),
        ("cut", token.get(..token.len() - 1).unwrap().to_owned()),
        ("longer", format!("{token}A")),
        ("of no algorithm", "eyJhbGciOiJub25lIn0.eyJleHAiOjQwMDAwMDAwMDB9.".to_owned()),
        // Ten minutes are room for a slow machine.
        ("over", made(&key, &stage.source, secret, now - 600)),
        ("of too long a life", made(&key, &stage.source, secret, now + 3_600 + 600)),
        ("of another key", made(strange_key, &stage.source, secret, now + 600)),
        ("of another secret", made(&key, &stage.source, "oasec_other", now + 600)),
    ] {
        assert_eq!(refusal(stage.post(&token, 1).await), invalid(), "{what}");
    }
    // The same, whole and in time: what is made outside of the product is what it is documented to be.
    for good in [token, made(&key, &stage.source, secret, now + 600)] {
        assert_eq!(stage.post(&good, 1).await.unwrap().status, 204);
    }
    let mut world = stage.world;
    for (reason, count) in
        [("other_source", 1.0), ("malformed", 3.0), ("expired", 1.0), ("ahead", 1.0), ("unknown", 2.0)]
    {
        let series = format!("sendstate_ingest_tokens_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(world.metric("ingest-1", &series).await, count, "{reason}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_the_answer_comes_before_a_byte_of_the_body_is_sent() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let post = stage.sender.post("[]");
    for post in [post.clone(), post.header("Authorization", "Bearer oat1_x")] {
        let mut stream = TcpStream::connect(target(&stage.url(1)).0).await.unwrap();
        stream.write_all(post.head(&stage.url(1), 2).as_bytes()).await.unwrap();
        let mut heard = vec![0; 12];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, b"HTTP/1.1 401");
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_not_take_the_place_of_the_signature() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let token = format!("Bearer {}", stage.token(1).await);
    let old = (now_seconds() - 86_400).to_string();
    for (post, status, code) in [
        (Post::unsigned("[]"), 401, "missing_signature"),
        (stage.sender.post("[]").without(SIGNATURE), 401, "missing_signature"),
        (Sender::new().post("[]"), 403, "invalid_signature"),
        (stage.sender.post("[]").body("[ ]"), 403, "invalid_signature"),
        (stage.sender.post_at(&old, "[]"), 403, "expired"),
    ] {
        let (found, why, challenge) = refusal(post.header("Authorization", &token).to(&stage.url(1)).await);
        assert_eq!((found, why.as_str(), challenge.as_str()), (status, code, ""));
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_source_may_ask_for_tokens_too() {
    let mut stage = Stage::set(Options::new(1, 1, 0)).await;
    stage.source = stage.world.source("plain", &["--unsigned", "--oauth"]).await;
    let token = Client::of(&stage.source).token(&stage.desk(1)).await;
    let post = Post::unsigned("[]");
    assert_eq!(refusal(post.to(&stage.url(1)).await), missing());
    let passed = post.header("Authorization", &format!("Bearer {token}")).to(&stage.url(1)).await;
    assert_eq!(passed.unwrap().status, 204);
    stage.world.finish().await;
}
