//! What shows that a webhook and its key work, and what does not.

use super::rotation::{provisioned, states};
use super::stage::Stage;
use crate::harness::sendgrid::{Fault, Order};
use crate::harness::{DEADLINE, Mail, Sender, wait_for};
use uuid::Uuid;

const TEST: &str = "POST /v3/user/webhooks/event/test";

/// SendGrid takes every order for a test and posts none.
fn no_test_comes(stage: &Stage) {
    stage.sendgrid.order(Order::next(Fault::Raw(204, "")).on(TEST).for_ever());
}

/// Waits until a test was asked for since the requests were last forgotten.
async fn asked(stage: &Stage) {
    wait_for("a test to be asked for", DEADLINE, async || {
        let called = stage.sendgrid.called();
        if called.iter().any(|line| line == TEST) { Ok(()) } else { Err(format!("{called:?}")) }
    })
    .await;
}

/// Provisioned, with every test that was asked for in the ledger; returns what the webhook signs with.
async fn tested(stage: &Stage) -> Sender {
    let ended = stage.provision("main", &[]).await.with(0);
    let db = stage.world.db().await;
    wait_for("every test to be in the ledger", DEADLINE, async || {
        let orders = stage.sendgrid.called().iter().filter(|line| *line == TEST).count();
        let posted = stage.sendgrid.posted();
        let accepted = posted.iter().filter(|posted| posted.status == Some(204)).count();
        let stored: i64 = db.query_one("SELECT count(*) FROM batches", &[]).await.unwrap().get(0);
        let all = posted.len() == orders && stored == i64::try_from(accepted).unwrap();
        if all { Ok(()) } else { Err(format!("{orders} orders, {posted:?}, {stored} stored")) }
    })
    .await;
    stage.sendgrid.signer(ended.document["webhook_id"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn repeats_of_traffic_signed_with_the_old_key_do_not_prove_the_new_one() {
    let stage = Stage::set().await;
    let old = tested(&stage).await;
    let post = old.batch(&[Mail::new().event("delivered", 1)]);
    let first = post.to(&stage.url("main")).await.unwrap();
    stage.world.batch(&first).await;
    no_test_comes(&stage);
    stage.sendgrid.forget_calls();
    let traffic = async {
        asked(&stage).await;
        let again = post.to(&stage.url("main")).await.unwrap();
        assert_eq!(stage.world.batch(&again).await["duplicate"], 1);
    };
    let (ended, ()) = tokio::join!(stage.source(&["rotate-key", "main", "--wait", "20s"]), traffic);
    let ended = ended.with(1);
    assert_eq!(ended.steps()[4..], ["key done", "test failed", "retire skipped"]);
    assert_eq!(states(&stage).await, ["active", "active"]);
    assert_eq!(ended.document["retiring"].as_array().unwrap().len(), 0);
    assert!(ended.stderr.contains("source key retire main"), "{ended:?}");
    stage.world.finish().await;
}

#[tokio::test]
async fn what_was_recovered_from_records_is_no_sign_of_a_webhook() {
    let stage = Stage::set().await;
    provisioned(&stage).await;
    no_test_comes(&stage);
    let recovered = async {
        asked(&stage).await;
        let source = i32::try_from(stage.sources().await[0]["id"].as_i64().unwrap()).unwrap();
        let written = "INSERT INTO batches (received_on, id, source_id, received_at, state, origin)
                       VALUES ((now() AT TIME ZONE 'UTC')::date, $1, $2, now(), 'recorded', 'reconcile')";
        let db = stage.world.db().await;
        db.execute(written, &[&Uuid::now_v7(), &source]).await.unwrap();
    };
    let (ended, ()) = tokio::join!(stage.source(&["rotate-key", "main", "--wait", "5s"]), recovered);
    assert_eq!(ended.with(1).steps()[5..], ["test failed", "retire skipped"]);
    assert_eq!(states(&stage).await, ["active", "active"]);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_test_that_only_repeats_one_from_before_counts_all_the_same() {
    let stage = Stage::set().await;
    let signer = tested(&stage).await;
    let db = stage.world.db().await;
    let first = "SELECT raw FROM events WHERE batch_id = (SELECT batch_id FROM events ORDER BY batch_id LIMIT 1) ORDER BY ordinal";
    let rows = db.query(first, &[]).await;
    let elements: Vec<String> =
        rows.unwrap().iter().map(|row| String::from_utf8(row.get(0)).unwrap()).collect();
    no_test_comes(&stage);
    stage.sendgrid.forget_calls();
    let repeat = async {
        asked(&stage).await;
        let post = signer.post(format!("[{}]", elements.join(",")));
        post.to(&stage.url("main")).await.unwrap();
    };
    let (ended, ()) = tokio::join!(stage.source(&["rotate-key", "main"]), repeat);
    let ended = ended.with(0);
    assert_eq!(ended.steps()[5..], ["test done", "retire done"]);
    assert!(ended.detail("test").contains(&format!("{} duplicate", elements.len())), "{ended:?}");
    assert_eq!(states(&stage).await, ["retiring", "active"]);
    stage.world.finish().await;
}
