//! Records of another account than the one whose webhook the source accepts.

use super::{Stage, life, sums};
use crate::harness::{Mail, Options};
use serde_json::Value;
use tokio_postgres::Client;

/// In the words of `--from`.
fn time_of(event: &Value) -> String {
    jiff::Timestamp::from_second(event["timestamp"].as_i64().unwrap()).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_which_the_source_was_told_nothing_are_not_recovered_into_it_unless_that_is_meant() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (told, stranger) = (Mail::new(), Mail::new());
    stage.happens(&life(&told)).await;
    stage.sendgrid.subuser("shop").record(&life(&stranger));
    let of_shop = |more: &'static [&'static str]| [&["--on-behalf-of", "shop"], more].concat();
    for more in [&[][..], &["--dry-run"], &["--thorough"]] {
        let refused = stage.run(&of_shop(more)).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
        for part in ["another account", "first 1 messages", "subuser `shop`", "`main`", "of 1 messages"] {
            assert!(refused.stderr.contains(part), "{part}: {refused:?}");
        }
    }
    assert_eq!(stage.world.cli(&["message", "show", &stranger.sg_message_id]).await.code, 4);
    assert_eq!(sums(&stage.reconciled(&[]).await), [4, 4, 0, 0], "the account's own are its");
    let meant = stage.reconciled(&of_shop(&["--all-new"])).await;
    assert_eq!(sums(&meant), [4, 0, 4, 0], "{meant}");
    // What was recovered from them does not make them its own.
    let another = Mail::new();
    stage.sendgrid.subuser("shop").record(&life(&another));
    assert_eq!(stage.run(&of_shop(&[])).await.code, 1);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_that_sendgrid_knows_shows_whose_records_they_are_though_it_lists_only_new_ones() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (told, lost) = (Mail::new(), Mail::new());
    stage.sendgrid.record(&[told.event("processed", 0), lost.event("processed", 100)]);
    // Later than SendGrid has it.
    stage.told(&[told.event("processed", 0), told.event("open", 100)]).await;
    let from = time_of(&lost.event("processed", 50));
    let arguments = ["reconcile", "--source", "main", "--from", &from, "--to", "now", "--json"];
    let ran = stage.sendgrid.cli(&stage.world, &arguments).await;
    assert_eq!((ran.code, sums(&ran.json())), (0, [1, 0, 1, 0]), "{ran:?}");
    assert!(!ran.stderr.contains("nothing shows"), "{ran:?}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_source_was_told_of_nothing_everything_is_recovered_and_that_is_said() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.sendgrid.record(&life(&Mail::new()));
    let ran = stage.run(&[]).await;
    assert_eq!((ran.code, sums(&ran.json())), (0, [4, 0, 4, 0]), "{ran:?}");
    assert!(ran.stderr.contains("nothing shows that these are its records"), "{ran:?}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_whole_time_that_is_asked_for_does_not_let_another_accounts_records_in() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (told, lost, stranger) = (Mail::new(), Mail::new(), Mail::new());
    stage.happens(&life(&told)).await;
    stage.sendgrid.record(&[lost.event("processed", 100)]);
    stage.sendgrid.subuser("shop").record(&[stranger.event("processed", 100)]);
    let from = time_of(&told.event("processed", 60));
    let outage = ["reconcile", "--source", "main", "--from", &from, "--to", "now", "--json"];
    let of_shop = [&outage[..], &["--on-behalf-of", "shop"]].concat();
    let refused = stage.sendgrid.cli(&stage.world, &of_shop).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
    assert!(refused.stderr.contains("of 1 messages that it was told of last"), "{refused:?}");
    assert_eq!(stage.world.cli(&["message", "show", &stranger.sg_message_id]).await.code, 4);
    let own = stage.sendgrid.cli(&stage.world, &outage).await;
    assert_eq!((own.code, sums(&own.json())), (0, [1, 0, 1, 0]), "{own:?}");
    assert!(!own.stderr.contains("nothing shows"), "{own:?}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_of_sendgrids_own_test_which_no_records_have_says_nothing_of_whose_they_are() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (mut sample, first, second) = (Mail::new(), Mail::new(), Mail::new());
    sample.recipient = "example@test.com".to_owned();
    stage.told(&life(&sample)).await;
    stage.sendgrid.record(&life(&first));
    let ran = stage.run(&[]).await;
    assert_eq!((ran.code, sums(&ran.json())), (0, [4, 0, 4, 0]), "{ran:?}");
    assert!(ran.stderr.contains("never told of a message"), "{ran:?}");
    // Beside it, what shows it is asked for.
    stage.told(&life(&Mail::new())).await;
    stage.sendgrid.subuser("shop").record(&life(&second));
    let refused = stage.run(&["--on-behalf-of", "shop"]).await;
    assert!(refused.code == 1 && refused.stderr.contains("and of 1 messages"), "{refused:?}");
    stage.world.finish().await;
}

/// More than a page of the ledger, of nobody's, later than everything that is there.
async fn neighbours(db: &Client, batches: i32) {
    let many = "INSERT INTO batches (received_on, id, source_id, received_at, state)
                SELECT (now() AT TIME ZONE 'UTC')::date,
                       (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + 60000), 12, '0')
                        || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
                       999, now(), 'recorded'
                FROM generate_series(1, $1) AS n";
    db.execute(many, &[&batches]).await.unwrap();
    db.batch_execute("VACUUM ANALYZE batches").await.unwrap();
}

/// Blocks that a page of the ledger costs, by the server's own account.
async fn blocks_of_a_page(db: &Client) -> i64 {
    let page = include_str!("../../../crates/store/sql/reconcile_told_batches.sql");
    db.batch_execute("DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan").await.unwrap();
    db.batch_execute(&format!("PREPARE page AS {page}")).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
                   EXECUTE page(1, (now() AT TIME ZONE 'UTC')::date, 'ffffffff-ffff-ffff-ffff-ffffffffffff',
                                '00000000-0000-0000-0000-000000000000')";
    let plan: Value = db.query_one(explain, &[]).await.unwrap().get(0);
    let plan = &plan[0]["Plan"];
    plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_source_beside_a_large_one_is_compared_and_each_look_costs_the_same_however_large() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.told(&life(&Mail::new())).await;
    stage.sendgrid.subuser("shop").record(&life(&Mail::new()));
    let db = stage.world.db().await;
    neighbours(&db, 30_000).await;
    let refused = stage.run(&["--on-behalf-of", "shop"]).await;
    assert!(refused.code == 1 && refused.stderr.contains("and of 1 messages"), "{refused:?}");
    let few = blocks_of_a_page(&db).await;
    neighbours(&db, 150_000).await;
    let many = blocks_of_a_page(&db).await;
    assert!(many <= few + few / 4, "a page costs {many} blocks, {few} of a fifth as many");
    db.execute("DELETE FROM batches WHERE source_id = 999", &[]).await.unwrap();
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_the_events_that_are_kept_is_not_compared() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    stage.happens(&life(&mail)).await;
    let db = stage.world.db().await;
    let keep_from =
        |day: &str| format!("UPDATE retention SET events_kept_from = (now() AT TIME ZONE 'UTC')::date {day}");
    db.batch_execute(&keep_from("+ 2")).await.unwrap();
    let refused = stage.run(&[]).await;
    assert!(refused.code == 2 && refused.stderr.contains("events that are kept"), "{refused:?}");
    assert!(stage.sendgrid.called().is_empty(), "{:?}", stage.sendgrid.called());
    // An hour ago may be yesterday.
    db.batch_execute(&keep_from("- 1")).await.unwrap();
    assert_eq!(sums(&stage.reconciled(&[]).await), [4, 4, 0, 0]);
    stage.world.finish().await;
}
