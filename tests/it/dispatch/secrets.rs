//! What signs a request, while secrets are replaced and other schemes are used.

use super::stage::Stage;
use crate::harness::{Options, Receiver};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use standardwebhooks::Webhook;

/// The signatures of a request.
fn signatures(receiver: &Receiver, request: usize) -> Vec<String> {
    let arrived = receiver.arrived();
    let header = arrived[request].headers["webhook-signature"].to_str().unwrap();
    header.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_sign_and_after_that_only_the_new_one() {
    let stage = Stage::set().await;
    let rotated = stage.tell(&["rotate-secret", "--overlap", "1h"]).await;
    let new = rotated["secret"].as_str().unwrap().to_owned();
    stage.deliver(1).await;
    stage.delivered(1).await;
    let arrived = stage.receiver.arrived().remove(0);
    assert_eq!(signatures(&stage.receiver, 0).len(), 2);
    // The receiver trusts the old one and verifies at its end; the new one verifies, too.
    Webhook::new(&new).unwrap().verify(&arrived.body, &arrived.headers).unwrap();

    stage
        .db
        .execute("UPDATE endpoint_secrets SET expires_at = now() WHERE expires_at IS NOT NULL", &[])
        .await
        .unwrap();
    stage.receiver.trust(&new);
    stage.deliver(1).await;
    stage.delivered(2).await;
    assert_eq!(signatures(&stage.receiver, 1).len(), 1);
    let arrived = stage.receiver.arrived().remove(1);
    Webhook::new(&new).unwrap().verify(&arrived.body, &arrived.headers).unwrap();
    stage.world.finish().await;
}

#[tokio::test]
async fn no_more_than_ten_secrets_sign_at_a_time() {
    let stage = Stage::set().await;
    for _ in 0..9 {
        let rotated = stage.tell(&["rotate-secret"]).await;
        stage.receiver.trust(rotated["secret"].as_str().unwrap());
    }
    let refused = stage.world.cli(&["endpoint", "rotate-secret", &stage.endpoint.to_string()]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    stage.deliver(1).await;
    stage.delivered(1).await;
    assert_eq!(signatures(&stage.receiver, 0).len(), 10);
    stage.world.finish().await;
}

#[tokio::test]
async fn an_endpoint_may_have_its_requests_signed_with_a_key_that_only_we_hold() {
    let stage = Stage::set_for(Options::new(1, 1, 1), &["--sign", "v1,v1a"]).await;
    let public = stage.added["public_key"].as_str().unwrap().to_owned();
    let key: [u8; 32] = BASE64.decode(public.strip_prefix("whpk_").unwrap()).unwrap().try_into().unwrap();
    let key = VerifyingKey::from_bytes(&key).unwrap();
    stage.deliver(1).await;
    stage.delivered(1).await;
    let arrived = stage.receiver.arrived().remove(0);
    let signature = signatures(&stage.receiver, 0)
        .into_iter()
        .find_map(|one| one.strip_prefix("v1a,").map(str::to_owned));
    let signature = Signature::from_slice(&BASE64.decode(signature.unwrap()).unwrap()).unwrap();
    let text = |name: &str| arrived.headers[name].to_str().unwrap().to_owned();
    let signed =
        [text("webhook-id").as_bytes(), b".", text("webhook-timestamp").as_bytes(), b".", &arrived.body]
            .concat();
    key.verify(&signed, &signature).unwrap();
    stage.world.finish().await;
}

#[tokio::test]
async fn the_secret_key_itself_can_be_replaced_while_deliveries_go_on() {
    let mut stage = Stage::set().await;
    stage.deliver(1).await;
    stage.delivered(1).await;
    let old = stage.world.replace_secret_key();
    stage.world.program("dispatcher-1").set("SENDSTATE_SECRET_KEY_PREVIOUS", &old);
    stage.world.terminate("dispatcher-1").await;
    stage.world.start_process("dispatcher-1").await;
    stage.deliver(1).await;
    stage.delivered(2).await;
    let resealed = stage
        .world
        .cli_with(&["endpoint", "reseal", "--json"], &[("SENDSTATE_SECRET_KEY_PREVIOUS", &old)])
        .await;
    assert_eq!(resealed.code, 0, "{resealed:?}");
    assert!(resealed.json()["resealed"].as_i64() >= Some(1), "{resealed:?}");
    stage.world.program("dispatcher-1").unset("SENDSTATE_SECRET_KEY_PREVIOUS");
    stage.world.terminate("dispatcher-1").await;
    stage.world.start_process("dispatcher-1").await;
    stage.deliver(1).await;
    stage.delivered(3).await;
    stage.world.finish().await;
}

#[tokio::test]
async fn headers_of_its_own_arrive_and_those_that_are_ours_are_refused() {
    let flags = ["--header", "Authorization: Bearer abc", "--header", "X-Team: mail"];
    let stage = Stage::set_for(Options::new(1, 1, 1), &flags).await;
    stage.deliver(1).await;
    stage.delivered(1).await;
    let arrived = stage.receiver.arrived().remove(0);
    assert_eq!(
        (&arrived.headers["authorization"], &arrived.headers["x-team"]),
        (&"Bearer abc".parse().unwrap(), &"mail".parse().unwrap())
    );
    let shown = stage.endpoint().await.to_string();
    assert!(shown.contains("authorization") && !shown.contains("Bearer abc"), "{shown}");
    for header in [
        "webhook-id: 1",
        "Host: example.com",
        "content-length: 1",
        "Transfer-Encoding: chunked",
        "no colon",
        "x: a\r\nb: c",
    ] {
        let refused =
            stage.world.cli(&["endpoint", "set", &stage.endpoint.to_string(), "--header", header]).await;
        assert_eq!(refused.code, 2, "{header}: {refused:?}");
    }
    let elsewhere = stage
        .world
        .cli(&["endpoint", "set", &stage.endpoint.to_string(), "--url", "https://example.com/"])
        .await;
    assert_eq!(elsewhere.code, 2, "its credentials would be sent to somebody else: {elsewhere:?}");
    let left = "SELECT count(*) FROM endpoint_headers WHERE position('Bearer'::bytea IN sealed) > 0";
    let readable: i64 = stage.db.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(readable, 0, "a header's value is stored in the clear");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_secret_that_no_dispatcher_could_open_is_refused() {
    let stage = Stage::set().await;
    let other = BASE64.encode([7_u8; 32]);
    let rotate = ["endpoint", "rotate-secret", &stage.endpoint.to_string()];
    let refused = stage.world.cli_with(&rotate, &[("SENDSTATE_SECRET_KEY", &other)]).await;
    assert_eq!(refused.code, 64, "{refused:?}");
    stage.deliver(1).await;
    stage.delivered(1).await;
    stage.world.finish().await;
}
