//! How clients come and go, and how their secrets are replaced.

use super::client::Client;
use super::{Stage, invalid, missing, refusal};
use crate::harness::{DEADLINE, Exchange, Options, World, now_seconds, wait_for};
use jiff::Timestamp;
use serde_json::Value;

/// An ingest that looks often.
fn quick() -> Options {
    Options::new(1, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "1s")
}

/// Waits until a request is refused like this.
async fn until_refused(expected: &(u16, String, String), mut ask: impl AsyncFnMut() -> Exchange) {
    wait_for("the list to be read again", DEADLINE, async || {
        let answer = ask().await.map_err(|error| error.to_string())?;
        let status = answer.status.as_u16();
        if status == expected.0 {
            assert_eq!(&refusal(Ok(answer)), expected);
            return Ok(());
        }
        Err(status.to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_replaced_both_get_tokens_and_then_only_the_new_one() {
    let stage = Stage::set(quick()).await;
    let before = stage.token(1).await;
    let rotated = stage.world.cli_json(&["source", "oauth", "main", "rotate", "--overlap", "30m"]).await;
    let new = Client::of(&rotated);
    assert_eq!(new.id, stage.client.id);
    assert_ne!(new.secret, stage.client.secret);
    assert!(rotated["oauth"]["old_secret_until"].is_string(), "{rotated}");
    let tokens = [before, stage.token(1).await, new.token(&stage.desk(1)).await];
    for token in &tokens {
        assert_eq!(stage.post(token, 1).await.unwrap().status, 204);
    }
    // What ends with the old secret says so.
    let old = stage.client.ask(&stage.desk(1)).await.unwrap();
    let old: Value = serde_json::from_slice(&old.body).unwrap();
    assert!(old["expires_in"].as_u64().unwrap() <= 1_800, "{old}");

    let third = stage.world.cli(&["source", "oauth", "main", "rotate"]).await;
    assert_eq!(third.code, 1, "of three secrets one would end unsaid: {third:?}");
    let ended = "UPDATE source_oauth SET old_secret_until = now() - interval '1 second'";
    stage.world.db().await.execute(ended, &[]).await.unwrap();
    until_refused(&invalid(), async || stage.post(&tokens[1], 1).await).await;
    let refused = refusal(stage.client.ask(&stage.desk(1)).await);
    assert_eq!((refused.0, refused.1.as_str()), (401, "invalid_client"));
    assert_eq!(stage.post(&tokens[2], 1).await.unwrap().status, 204);
    let listed = stage.world.cli_json(&["source", "list"]).await;
    assert!(listed[0]["oauth"]["old_secret_until"].is_null(), "{listed}");
    let mut world = stage.world;
    let series = "sendstate_ingest_token_requests_total{outcome=\"granted_old_secret\"}";
    assert!(world.metric("ingest-1", series).await >= 1.0, "who still uses the old secret is not seen");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_leaked_is_cut_off_with_every_token_that_was_given_for_it() {
    let stage = Stage::set(quick()).await;
    let stolen = stage.token(1).await;
    let rotated = stage.world.cli_json(&["source", "oauth", "main", "rotate", "--overlap", "0s"]).await;
    assert!(rotated["oauth"]["old_secret_until"].is_null(), "{rotated}");
    until_refused(&invalid(), async || stage.post(&stolen, 1).await).await;
    assert_eq!(refusal(stage.client.ask(&stage.desk(1)).await).1, "invalid_client");
    let token = Client::of(&rotated).token(&stage.desk(1)).await;
    assert_eq!(stage.post(&token, 1).await.unwrap().status, 204);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_secret_ends_is_told_by_the_databases_clock_and_not_by_the_operators() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let world = &stage.world;
    // Whoever connects from now on finds the server's clock two hours ahead.
    let name: String = {
        let db = world.db().await;
        let ahead = "CREATE SCHEMA ahead;
            GRANT USAGE ON SCHEMA ahead TO PUBLIC;
            CREATE FUNCTION ahead.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
                AS $$ SELECT pg_catalog.statement_timestamp() + interval '2 hours' $$";
        db.batch_execute(ahead).await.unwrap();
        db.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0)
    };
    let path = format!("ALTER DATABASE {name} SET search_path = ahead, public, pg_catalog");
    world.db().await.batch_execute(&path).await.unwrap();
    let rotated = world.cli_json(&["source", "oauth", "main", "rotate", "--overlap", "1h"]).await;
    let until = |document: &Value| {
        document["oauth"]["old_secret_until"].as_str().map(|text| text.parse::<Timestamp>().unwrap())
    };
    let end = until(&rotated).unwrap();
    assert!(end.as_second() > now_seconds() + 2 * 60 * 60, "{rotated}");
    // By the operator's clock it has long to go; by the database's it is over.
    let passed = "UPDATE source_oauth SET old_secret_until = pg_catalog.now() + interval '90 minutes'";
    world.db().await.execute(passed, &[]).await.unwrap();
    assert_eq!(until(&world.cli_json(&["source", "list"]).await[0]), None);
    world.cli_json(&["source", "oauth", "main", "rotate", "--overlap", "1h"]).await;
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_asks_for_tokens_from_when_it_is_told_to_until_it_is_told_not_to() {
    let world = World::start(quick()).await;
    let sender = crate::harness::Sender::new();
    let url = world.signed_source("main", &sender).await;
    let post = sender.post("[]");
    assert_eq!(post.clone().header("Authorization", "Bearer x").to(&url).await.unwrap().status, 204);
    let on = world.cli_json(&["source", "oauth", "main", "on"]).await;
    until_refused(&missing(), async || post.to(&url).await).await;
    let token = Client::of(&on).token(&format!("{}/oauth/token", world.ingest_url(1))).await;
    let with = post.clone().header("Authorization", &format!("Bearer {token}"));
    assert_eq!(with.to(&url).await.unwrap().status, 204);
    let off = world.cli_json(&["source", "oauth", "main", "off"]).await;
    assert!(off["oauth"].is_null(), "{off}");
    wait_for("requests to pass without a token", DEADLINE, async || {
        let status = post.to(&url).await.map_err(|error| error.to_string())?.status;
        if status == 204 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let gone = Client::of(&on).ask(&format!("{}/oauth/token", world.ingest_url(1))).await;
    assert_eq!(refusal(gone).1, "invalid_client");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_a_secret_once_and_says_what_cannot_be_done() {
    let stage = Stage::set(Options::new(1, 1, 0)).await;
    let world = &stage.world;
    let listed = world.cli_json(&["source", "list"]).await;
    assert_eq!(listed[0]["oauth"]["client_id"], stage.client.id.as_str());
    assert_eq!(listed[0]["oauth"]["token_path"], "/oauth/token");
    for arguments in [&["source", "list"][..], &["source", "list", "--json"]] {
        let shown = world.cli(arguments).await.stdout;
        assert!(shown.contains(&stage.client.id) && !shown.contains(&stage.client.secret), "{shown}");
    }
    let again = world.cli(&["source", "oauth", "main", "on"]).await;
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.stderr.contains("rotate"), "{again:?}");
    let kept: i64 = world
        .db()
        .await
        .query_one(
            "SELECT count(*) FROM source_oauth WHERE position($1::bytea IN secret_sha256) > 0",
            &[&stage.client.secret.as_bytes()],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, 0, "the secret itself is stored");
    for (arguments, code) in [
        (&["source", "oauth", "other", "on"][..], 4),
        (&["source", "oauth", "main", "off", "--overlap", "1h"], 2),
        (&["source", "oauth", "main", "off"], 0),
        (&["source", "oauth", "main", "off"], 0),
        (&["source", "oauth", "main", "rotate"], 1),
    ] {
        let ran = world.cli(arguments).await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    }
    let on = world.cli(&["source", "oauth", "main", "on"]).await;
    for part in ["Client ID", "Client Secret", "Token URL", "/oauth/token", "oasec_"] {
        assert!(on.stdout.contains(part), "{on:?}");
    }
    stage.world.finish().await;
}
