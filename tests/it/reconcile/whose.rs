//! Records of another account than the one whose webhook the source accepts.

use super::{Stage, life, sums};
use crate::harness::{Mail, Options};

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
    let from = lost.event("processed", 50)["timestamp"].as_i64().unwrap();
    let from = jiff::Timestamp::from_second(from).unwrap().to_string();
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
