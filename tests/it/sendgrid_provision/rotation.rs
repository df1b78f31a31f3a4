//! A new key for a webhook, and every way in which that can break off.

use super::stage::{Ended, Stage, nothing_is_posted_unsigned};
use crate::harness::sendgrid::{Fault, Order};
use crate::harness::{DEADLINE, Mail, Running, Sender, wait_for};
use rustix::process::Signal;

pub(super) const SIGNED: &str = "PATCH /v3/user/webhooks/event/settings/signed";

/// Provisioned; returns the webhook's id and what it signs with.
pub(super) async fn provisioned(stage: &Stage) -> (String, Sender) {
    let ended = stage.provision_untested("main", &[]).await.with(0);
    let id = ended.document["webhook_id"].as_str().unwrap().to_owned();
    let signer = stage.sendgrid.signer(&id).unwrap();
    (id, signer)
}

pub(super) async fn states(stage: &Stage) -> Vec<String> {
    let keys = stage.keys("main").await;
    keys.iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect()
}

/// The status that a request signed with this is answered.
pub(super) async fn answered(stage: &Stage, signer: &Sender) -> u16 {
    let post = signer.batch(&[Mail::new().event("delivered", 1)]);
    post.to(&stage.url("main")).await.unwrap().status.as_u16()
}

#[tokio::test]
async fn events_signed_with_the_old_key_and_with_the_new_one_are_both_accepted() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    let ended = stage.source(&["rotate-key", "main"]).await.with(0);
    assert_eq!(
        ended.steps(),
        [
            "permissions done",
            "webhook unchanged",
            "old_key unchanged",
            "signing done",
            "key done",
            "test done",
            "retire done"
        ]
    );
    let new = stage.sendgrid.signer(&id).unwrap();
    assert_ne!(new.public_key(), old.public_key());
    assert_eq!([answered(&stage, &old).await, answered(&stage, &new).await], [204, 204]);
    assert_eq!(states(&stage).await, ["retiring", "active"]);
    let keys = stage.keys("main").await;
    assert_eq!(ended.document["retiring"][0]["until"], keys[0]["retires_at"]);
    assert_eq!(ended.document["key_sha256"], keys[1]["sha256"]);
    assert!(ended.document["unsigned_ms"].is_u64(), "{ended:?}");
    assert!(ended.document["warnings"][0].as_str().unwrap().contains("unsigned"), "{ended:?}");
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn without_an_overlap_the_old_key_is_refused_once_ingest_knows() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    stage.source(&["rotate-key", "main", "--overlap", "0s"]).await.with(0);
    assert_eq!(states(&stage).await, ["retired", "active"]);
    wait_for("the old key to be refused", DEADLINE, async || match answered(&stage, &old).await {
        403 => Ok(()),
        status => Err(status.to_string()),
    })
    .await;
    assert_eq!(answered(&stage, &stage.sendgrid.signer(&id).unwrap()).await, 204);
    stage.world.finish().await;
}

#[tokio::test]
async fn signing_is_asked_for_until_it_is_on_again() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    for fault in [Fault::Close, Fault::CloseAfterwards, Fault::Status(500), Fault::Raw(200, "<html>")] {
        let before = stage.sendgrid.signer(&id).unwrap().public_key();
        stage.sendgrid.order(Order::next(fault.clone()).on(SIGNED).after(1).times(3));
        stage.source(&["rotate-key", "main", "--no-test"]).await.with(0);
        stage.sendgrid.recover();
        nothing_is_posted_unsigned(&stage.sendgrid);
        assert_ne!(stage.sendgrid.signer(&id).unwrap().public_key(), before, "{fault:?}");
    }
    assert_eq!(answered(&stage, &old).await, 204);
    assert_eq!(states(&stage).await, ["retiring", "retiring", "retiring", "retiring", "active"]);
    stage.world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_on_switching_off_leaves_signing_on() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    // Not carried out: the key is the same, and nobody says that it was replaced.
    stage.sendgrid.order(Order::next(Fault::Close).on(SIGNED));
    let ended = stage.source(&["rotate-key", "main"]).await.with(1);
    assert_eq!(ended.steps()[3..5], ["signing failed", "key skipped"]);
    assert_eq!(stage.sendgrid.signer(&id).unwrap().public_key(), old.public_key());
    assert_eq!(states(&stage).await, ["active"]);
    // Carried out.
    stage.sendgrid.order(Order::next(Fault::CloseAfterwards).on(SIGNED));
    stage.source(&["rotate-key", "main"]).await.with(0);
    assert_ne!(stage.sendgrid.signer(&id).unwrap().public_key(), old.public_key());
    assert_eq!(states(&stage).await, ["retiring", "active"]);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_refusal_to_switch_off_changes_nothing() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    stage.sendgrid.order(Order::next(Fault::Status(403)).on(SIGNED));
    let ended = stage.source(&["rotate-key", "main"]).await.with(64);
    assert_eq!(ended.document["by_hand"]["scopes"][0], "user.webhooks.event.settings.update");
    assert_eq!(stage.sendgrid.signer(&id).unwrap().public_key(), old.public_key());
    assert_eq!(states(&stage).await, ["active"]);
    stage.world.finish().await;
}

#[tokio::test]
async fn killed_while_signing_is_off_it_ends_well_when_it_is_run_again() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    // Dropped, it is killed.
    drop(rotating_in_the_gap(&stage).await);
    stage.sendgrid.recover();
    assert!(stage.sendgrid.signer(&id).is_none());
    let seen = stage.source(&["status", "main"]).await.with(1);
    assert!(seen.stderr.contains("signing"), "{seen:?}");
    let ended = stage.source(&["rotate-key", "main"]).await.with(0);
    assert_eq!(ended.steps()[2..5], ["old_key skipped", "signing done", "key done"]);
    assert_eq!(states(&stage).await, ["retiring", "active"]);
    assert_eq!(answered(&stage, &old).await, 204);
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

/// A rotation in the middle of the gap: signing is off, and switching it on is not answered.
async fn rotating_in_the_gap(stage: &Stage) -> Running {
    stage.sendgrid.order(Order::next(Fault::Hang).on(SIGNED).after(1));
    let rotating = stage.start(&["rotate-key", "main"]);
    wait_for("signing to be off and asked for again", DEADLINE, async || {
        let asked = stage.sendgrid.called().iter().filter(|line| line.starts_with(SIGNED)).count();
        // One for the set-up, one for off, one that hangs.
        if asked == 3 { Ok(()) } else { Err(format!("{asked} requests")) }
    })
    .await;
    rotating
}

#[tokio::test]
async fn whoever_interrupts_it_while_signing_is_off_or_closes_the_terminal_waits_until_it_is_on() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let stage = Stage::set().await;
        let (id, old) = provisioned(&stage).await;
        let rotating = rotating_in_the_gap(&stage).await;
        rotating.signal(signal);
        stage.sendgrid.recover();
        let ended = Ended::of(rotating.ended().await).with(0);
        assert_eq!(ended.steps()[3..5], ["signing done", "key done"], "{signal:?}");
        let new = stage.sendgrid.signer(&id).unwrap();
        assert_eq!([answered(&stage, &old).await, answered(&stage, &new).await], [204, 204]);
        stage.world.finish().await;
    }
}

#[tokio::test]
async fn whoever_insists_is_told_what_is_left_and_the_next_run_mends_it() {
    let stage = Stage::set().await;
    provisioned(&stage).await;
    let rotating = rotating_in_the_gap(&stage).await;
    rotating.signal(Signal::HUP);
    // Another signal, so that the kernel cannot take two for one.
    rotating.signal(Signal::INT);
    let ended = rotating.ended().await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("not now") && ended.stderr.contains("run this again at once"), "{ended:?}");
    stage.sendgrid.recover();
    let mended = stage.source(&["rotate-key", "main"]).await.with(0);
    assert_eq!(mended.steps()[3..5], ["signing done", "key done"]);
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_rotation_for_whose_keys_there_is_no_room_changes_nothing() {
    let stage = Stage::set().await;
    let (id, old) = provisioned(&stage).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        let key = Sender::new().public_key();
        let added = stage.world.cli_json(&["source", "key", "add", "main", "--public-key", &key]).await;
        others.push(added["id"].to_string());
    }
    // Nine, the webhook's own among them: the new one is the tenth, and there is no eleventh.
    stage.source(&["rotate-key", "main", "--no-test"]).await.with(0);
    stage.sendgrid.forget_calls();
    for flags in [&["--no-test"][..], &["--dry-run"]] {
        let full = stage.source(&[&["rotate-key", "main"], flags].concat()).await.with(1);
        assert_eq!(full.steps()[2..4], ["old_key failed", "signing skipped"]);
        assert!(full.stderr.contains("source key list main"), "{full:?}");
    }
    assert_eq!(stage.sendgrid.changes(), Vec::<String>::new());
    // Nine without the one that the webhook signs with, which has to be accepted, too.
    let retire = async |id: &str| stage.source(&["key", "retire", "main", id, "--now"]).await.with(0);
    retire(&others[0]).await;
    stage.sendgrid.sign_webhook(&id, false);
    stage.sendgrid.sign_webhook(&id, true);
    stage.source(&["rotate-key", "main", "--no-test"]).await.with(1);
    assert_eq!(stage.sendgrid.changes(), Vec::<String>::new());
    retire(&others[1]).await;
    stage.source(&["rotate-key", "main", "--no-test"]).await.with(0);
    assert_eq!(answered(&stage, &old).await, 204);
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_key_that_was_made_and_not_accepted_is_accepted_by_the_next_set_up() {
    let stage = Stage::set().await;
    let (id, _) = provisioned(&stage).await;
    // As a rotation leaves it when the database is gone for good after signing is on.
    stage.sendgrid.sign_webhook(&id, false);
    stage.sendgrid.sign_webhook(&id, true);
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(ended.steps()[4..], ["key done", "oauth skipped", "events unchanged", "test done"]);
    stage.world.finish().await;
}
