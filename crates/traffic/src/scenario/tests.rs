use super::*;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

const START: i64 = 1_700_000_000;
const ALL: [Scenario; 6] = [
    Scenario::Life,
    Scenario::AsyncBounce,
    Scenario::Campaign,
    Scenario::Duplicates,
    Scenario::Disorder,
    Scenario::Test,
];

fn bodies(scenario: Scenario, seed: u64, mails: u64, batch: usize) -> Vec<Body> {
    Story::new(scenario, seed, START, mails, batch).collect()
}

fn elements(body: &Body) -> Vec<Value> {
    serde_json::from_slice(&body.bytes).unwrap()
}

fn events(bodies: &[Body]) -> Vec<Value> {
    bodies.iter().flat_map(elements).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

fn at(event: &Value) -> i64 {
    event["timestamp"].as_i64().unwrap()
}

#[test]
fn a_scenario_is_a_function_of_its_seed_and_counts_its_events() {
    for scenario in ALL {
        let bytes =
            |seed| bodies(scenario, seed, 20, 7).into_iter().map(|body| body.bytes).collect::<Vec<_>>();
        assert_eq!(bytes(7), bytes(7), "{scenario:?}");
        assert_ne!(bytes(7), bytes(8), "{scenario:?}");
        for body in bodies(scenario, 7, 20, 7) {
            assert_eq!(elements(&body).len() as u64, body.events, "{scenario:?}");
            assert!(scenario == Scenario::Test || body.events <= 7, "{scenario:?}");
        }
    }
}

#[test]
fn the_last_event_is_within_the_span() {
    for scenario in ALL {
        for mails in [u64::from(scenario.mails()), 2 * BLOCK_MAILS + 1] {
            let last = events(&bodies(scenario, 3, mails, 100)).iter().map(at).max().unwrap();
            assert!((START..=START + scenario.span_s()).contains(&last), "{scenario:?}");
        }
    }
}

#[test]
fn a_life_has_every_event_of_a_message_that_arrives_in_the_order_of_time() {
    let all = events(&bodies(Scenario::Life, 7, 1, 100));
    let expected = "processed deferred deferred delivered open open click spamreport unsubscribe group_unsubscribe \
                    group_resubscribe";
    assert_eq!(names(&all).join(" "), expected);
    assert!(all.is_sorted_by_key(at));
}

#[test]
fn a_bounce_by_mail_comes_in_a_wave_of_its_own_and_names_only_the_address() {
    let bodies = bodies(Scenario::AsyncBounce, 7, BLOCK_MAILS + 1, 5_000);
    let waves: Vec<u64> = bodies.iter().map(|body| body.wave).collect();
    assert_eq!(waves, [0, 1, 2, 3]);
    let (sent, bounced) = (elements(&bodies[0]), elements(&bodies[1]));
    assert_eq!((sent.len(), bounced.len()), (4_000, 2_000));
    assert_eq!((&bounced[0]["email"], bounced[0].get("sg_message_id")), (&sent[0]["email"], None));
    assert_eq!(at(&bounced[0]) - at(&sent[0]), 2 * 86_400);
}

#[test]
fn a_campaign_is_one_mailing_with_every_outcome_and_mostly_deliveries() {
    let all = events(&bodies(Scenario::Campaign, 7, 1_000, 100));
    let mut count: HashMap<String, usize> = HashMap::new();
    for event in &all {
        let kind = if event["type"] == "blocked" { "blocked" } else { event["event"].as_str().unwrap() };
        *count.entry(kind.to_owned()).or_default() += 1;
    }
    assert_eq!(count["processed"], 1_000);
    assert!((900..=970).contains(&count["delivered"]) && (200..=500).contains(&count["open"]), "{count:?}");
    for name in [
        "deferred",
        "bounce",
        "blocked",
        "dropped",
        "click",
        "spamreport",
        "unsubscribe",
        "group_unsubscribe",
    ] {
        assert!(count.contains_key(name), "{name}: {count:?}");
    }
    assert!(all.is_sorted_by_key(at));
    let marked = |event: &&Value| {
        event["singlesend_name"] == "Autumn letter" && event["category"][0] == "autumn-letter"
    };
    assert_eq!(all.iter().filter(marked).count(), all.len() - count["spamreport"]);
}

#[test]
fn duplicates_are_the_same_bytes_again_or_differ_in_the_id_alone() {
    let bodies = bodies(Scenario::Duplicates, 7, 2, 100);
    let sizes: Vec<u64> = bodies.iter().map(|body| body.events).collect();
    assert_eq!(sizes, [8, 8, 4]);
    assert_eq!(bodies[0].bytes, bodies[1].bytes);
    let known = elements(&bodies[0]);
    for mut event in elements(&bodies[2]) {
        let id = event["sg_event_id"].clone();
        assert!(known.iter().all(|one| one["sg_event_id"] != id), "{event}");
        let same = known.iter().find(|one| {
            event["sg_event_id"] = one["sg_event_id"].clone();
            **one == event
        });
        assert!(same.is_some(), "{event}");
    }
}

#[test]
fn disorder_loses_nothing_and_leaves_no_life_of_a_single_mail_in_order() {
    for seed in 0..50 {
        let all = events(&bodies(Scenario::Disorder, seed, 1, 3));
        assert_eq!(all.len(), 5);
        assert!(!all.is_sorted_by_key(at), "{seed}");
    }
    let all = events(&bodies(Scenario::Disorder, 7, 3, 3));
    let mut found = names(&all);
    found.sort_unstable();
    let expected =
        "bounce click deferred deferred delivered delivered open open processed processed processed";
    assert_eq!(found.join(" "), expected);
}

#[test]
fn the_test_payload_is_that_of_the_reference() {
    let bodies = bodies(Scenario::Test, 7, 100, 2);
    let all = events(&bodies);
    let expected = "processed deferred delivered open click bounce dropped spamreport unsubscribe group_unsubscribe \
                    group_resubscribe";
    assert_eq!((bodies.len(), names(&all).join(" ").as_str()), (1, expected));
    let text = String::from_utf8(bodies[0].bytes.clone()).unwrap();
    assert!(
        text.starts_with(
            r#"[{"email":"example@test.com","timestamp":1700000000,"smtp-id":"\u003c14c5d75ce93."#
        )
    );
    assert!(text.contains("},\r\n{") && text.ends_with("}]\r\n"));
    let ids: HashSet<&str> = all.iter().map(|event| event["sg_event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 11);
    assert!(ids.iter().all(|id| id.len() == 24 && id.ends_with("==")), "{ids:?}");
}
