//! SendGrid's suppression lists beside what is known of recipients.

use super::Stage;
use crate::harness::sendgrid::Change;
use crate::harness::{Mail, Options};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_suppressed_on_one_side_only_are_told_and_nothing_is_changed() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (both, here, there, blocked) = (Mail::new(), Mail::new(), Mail::new(), Mail::new());
    stage.told(&[both.event("bounce", 1), here.event("spamreport", 1), there.event("delivered", 1)]).await;
    let row = |address: &str| json!({ "created": 1_700_000_000, "email": address, "reason": "550" });
    stage.sendgrid.suppress("bounces", row(&both.recipient.to_uppercase()));
    stage.sendgrid.suppress("bounces", row(&there.recipient));
    stage.sendgrid.suppress("unsubscribes", row(&there.recipient));
    stage.sendgrid.suppress("blocks", row(&blocked.recipient));
    for number in 0..600 {
        stage.sendgrid.suppress("invalid_emails", row(&format!("nobody-{number}@example.com")));
    }
    let report = stage.reconciled(&["--suppressions"]).await;
    let found = &report["suppressions"];
    assert_eq!((&found["only_there"], &found["only_here"]), (&601.into(), &1.into()), "{found}");
    assert_eq!((&found["lists"]["bounces"], &found["lists"]["invalid_emails"]), (&2.into(), &600.into()));
    let differences = found["differences"].as_array().unwrap();
    let of = |address: &str| -> Vec<&Value> {
        differences.iter().filter(|difference| difference["address"] == address).collect()
    };
    assert_eq!(of(&there.recipient).len(), 1, "named once");
    assert_eq!(of(&there.recipient)[0]["there"], "bounces");
    assert_eq!(
        of(&here.recipient)[0],
        &json!({ "address": here.recipient, "there": null, "here": "complained" })
    );
    assert!(of(&both.recipient).is_empty() && of(&blocked.recipient).is_empty());
    let shown = stage.world.cli(&["recipient", "show", &there.recipient]).await;
    assert_eq!(shown.code, 4, "nothing was written: {shown:?}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_an_address_where_two_pages_meet_costs_no_other_row() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    // A page has 500 rows, and the next begins with its last one.
    for number in 0..1_200 {
        let mut row = json!({ "created": 1_700_000_000, "email": format!("nobody-{number}@example.com") });
        if [499, 998].contains(&number) {
            row["email"] = Value::Null;
        }
        stage.sendgrid.suppress("bounces", row);
    }
    let report = stage.reconciled(&["--suppressions", "--thorough"]).await;
    assert_eq!(report["suppressions"]["lists"]["bounces"], 1_198, "{report}");
    let pages = stage.sendgrid.called();
    let pages = pages.iter().filter(|line| line.ends_with("/suppression/bounces")).count();
    assert!(pages < 10, "{pages} pages");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shrinks_while_it_is_read_is_read_whole() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    for number in 0..1_400 {
        let row = json!({ "created": 1_700_000_000, "email": format!("nobody-{number}@example.com") });
        stage.sendgrid.suppress("bounces", row);
    }
    // By more than a page: between the first page and the second, and again.
    let pages = "GET /v3/suppression/bounces";
    stage.sendgrid.meanwhile(pages, 1, Change::Unsuppress("bounces", 300));
    stage.sendgrid.meanwhile(pages, 5, Change::Unsuppress("bounces", 550));
    // A thorough run reads no list by itself.
    let report = stage.reconciled(&["--suppressions", "--thorough"]).await;
    let found = &report["suppressions"];
    assert_eq!(
        (&found["lists"]["bounces"], &found["only_there"]),
        (&1_400.into(), &1_400.into()),
        "{report}"
    );
    stage.world.finish().await;
}
