use super::*;
use domain::retry::SCHEDULE;
use jiff::SignedDuration;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const DAY: i64 = 24 * 60 * 60;

const fn trial(attempt: u16) -> Trial<'static> {
    Trial { attempt, waits: 0, created_at: NOW, schedule: &SCHEDULE }
}

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn asking(status: u16, seconds: i64) -> End {
    End::Answered { status, come_again: Some(after(seconds)) }
}

#[test]
fn a_2xx_is_a_delivery_whichever_attempt_it_was() {
    for attempt in [1, 10, u16::MAX] {
        assert_eq!(End::answered(204).verdict(&trial(attempt), NOW, 0.5), Verdict::Delivered);
    }
}

#[test]
fn a_redirect_and_our_own_faults_are_tried_again_on_schedule() {
    let ends = [301, 400, 404, 500, 502, 503, 504].map(End::answered).into_iter();
    for end in ends.chain([End::Unanswered(Trouble::Tls)]).chain(Obstacle::ALL.map(End::Unsent)) {
        assert_eq!(end.verdict(&trial(1), NOW, 0.5), Verdict::Retry { at: after(5) }, "{end:?}");
    }
}

#[test]
fn the_tenth_failure_is_the_last() {
    let failed = End::Unanswered(Trouble::Connect);
    assert!(matches!(failed.verdict(&trial(9), NOW, 0.5), Verdict::Retry { .. }));
    assert_eq!(failed.verdict(&trial(10), NOW, 0.5), Verdict::Exhausted);
    assert_eq!(failed.verdict(&trial(u16::MAX), NOW, 0.5), Verdict::Exhausted);
}

#[test]
fn an_endpoint_with_its_own_schedule_is_tried_by_that() {
    let schedule = [Duration::ZERO, Duration::from_secs(60)];
    let of = |attempt| End::answered(500).verdict(&Trial { schedule: &schedule, ..trial(attempt) }, NOW, 0.5);
    assert_eq!((of(1), of(2)), (Verdict::Retry { at: after(60) }, Verdict::Exhausted));
}

#[test]
fn attempts_that_cost_nothing_do_not_count() {
    let waited = Trial { waits: 90, ..trial(99) };
    assert!(matches!(End::answered(500).verdict(&waited, NOW, 0.5), Verdict::Retry { .. }));
    assert_eq!(waited.obstacle(), None);
    assert_eq!(End::answered(500).verdict(&Trial { waits: 89, ..waited }, NOW, 0.5), Verdict::Exhausted);
}

#[test]
fn who_says_when_to_come_again_is_asked_then_within_a_second_and_a_day() {
    for status in [429, 503] {
        for (asked, waited) in [(60, 60), (0, 1), (-3_600, 1), (DAY, DAY), (400 * DAY, DAY)] {
            let verdict = asking(status, asked).verdict(&trial(3), NOW, 0.0);
            assert_eq!(verdict, Verdict::Wait { at: after(waited) }, "{status} {asked}");
        }
    }
}

#[test]
fn such_a_wait_is_stretched_a_little_and_never_shortened() {
    for chance in [-1.0, 0.0, 0.3, 1.0, 7.0] {
        for (asked, longest) in [(10, 11), (1_000, 1_010), (DAY, DAY + 10)] {
            let Verdict::Wait { at } = asking(429, asked).verdict(&trial(1), NOW, chance) else { panic!() };
            assert!(at >= after(asked) && at <= after(longest), "{asked} {chance}: {at}");
        }
    }
}

#[test]
fn who_says_later_for_ever_is_given_up_after_a_hundred_times() {
    let of = |waits| asking(503, 60).verdict(&Trial { waits, ..trial(waits + 1) }, NOW, 0.0);
    assert_eq!(of(99), Verdict::Wait { at: after(60) });
    assert_eq!(of(100), Verdict::Exhausted);
}

#[test]
fn who_says_later_for_ever_is_given_up_after_seven_days() {
    let of = |age: i64| {
        asking(429, 60).verdict(&Trial { created_at: after(-age), waits: 1, ..trial(2) }, NOW, 0.0)
    };
    assert_eq!(of(7 * DAY - 60), Verdict::Wait { at: after(60) });
    assert_eq!(of(7 * DAY - 59), Verdict::Exhausted);
    assert_eq!(of(100 * DAY), Verdict::Exhausted);
}

#[test]
fn other_statuses_cannot_put_a_delivery_off() {
    for status in [301, 400, 404, 500, 502, 504] {
        assert_eq!(
            asking(status, 60).verdict(&trial(1), NOW, 0.5),
            Verdict::Retry { at: after(5) },
            "{status}"
        );
    }
}

#[test]
fn what_was_held_for_long_still_has_its_schedule_when_its_consumer_says_later() {
    let held = |attempt| Trial { created_at: after(-30 * DAY), ..trial(attempt) };
    assert_eq!(asking(429, 60).verdict(&held(1), NOW, 0.5), Verdict::Retry { at: after(5) });
    assert_eq!(asking(429, 60).verdict(&held(10), NOW, 0.5), Verdict::Exhausted);
}

#[test]
fn who_is_gone_costs_its_deliveries_nothing_more() {
    for attempt in [1, 10, u16::MAX] {
        assert_eq!(End::answered(410).verdict(&trial(attempt), NOW, 0.5), Verdict::Wait { at: NOW });
    }
    assert!((100..=599).all(|status| End::answered(status).is_gone() == (status == 410)));
}

#[test]
fn what_our_own_end_cut_off_is_due_at_once_and_never_given_up() {
    for attempt in [1, 9, 10, 11, u16::MAX] {
        let verdict = End::Unanswered(Trouble::Abandoned).verdict(&trial(attempt), NOW, 0.5);
        assert_eq!(verdict, Verdict::Wait { at: NOW }, "{attempt}");
    }
}

#[test]
fn a_delivery_whose_ends_are_lost_is_leased_a_few_times_beyond_the_schedule_and_then_given_up() {
    let sent = (1..=u16::MAX).take_while(|attempt| trial(*attempt).obstacle().is_none()).count();
    assert_eq!(sent, 15);
    let last = End::Unsent(Obstacle::LeasedTooOften).verdict(&trial(16), NOW, 0.5);
    assert_eq!(last, Verdict::Exhausted);
}

#[test]
fn health_is_what_the_endpoint_did_and_not_what_we_did() {
    let until = Some(after(60));
    for (end, health) in [
        (End::answered(200), Some(Health::Success)),
        (End::answered(302), Some(Health::Failure)),
        (End::answered(404), Some(Health::Failure)),
        (End::answered(500), Some(Health::Failure)),
        (End::answered(429), Some(Health::Overloaded { until: None })),
        (asking(429, 60), Some(Health::Overloaded { until })),
        (asking(503, 60), Some(Health::Overloaded { until })),
        (asking(502, 60), Some(Health::Overloaded { until: None })),
        (End::answered(504), Some(Health::Overloaded { until: None })),
        (End::Unanswered(Trouble::Timeout), Some(Health::Failure)),
        (End::Unanswered(Trouble::Abandoned), None),
    ] {
        assert_eq!(end.health(), health, "{end:?}");
    }
    assert!(Obstacle::ALL.into_iter().all(|obstacle| End::Unsent(obstacle).health().is_none()));
}
