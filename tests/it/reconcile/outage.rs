//! Events happen while ingest is away, and SendGrid never repeats them.

use super::{Stage, life, origins, sums};
use crate::harness::{Mail, Options, Receiver, tally};
use serde_json::Value;

/// What of a message must not depend on how its events came.
fn settled(message: &Value) -> Value {
    let mut settled = serde_json::json!({});
    for key in ["status", "facts", "counts", "categories", "custom_args"] {
        settled[key] = message[key].clone();
    }
    settled["failure"] = serde_json::json!([message["failure"]["kind"], message["failure"]["reason"]]);
    settled
}

async fn shown(stage: &Stage, mail: &Mail, source: &str) -> Value {
    let found = stage.world.cli_json(&["message", "show", &mail.sg_message_id, "--source", source]).await;
    found["messages"][0].clone()
}

fn lives() -> Vec<(Mail, Vec<Value>)> {
    let all: [&[(&str, i64)]; 6] = [
        &[("processed", 0), ("delivered", 2), ("open", 20), ("click", 25)],
        &[("processed", 0), ("deferred", 4), ("deferred", 30), ("delivered", 60)],
        &[("processed", 0), ("bounce", 3)],
        &[("dropped", 1)],
        &[("processed", 0), ("delivered", 1), ("spamreport", 90)],
        &[("processed", 0), ("delivered", 1), ("open", 50), ("open", 51), ("group_unsubscribe", 70)],
    ];
    let with_args = |mut event: Value| {
        event["campaign"] = "autumn".into();
        event["asm_group_id"] = 17.into();
        event
    };
    let live = |life: &&[(&str, i64)]| {
        let mail = Mail::new();
        let events = life.iter().map(|(name, second)| with_args(mail.event(name, *second))).collect();
        (mail, events)
    };
    all.iter().map(live).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_filled_exactly_and_a_second_run_recovers_none() {
    let mut stage = Stage::start(Options::new(1, 2, 1)).await;
    let receiver = Receiver::start().await;
    stage.world.endpoint(&receiver, &["--source", "main"]).await;
    let control = stage.world.signed_source("control", &stage.sender).await;
    let lives = lives();
    let all: Vec<Value> = lives.iter().flat_map(|(_, events)| events.clone()).collect();
    stage.world.batch(&stage.sender.batch(&all).to(&control).await.unwrap()).await;
    // One life each is told whole, in part, and not at all.
    let (told, lost): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(position, _)| position % 3 == 0);
    let told: Vec<Value> = told.into_iter().map(|(_, event)| event.clone()).collect();
    stage.told(&told).await;
    stage.world.kill("ingest-1");
    let unheard: Vec<Value> = lost.iter().map(|(_, event)| (*event).clone()).collect();
    assert!(stage.sender.batch(&unheard).to(&stage.url).await.is_err(), "nobody listens");
    stage.sendgrid.record(&all);
    stage.world.start_process("ingest-1").await;

    let report = stage.reconciled(&[]).await;
    let (found, missing) = (all.len() as i64, lost.len() as i64);
    assert_eq!(sums(&report), [found, found - missing, missing, 0], "{report}");
    assert_eq!((&report["api"], &report["accepted_from"]), (&"activity".into(), &Value::Null));
    for (mail, _) in &lives {
        let (main, control) = (shown(&stage, mail, "main").await, shown(&stage, mail, "control").await);
        assert_eq!(settled(&main), settled(&control), "{main}");
    }
    stage.world.nothing_owed().await;
    let kinds = |mail: &Mail| {
        let mut kinds: Vec<String> = receiver
            .told()
            .into_iter()
            .filter(|told| told.recipient == mail.recipient)
            .map(|told| told.kind)
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(&lives[0].0), ["message.delivered", "message.seen"]);
    assert_eq!(kinds(&lives[2].0), ["message.failed"]);
    let before = receiver.arrived().len();

    let again = stage.reconciled(&[]).await;
    assert_eq!(sums(&again), [found, found, 0, 0], "{again}");
    // What was lost comes after all.
    let late = stage.told(&unheard).await;
    assert_eq!(tally(&late), [missing, 0, 0, 0, missing, 0], "{late}");
    for (mail, _) in &lives {
        let (main, control) = (shown(&stage, mail, "main").await, shown(&stage, mail, "control").await);
        assert_eq!(settled(&main), settled(&control), "{main}");
    }
    stage.world.nothing_owed().await;
    assert_eq!(receiver.arrived().len(), before, "nobody is told twice");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_shows_which_of_its_events_were_recovered_and_only_what_differs_is_asked_for() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (whole, part, gone) = (Mail::new(), Mail::new(), Mail::new());
    stage.happens(&life(&whole)).await;
    stage.happens(&life(&part)[..1]).await;
    stage.sendgrid.record(&life(&part));
    stage.sendgrid.record(&life(&gone));
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [12, 5, 7, 0], "{report}");
    assert_eq!((&report["messages"], stage.asked_for_messages()), (&3.into(), 2));
    assert_eq!(report["requests"].as_u64(), Some(stage.sendgrid.calls().len() as u64));
    assert_eq!(origins(&stage.world.message(&whole).await), ["webhook"; 4]);
    let part = stage.world.message(&part).await;
    assert_eq!(origins(&part), ["webhook", "reconcile", "reconcile", "reconcile"]);
    assert_eq!((&part["status"], &part["counts"]["opens"]), (&"clicked".into(), &1.into()));
    assert_eq!(origins(&stage.world.message(&gone).await), ["reconcile"; 4]);
    stage.sendgrid.forget_calls();
    assert_eq!(sums(&stage.reconciled(&[]).await), [12, 12, 0, 0]);
    assert_eq!(stage.asked_for_messages(), 0, "everything agrees now");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_of_another_time_are_left_alone_also_where_the_message_has_later_ones() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let events = [mail.event("processed", 0), mail.event("delivered", 100), mail.event("open", 200)];
    stage.sendgrid.record(&events);
    let at = |event: &Value, more: i64| {
        let second = event["timestamp"].as_i64().unwrap() + more;
        jiff::Timestamp::from_second(second).unwrap().to_string()
    };
    let (from, to) = (at(&events[1], -1), at(&events[1], 1));
    let arguments = ["reconcile", "--source", "main", "--from", &from, "--to", &to, "--json"];
    let ran = stage.sendgrid.cli(&stage.world, &arguments).await;
    assert_eq!(sums(&ran.json()), [1, 0, 1, 0], "{ran:?}");
    assert_eq!(stage.world.message(&mail).await["timeline"].as_array().map(Vec::len), Some(1));
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_known_to_be_accepted_after_the_time_asked_for_are_not_asked_for() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (lost, later) = (Mail::new(), Mail::new());
    stage.sendgrid.record(&[lost.event("processed", 0)]);
    stage.told(&[later.event("processed", 100)]).await;
    stage.sendgrid.record(&[later.event("processed", 100), later.event("delivered", 110)]);
    let to = jiff::Timestamp::from_second(lost.event("processed", 50)["timestamp"].as_i64().unwrap());
    let to = to.unwrap().to_string();
    let arguments = ["reconcile", "--source", "main", "--from", "1h", "--to", &to, "--json"];
    for more in [&["--all-new"][..], &["--all-new", "--thorough"]] {
        stage.sendgrid.forget_calls();
        let ran = stage.sendgrid.cli(&stage.world, &[&arguments[..], more].concat()).await;
        assert_eq!(
            (ran.code, &ran.json()["found"], &ran.json()["messages"]),
            (0, &1.into(), &2.into()),
            "{ran:?}"
        );
        // The lost one is whole the second time, and a thorough run asks for it all the same.
        assert_eq!(stage.asked_for_messages(), 1, "{:?}", stage.sendgrid.called());
    }
    assert_eq!(sums(&stage.reconciled(&[]).await), [3, 2, 1, 0]);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_records_may_not_list_yet_is_left_to_a_run_that_begins_where_this_one_ended() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let open = mail.event("open", 290);
    stage.happens(&life(&mail)).await;
    stage.sendgrid.record(std::slice::from_ref(&open));
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [4, 4, 0, 0], "{report}");
    let to: jiff::Timestamp = report["to"].as_str().unwrap().parse().unwrap();
    assert!(to.as_second() <= open["timestamp"].as_i64().unwrap(), "{report}");
    let nothing = ["reconcile", "--source", "main", "--from", "1m", "--to", "now"];
    let refused = stage.sendgrid.cli(&stage.world, &nothing).await;
    assert!(refused.code == 2 && refused.stderr.contains("two minutes ago"), "{refused:?}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_is_missing_and_changes_nothing() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    stage.sendgrid.record(&life(&mail));
    let report = stage.reconciled(&["--dry-run"]).await;
    assert_eq!((sums(&report), &report["missing"]), ([4, 0, 0, 0], &4.into()), "{report}");
    assert_eq!(stage.world.cli(&["message", "show", &mail.sg_message_id]).await.code, 4);
    assert_eq!(stage.world.cli_json(&["audit"]).await["batches"], 0);
    let report = stage.reconciled(&[]).await;
    assert_eq!((sums(&report), &report["resumed"]), ([4, 0, 4, 0], &false.into()), "{report}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_attributed_or_mapped_is_named_with_its_reason() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (odd, nobody, mail) = (Mail::new(), Mail::new(), Mail::new());
    let mut without_address = nobody.event("processed", 0);
    without_address.as_object_mut().unwrap().remove("email");
    let mut of_a_request = mail.event("processed", 0);
    of_a_request["sg_message_id"] = mail.message_id().into();
    stage.sendgrid.record(&[
        odd.event("processed", 0),
        odd.event("exploded", 1),
        without_address,
        of_a_request,
    ]);
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [1, 0, 1, 3], "{report}");
    let rows = report["unknown_rows"].as_array().unwrap();
    for (id, why) in [
        (odd.sg_message_id.as_str(), "`exploded`"),
        (&nobody.sg_message_id, "no address"),
        (mail.message_id(), "of a request"),
    ] {
        let row = rows.iter().find(|row| row["message"] == id).unwrap_or_else(|| panic!("{id}: {report}"));
        assert!(row["reason"].as_str().unwrap().contains(why), "{row}");
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_email_activity_email_logs_are_read_and_where_there_is_neither_it_is_said() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (known, lost) = (Mail::new(), Mail::new());
    stage.happens(&life(&known)).await;
    let mut events = life(&lost);
    events[1]["campaign"] = "autumn".into();
    stage.sendgrid.record(&events);
    stage.sendgrid.refuse_logs(Some(404));
    let refused = stage.run(&["--api", "logs"]).await;
    assert!(refused.code == 64 && refused.stderr.contains("Email Logs"), "{refused:?}");
    stage.sendgrid.refuse_activity(Some(403));
    let refused = stage.run(&[]).await;
    assert!(refused.code == 64 && refused.stderr.contains("Email Activity"), "{refused:?}");
    stage.sendgrid.refuse_logs(None);
    let ran = stage.run(&[]).await;
    let report = ran.json();
    assert_eq!((ran.code, &report["api"], sums(&report)), (0, &"logs".into(), [8, 4, 4, 0]), "{ran:?}");
    let time = |name: &str| report[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("from").duration_since(time("accepted_from")), jiff::SignedDuration::from_hours(72));
    let accepted = format!("accepted before {}", time("accepted_from"));
    for part in ["Email Activity: SendGrid does not permit this", "Email Logs instead", &accepted] {
        assert!(ran.stderr.contains(part), "{part}: {ran:?}");
    }
    let message = stage.world.message(&lost).await;
    assert_eq!((&message["status"], origins(&message)), (&"clicked".into(), vec!["reconcile"; 4]));
    assert_eq!(message["custom_args"]["campaign"], "autumn");
    assert_eq!(sums(&stage.reconciled(&["--api", "logs"]).await), [8, 8, 0, 0]);
    // The other of the records says the same, in other words.
    stage.sendgrid.refuse_activity(None);
    assert_eq!(sums(&stage.reconciled(&["--api", "activity"]).await), [8, 8, 0, 0]);
    stage.world.finish().await;
}
