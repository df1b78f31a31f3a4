//! Who is believed: headers, signatures, keys, and times.

use super::{refusal, refused, world};
use crate::harness::{SIGNATURE, Sender, TIMESTAMP, now_seconds};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_header_that_is_missing_doubled_or_malformed_is_401() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let post = || sender.post("[]");
    let signature = sender.sign(&now_seconds().to_string(), b"[]");
    let bad = [
        ("no signature", post().without(SIGNATURE)),
        ("no timestamp", post().without(TIMESTAMP)),
        ("neither", post().without(SIGNATURE).without(TIMESTAMP)),
        ("two signatures", post().header(SIGNATURE, &signature)),
        ("two timestamps", post().header(TIMESTAMP, &now_seconds().to_string())),
        ("empty signature", post().without(SIGNATURE).header(SIGNATURE, "")),
        ("empty timestamp", sender.post_at("", "[]")),
        ("nine digits", sender.post_at("999999999", "[]")),
        ("eleven digits", sender.post_at("17000000000", "[]")),
        ("a sign", sender.post_at("+170000000", "[]")),
        ("a fraction", sender.post_at("17000000.5", "[]")),
        ("words", sender.post_at("long-ago!!", "[]")),
    ];
    for (what, post) in bad {
        assert_eq!(refusal(post.to(&url).await), refused(401, "missing_signature"), "{what}");
    }
    assert_eq!(post().to(&url).await.unwrap().status, 204);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_is_not_right_is_403() {
    let world = world().await;
    let (sender, stranger) = (Sender::new(), Sender::new());
    let url = world.signed_source("main", &sender).await;
    let signed_as = |signature: &str| sender.post("[]").without(SIGNATURE).header(SIGNATURE, signature);
    let bad = [
        ("not base64", signed_as("!!!")),
        ("not DER", signed_as(&BASE64.encode([7; 64]))),
        ("trailing bytes", signed_as(&format!("{}garbage", sender.sign(&now_seconds().to_string(), b"[]")))),
        ("another's key", stranger.post("[]")),
        ("another body", sender.post("[]").body("[ ]")),
        (
            "another time",
            sender.post("[]").without(TIMESTAMP).header(TIMESTAMP, &(now_seconds() - 1).to_string()),
        ),
        ("wrong and old", stranger.post_at("1600000000", "[]")),
    ];
    for (what, post) in bad {
        assert_eq!(refusal(post.to(&url).await), refused(403, "invalid_signature"), "{what}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_signature_that_is_old_or_from_the_future_is_403_expired() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let sent =
        async |age: i64, url: &str| sender.post_at(&(now_seconds() - age).to_string(), "[]").to(url).await;
    // Ten minutes back and five ahead are allowed; a minute is room for a slow machine.
    for age in [660, 86_400, -360] {
        assert_eq!(refusal(sent(age, &url).await), refused(403, "expired"), "{age} s");
    }
    for age in [540, 0, -240] {
        assert_eq!(sent(age, &url).await.unwrap().status, 204, "{age} s");
    }
    let wide = world.source("wide", &["--public-key", &sender.public_key(), "--max-age", "6h"]).await;
    assert_eq!(sent(5 * 3600, &world.inbound(&wide, 1)).await.unwrap().status, 204);
    assert_eq!(refusal(sent(7 * 3600, &world.inbound(&wide, 1)).await), refused(403, "expired"));
    world.finish().await;
}
