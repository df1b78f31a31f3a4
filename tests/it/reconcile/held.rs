//! What was recovered and cannot be applied: held aside, and said so.

use super::{Stage, life, origins, sums};
use crate::harness::{Mail, Options};

#[tokio::test(flavor = "multi_thread")]
async fn every_fact_of_a_batch_that_is_held_as_a_whole_is_counted_and_comes_back_by_a_release() {
    let mut stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.world.allow_error("a batch is refused as a whole");
    let (mail, db) = (Mail::new(), stage.world.db().await);
    stage.sendgrid.record(&life(&mail));
    // No part of it alone is at fault: whatever it comes to, its row is refused.
    db.batch_execute(
        "CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '22012'; END $$;
         CREATE TRIGGER refuse_all BEFORE UPDATE ON batches FOR EACH ROW
         WHEN (NEW.origin IS NOT NULL AND NEW.state = 'recorded') EXECUTE FUNCTION refuse_all()",
    )
    .await
    .unwrap();
    let ran = stage.run(&[]).await;
    let report = ran.json();
    assert_eq!((ran.code, sums(&report), &report["quarantined"]), (1, [4, 0, 0, 4], &4.into()), "{ran:?}");
    assert!(ran.stderr.contains("quarantine list --source main"), "{ran:?}");
    assert!(report["unknown_rows"].to_string().contains("quarantine list"), "{report}");
    let audit = stage.world.cli_json(&["audit"]).await;
    assert_eq!((&audit["elements"], &audit["quarantined"]), (&1.into(), &1.into()), "{audit}");
    db.batch_execute("DROP TRIGGER refuse_all ON batches").await.unwrap();
    stage.world.cli_json(&["quarantine", "release", "--source", "main"]).await;
    assert_eq!(origins(&stage.world.message(&mail).await), ["reconcile"; 4]);
    assert_eq!(sums(&stage.reconciled(&[]).await), [4, 4, 0, 0]);
    stage.world.finish().await;
}
