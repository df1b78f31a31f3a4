//! What the path, the method and the size decide.

use super::{refusal, refused, world};
use crate::harness::{Mail, Post, Sender, tally};
use hyper::Method;

/// Default limit of a body, in bytes.
const BODY_MAX: usize = 5 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_nothing_the_answer_is_404() {
    let world = world().await;
    let sender = Sender::new();
    world.signed_source("main", &sender).await;
    let post = sender.post("[]");
    for (path, code) in [
        ("/", "not_found"),
        ("/webhooks/sendgrid", "not_found"),
        ("/webhooks/sendgrid/main/", "not_found"),
        ("/readyz", "not_found"),
        ("/metrics", "not_found"),
        ("/webhooks/sendgrid/other", "unknown_source"),
        ("/webhooks/sendgrid/MAIN", "unknown_source"),
    ] {
        let answer = post.to(&format!("{}{path}", world.ingest_url(1))).await;
        assert_eq!(refusal(answer), refused(404, code), "{path}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_known_to_the_first_post_after_it_was_added() {
    let world = world().await;
    let sender = Sender::new();
    let early = format!("{}/webhooks/sendgrid/main", world.ingest_url(1));
    assert_eq!(refusal(sender.post("[]").to(&early).await), refused(404, "unknown_source"));
    let url = world.signed_source("main", &sender).await;
    assert_eq!(url, early);
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_method_is_405_and_told_what_is_allowed() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        // Not even a right signature makes it a POST.
        let answer = sender.post("[]").method(method.clone()).to(&url).await.unwrap();
        assert_eq!(answer.header("allow"), "POST", "{method}");
        assert_eq!(refusal(Ok(answer)), refused(405, "method_not_allowed"), "{method}");
    }
    let nowhere = format!("{}/webhooks/sendgrid/other", world.ingest_url(1));
    let answer = Post::unsigned("").method(Method::GET).to(&nowhere).await;
    assert_eq!(refusal(answer), refused(404, "unknown_source"), "the path is looked at first");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_413() {
    let world = world().await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let mut body = format!("[{}]", mail.event("delivered", 1)).into_bytes();
    body.resize(BODY_MAX, b' ');
    for post in [sender.post(body.clone()), sender.post(body.clone()).chunked(100_000)] {
        let batch = world.batch(&post.to(&url).await.unwrap()).await;
        assert_eq!(batch["elements"], 1);
    }
    body.push(b' ');
    for post in [sender.post(body.clone()), sender.post(body).chunked(100_000)] {
        assert_eq!(refusal(post.to(&url).await), refused(413, "body_too_large"));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_accept_unsigned_requests_only_at_a_path_that_cannot_be_guessed() {
    let world = world().await;
    let mail = Mail::new();
    let source = world.source("legacy", &["--unsigned"]).await;
    let path = source["path"].as_str().unwrap();
    assert!(path.strip_prefix("/webhooks/sendgrid/").unwrap().len() >= 32, "{path}");
    let post = Post::unsigned(format!("[{}]", mail.event("processed", 1)));
    let batch = world.batch(&post.to(&world.inbound(&source, 1)).await.unwrap()).await;
    assert_eq!((batch["source"].as_str(), tally(&batch)), (Some("legacy"), [1, 1, 0, 0, 0, 0]));
    let by_name = format!("{}/webhooks/sendgrid/legacy", world.ingest_url(1));
    assert_eq!(refusal(post.to(&by_name).await), refused(404, "unknown_source"));
    world.finish().await;
}
