//! Without the process that made a token, without the database, without the key.

use super::{Stage, missing, refusal};
use crate::harness::{DEADLINE, Options, Sender, Server, wait_for};

/// Ends the ingest once its snapshot knows the client, and takes its database away.
async fn leave_without_database(stage: &mut Stage) {
    let snapshot = stage.world.snapshot("ingest-1");
    wait_for("the snapshot to know the client", DEADLINE, async || {
        let text = std::fs::read_to_string(&snapshot).map_err(|error| error.to_string())?;
        if text.contains(&stage.client.id) { Ok(()) } else { Err(text) }
    })
    .await;
    stage.world.kill("ingest-1");
    stage.world.proxy("ingest-1", Server::Database).vanish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_outlives_the_ingest_that_made_it() {
    let mut stage = Stage::set(Options::new(1, 1, 0)).await;
    let token = stage.token(1).await;
    stage.world.kill("ingest-1");
    stage.world.start_process("ingest-1").await;
    assert_eq!(stage.post(&token, 1).await.unwrap().status, 204);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_replaced_in_one_ingest_after_the_other_and_no_token_is_refused_meanwhile() {
    let mut stage = Stage::set(Options::new(2, 1, 0)).await;
    let old = stage.world.oauth_key().to_owned();
    let new = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let of_the_old_key = stage.token(1).await;
    for (current, other) in [(old.as_str(), new), (new, &old)] {
        for ingest in ["ingest-1", "ingest-2"] {
            stage.world.program(ingest).set("SENDSTATE_OAUTH_KEY", current);
            stage.world.program(ingest).set("SENDSTATE_OAUTH_KEY_PREVIOUS", other);
            stage.world.restart(ingest).await;
            for token in [stage.token(1).await, stage.token(2).await, of_the_old_key.clone()] {
                for ingest in [1, 2] {
                    assert_eq!(stage.post(&token, ingest).await.unwrap().status, 204, "{ingest}");
                }
            }
        }
    }
    let of_the_new_key = stage.token(1).await;
    for (name, ingest) in [("ingest-1", 1), ("ingest-2", 2)] {
        stage.world.program(name).unset("SENDSTATE_OAUTH_KEY_PREVIOUS");
        stage.world.restart(name).await;
        assert_eq!(stage.post(&of_the_new_key, ingest).await.unwrap().status, 204);
        assert_eq!(refusal(stage.post(&of_the_old_key, ingest).await), super::invalid());
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_and_asked_for_by_the_snapshot_while_the_database_is_away() {
    let mut stage = Stage::set(Options::new(1, 1, 0).through_proxies()).await;
    let before = stage.token(1).await;
    leave_without_database(&mut stage).await;
    stage.world.start_process("ingest-1").await;
    assert_eq!(refusal(stage.sender.post("[]").to(&stage.url(1)).await), missing());
    for token in [before, stage.token(1).await] {
        assert_eq!(stage.post(&token, 1).await.unwrap().status, 204);
    }
    stage.world.proxy("ingest-1", Server::Database).pass();
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_leaked_counts_without_the_database_until_the_snapshot_is_gone() {
    let mut stage = Stage::set(Options::new(1, 1, 0).through_proxies()).await;
    leave_without_database(&mut stage).await;
    stage.world.start_process("ingest-1").await;
    let told = stage.world.cli(&["source", "oauth", "main", "rotate", "--overlap", "0s"]).await;
    assert_eq!(told.code, 0, "{told:?}");
    for part in ["within its refresh", "cannot reach PostgreSQL", "SENDSTATE_INGEST_SNAPSHOT"] {
        assert!(told.stdout.contains(part), "{part}: {told:?}");
    }
    // The way that is told there is needed,
    let stolen = stage.token(1).await;
    assert_eq!(stage.post(&stolen, 1).await.unwrap().status, 204);
    // and it works.
    stage.world.kill("ingest-1");
    std::fs::remove_file(stage.world.snapshot("ingest-1")).unwrap();
    stage.world.program("ingest-1").start();
    wait_for("a 503 for want of sources", DEADLINE, async || {
        let answer = stage.post(&stolen, 1).await.map_err(|error| error.to_string())?;
        let refused = refusal(Ok(answer));
        if (refused.0, refused.1.as_str()) == (503, "no_sources") { Ok(()) } else { Err(refused.1) }
    })
    .await;
    stage.world.proxy("ingest-1", Server::Database).pass();
    stage.world.program("ingest-1").ready().await;
    assert_eq!(refusal(stage.post(&stolen, 1).await), super::invalid());
    assert_eq!(refusal(stage.client.ask(&stage.desk(1)).await).1, "invalid_client");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_from_before_there_was_oauth_counts_as_none() {
    let mut stage = Stage::set(Options::new(1, 1, 0).through_proxies()).await;
    stage.token(1).await;
    leave_without_database(&mut stage).await;
    let snapshot = stage.world.snapshot("ingest-1");
    let text = std::fs::read_to_string(&snapshot).unwrap();
    std::fs::write(&snapshot, text.replacen("\"version\":2", "\"version\":1", 1)).unwrap();
    stage.world.allow_error("the snapshot counts as none");
    stage.world.program("ingest-1").start();
    wait_for("a 503 for want of sources", DEADLINE, async || {
        let answer = stage.sender.post("[]").to(&stage.url(1)).await.map_err(|error| error.to_string())?;
        let refused = refusal(Ok(answer));
        if (refused.0, refused.1.as_str()) == (503, "no_sources") { Ok(()) } else { Err(refused.1) }
    })
    .await;
    stage.world.proxy("ingest-1", Server::Database).pass();
    stage.world.program("ingest-1").ready().await;
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_without_the_key_refuses_such_a_source_and_is_not_ready_until_none_asks() {
    let mut stage = Stage::set(Options::new(1, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "1s")).await;
    let token = stage.token(1).await;
    let plain = Sender::new();
    let other = stage.world.signed_source("plain", &plain).await;
    stage.world.allow_error("sources ask for OAuth tokens and SENDSTATE_OAUTH_KEY is not set");
    assert_eq!(stage.world.terminate("ingest-1").await, Some(0));
    stage.world.program("ingest-1").unset("SENDSTATE_OAUTH_KEY");
    stage.world.program("ingest-1").start();
    let refused = wait_for("a 503 for want of a key", DEADLINE, async || {
        let answer = stage.post(&token, 1).await.map_err(|error| error.to_string())?;
        if answer.header("retry-after").is_empty() {
            return Err(answer.text());
        }
        let refused = refusal(Ok(answer));
        // What it says before it is connected.
        let early = ["no_sources", "broker_unavailable"].contains(&refused.1.as_str());
        if early { Err(refused.1) } else { Ok(refused) }
    })
    .await;
    assert_eq!((refused.0, refused.1.as_str()), (503, "oauth_unavailable"));
    let without = refusal(stage.sender.post("[]").to(&stage.url(1)).await);
    assert_eq!((without.0, without.1.as_str()), (503, "oauth_unavailable"), "no token is no way around it");
    let desk = refusal(stage.client.ask(&stage.desk(1)).await);
    assert_eq!((desk.0, desk.1.as_str()), (503, "temporarily_unavailable"));
    let (ready, report) = stage.world.readiness("ingest-1").await;
    assert!(!ready && report["conditions"]["oauth"].as_str().unwrap().contains("OAUTH_KEY"), "{report}");
    let log = std::fs::read_to_string(stage.world.program("ingest-1").log()).unwrap();
    let said = log.lines().filter(|line| line.contains("\"ERROR\"")).count();
    assert_eq!(said, 1, "it is said once and clearly:\n{log}");
    // Whoever asks for none is served all the same.
    assert_eq!(plain.post("[]").to(&other).await.unwrap().status, 204);
    stage.world.cli_json(&["source", "oauth", "main", "off"]).await;
    stage.world.program("ingest-1").ready().await;
    assert_eq!(stage.sender.post("[]").to(&stage.url(1)).await.unwrap().status, 204);
    stage.world.finish().await;
}
