//! Two hands at one webhook: commands at the same time, and people meanwhile.

use super::rotation::{SIGNED, provisioned, states};
use super::stage::{Ended, Stage};
use crate::harness::sendgrid::{Fault, Order};
use crate::harness::{DEADLINE, Sender, wait_for};
use std::pin::pin;

/// Runs a rotation, and does something when its new key is accepted and its test is on the way into the ledger: before the
/// old key is retired.
async fn rotated_while(stage: &Stage, meanwhile: impl AsyncFnOnce()) -> Ended {
    let db = stage.world.db().await;
    // The worker waits, and whoever reads does not.
    db.batch_execute("BEGIN; LOCK TABLE batches IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let meanwhile = async {
        wait_for("ingest to accept a test", DEADLINE, async || {
            let posted = stage.sendgrid.posted();
            let accepted = posted.iter().any(|posted| posted.status == Some(204));
            if accepted { Ok(()) } else { Err(format!("{posted:?}")) }
        })
        .await;
        meanwhile().await;
        db.batch_execute("ROLLBACK").await.unwrap();
    };
    tokio::join!(stage.source(&["rotate-key", "main"]), meanwhile).0
}

#[tokio::test]
async fn where_somebody_else_has_had_a_key_made_meanwhile_none_is_retired() {
    let stage = Stage::set().await;
    let (id, _) = provisioned(&stage).await;
    let ended = rotated_while(&stage, async || {
        stage.sendgrid.sign_webhook(&id, false);
        stage.sendgrid.sign_webhook(&id, true);
    })
    .await
    .with(1);
    assert_eq!(ended.steps()[5..], ["test done", "retire failed"]);
    assert!(ended.stderr.contains("source provision main"), "{ended:?}");
    assert_eq!(states(&stage).await, ["active", "active"]);
    // As it is told.
    stage.provision_untested("main", &[]).await.with(0);
    assert_eq!(states(&stage).await, ["active", "active", "active"]);
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn where_somebody_has_retired_the_new_key_meanwhile_the_old_one_stays() {
    let stage = Stage::set().await;
    provisioned(&stage).await;
    let third = Sender::new().public_key();
    stage.source(&["key", "add", "main", "--public-key", &third]).await.with(0);
    let ended = rotated_while(&stage, async || {
        let new = stage.keys("main").await[2]["id"].to_string();
        stage.source(&["key", "retire", "main", &new, "--now"]).await.with(0);
    })
    .await
    .with(1);
    assert_eq!(ended.steps()[5..], ["test done", "retire failed"]);
    assert_eq!(states(&stage).await, ["active", "active", "retired"]);
    stage.world.finish().await;
}

#[tokio::test]
async fn while_one_command_changes_a_webhook_no_other_does() {
    let stage = Stage::set().await;
    provisioned(&stage).await;
    stage.sendgrid.order(Order::next(Fault::Hang).on(SIGNED).after(1));
    {
        let rotating = pin!(stage.source(&["rotate-key", "main"]));
        let others = async {
            wait_for("signing to be off and asked for again", DEADLINE, async || {
                let asked = stage.sendgrid.called().iter().filter(|line| line.starts_with(SIGNED)).count();
                // One for the set-up, one for off, one that hangs.
                if asked == 3 { Ok(()) } else { Err(format!("{asked} requests")) }
            })
            .await;
            let before = (stage.sendgrid.webhooks(), stage.keys("main").await);
            let (provisioned, gone, rotated, asking) = tokio::join!(
                stage.provision_untested("main", &[]),
                stage.source(&["deprovision", "main"]),
                stage.source(&["rotate-key", "main", "--no-test"]),
                stage.source(&["oauth", "main", "on"]),
            );
            for ended in [provisioned, gone, rotated, asking] {
                let ended = ended.with(1);
                assert!(ended.stderr.contains("under way"), "{ended:?}");
            }
            assert_eq!((stage.sendgrid.webhooks(), stage.keys("main").await), before);
            // Another source's, and looking, are no matter of this one's.
            stage.provision_untested("other", &[]).await.with(0);
            stage.source(&["rotate-key", "main", "--dry-run"]).await.with(0);
        };
        tokio::select! {
            ended = rotating => panic!("it ended: {ended:?}"),
            () = others => {}
        }
        // Dropped, it is killed.
    }
    stage.sendgrid.recover();
    stage.source(&["rotate-key", "main", "--no-test"]).await.with(0);
    assert_eq!(states(&stage).await, ["retiring", "active"]);
    stage.world.finish().await;
}
