//! What is accepted, whatever is in it: the worker looks, and ingest does not.

use super::world;
use crate::harness::{Mail, Sender, tally};

#[tokio::test(flavor = "multi_thread")]
async fn a_204_names_the_batch_under_which_the_ledger_knows_it() {
    let world = world().await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let answer =
        sender.batch(&[mail.event("processed", 1), mail.event("delivered", 2)]).to(&url).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    let batch = world.batch(&answer).await;
    assert_eq!(batch["id"], answer.header("sendstate-batch-id"));
    assert_eq!((batch["source"].as_str(), batch["state"].as_str()), (Some("main"), Some("recorded")));
    assert_eq!(tally(&batch), [2, 2, 0, 0, 0, 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_body_that_is_not_a_batch_is_accepted_and_kept_whole() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let db = world.db().await;
    for (body, reason) in [
        (&b"payload"[..], "not_json"),
        (b"", "not_json"),
        (b"[{\"event\":\"open\"", "not_json"),
        (b"\xff\xfe\x00\x01", "not_json"),
        (b"\"text\"", "not_an_array"),
        (b"42", "not_an_array"),
    ] {
        let answer = sender.post(body).to(&url).await.unwrap();
        let batch = world.batch(&answer).await;
        assert_eq!(
            (batch["state"].as_str(), tally(&batch)),
            (Some("quarantined"), [1, 0, 0, 0, 0, 1]),
            "{body:?}"
        );
        let id: uuid::Uuid = answer.header("sendstate-batch-id").parse().unwrap();
        let held = "SELECT ordinal, reason, raw FROM quarantine WHERE batch_id = $1";
        let held = db.query_one(held, &[&id]).await.unwrap();
        let held: (i32, &str, &[u8]) = (held.get(0), held.get(1), held.get(2));
        assert_eq!(held, (-1, reason, body));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_object_is_a_batch_of_one_and_an_empty_array_one_of_none() {
    let world = world().await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let bare = sender.post(mail.event("delivered", 1).to_string()).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&bare).await), [1, 1, 0, 0, 0, 0]);
    assert_eq!(world.message(&mail).await["status"], "delivered");
    for nothing in ["[]", " [ ]\r\n"] {
        let batch = world.batch(&sender.post(nothing).to(&url).await.unwrap()).await;
        assert_eq!((batch["state"].as_str(), tally(&batch)), (Some("recorded"), [0; 6]));
    }
    world.finish().await;
}
