use super::*;
use crate::target::Op;

const UNIT: &str = "s";

fn floor(value: f64) -> Measurement {
    Measurement::new("floor.publish.100", UNIT, value)
}

fn ingest(value: f64) -> Measurement {
    Measurement::new("ingest.cpu.100", UNIT, value)
}

#[test]
fn a_ratio_within_its_target_is_met() {
    let result = ingest(1.5).against(&floor(1.0));
    assert_eq!(result.target(), Some(Target { op: Op::AtMost, value: 1.5, of: Of::Ratio }));
    assert_eq!(result.verdict(), Verdict::Met);
    assert_eq!((result.is_met(), result.fails_check()), (Some(true), false));
}

#[test]
fn a_miss_that_says_what_binds_it_passes_the_check() {
    let result = ingest(1.6).against(&floor(1.0)).bound_by("the broker takes 71 % of the CPU");
    assert_eq!(result.verdict(), Verdict::Missed { binds: Some("the broker takes 71 % of the CPU") });
    assert_eq!((result.is_met(), result.fails_check()), (Some(false), false));
}

#[test]
fn a_miss_that_says_nothing_fails_the_check() {
    for result in [ingest(1.6), ingest(1.6).bound_by(" \n"), ingest(1.6).noted("busy machine")] {
        let result = result.against(&floor(1.0));
        assert_eq!(result.verdict(), Verdict::Missed { binds: None });
        assert_eq!((result.is_met(), result.fails_check()), (Some(false), true));
    }
}

#[test]
fn a_figure_that_misses_its_target_is_reported_and_passes_the_check() {
    let result = Measurement::new("latency.1000.p99", "ms", 151.0);
    assert_eq!(result.verdict(), Verdict::Missed { binds: None });
    assert_eq!((result.is_met(), result.fails_check()), (Some(false), false));
    assert_eq!(Measurement::new("latency.1000.p99", "ms", 150.0).verdict(), Verdict::Met);
    assert_eq!(Measurement::new("latency.1000.p99", "ms", f64::NAN).is_met(), Some(false));
    assert_eq!(Measurement::new("rss.worker", "MiB", 0.0).is_met(), Some(false));
}

#[test]
fn what_has_no_target_has_no_verdict() {
    let result = Measurement::new("e2e.1.w1.dup0", "events/s", 900.0);
    let result = result.against(&Measurement::new("floor.insert.1", "events/s", 1_000.0));
    assert_eq!(result.ratio().unwrap().value, 0.9);
    assert_eq!(result.verdict(), Verdict::Untargeted);
    assert_eq!((result.is_met(), result.fails_check()), (None, false));
}

#[test]
fn a_ratio_without_a_floor_is_missed_and_nothing_excuses_it() {
    let result = ingest(1.0).bound_by("the floor was not measured");
    assert_eq!(result.verdict(), Verdict::Unformed(NoRatio::NoFloor));
    assert_eq!((result.is_met(), result.fails_check(), result.binds()), (Some(false), true, None));
}

#[test]
fn a_ratio_with_something_that_measured_nothing_is_missed_and_nothing_excuses_it() {
    for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for (result, reason) in [
            (ingest(1.0).against(&floor(nothing)), NoRatio::Floor),
            (ingest(nothing).against(&floor(1.0)), NoRatio::Figure),
        ] {
            let result = result.bound_by("something");
            assert_eq!(result.verdict(), Verdict::Unformed(reason), "{nothing}");
            assert_eq!((result.is_met(), result.fails_check()), (Some(false), true), "{nothing}");
            assert_eq!((result.ratio(), result.binds()), (None, None), "{nothing}");
        }
    }
}

#[test]
fn figures_of_different_units_have_no_ratio() {
    let result = ingest(1.0).against(&Measurement::new("floor.publish.100", "ms", 1.0));
    assert_eq!(result.verdict(), Verdict::Unformed(NoRatio::Units));
}

#[test]
fn rounds_are_held_against_their_own_floors() {
    let floor = Measurement::of_rounds("floor.publish.100", UNIT, vec![10.0, 20.0, 12.0]);
    let result = Measurement::of_rounds("ingest.cpu.100", UNIT, vec![12.0, 24.0, 12.0]);
    assert_eq!((floor.value(), result.value()), (12.0, 12.0));
    assert_eq!(result.clone().against(&floor).ratio(), Some(Ratio { value: 1.0, spread: None }));
    let ratio = result.against_rounds_of(&floor).ratio();
    assert_eq!(ratio, Some(Ratio { value: 1.2, spread: Some(Spread { min: 1.0, max: 1.2 }) }));
}

#[test]
fn rounds_that_are_no_pairs_miss_the_target() {
    let result =
        Measurement::of_rounds("ingest.cpu.100", UNIT, vec![1.0, 1.0]).against_rounds_of(&floor(1.0));
    assert_eq!(result.verdict(), Verdict::Unformed(NoRatio::Pairs));
}

#[test]
fn a_figure_wanted_besides_the_ratio_is_told_and_not_judged() {
    let floor = Measurement::new("floor.insert.100", "events/s", 20_000.0);
    let slow = Measurement::new("e2e.100.w1.dup0", "events/s", 19_999.0).against(&floor);
    let (goal, met) = slow.goal().unwrap();
    assert_eq!((goal.value, goal.of, met), (20_000.0, Of::Value, false));
    assert_eq!((slow.verdict(), slow.fails_check()), (Verdict::Met, false));
    let fast = Measurement::new("e2e.100.w1.dup0", "events/s", 20_000.0).against(&floor);
    assert!(fast.goal().unwrap().1);
}

#[test]
fn a_pooled_figure_keeps_its_rounds_beside_it() {
    let floor = Measurement::of_pool("isolation.stall.floor", "ms", 40.0, vec![30.0, 50.0]);
    let result = Measurement::of_pool("isolation.stall.p99", "ms", 50.0, vec![20.0, 90.0]).against(&floor);
    assert_eq!((result.value(), result.spread()), (50.0, Some(Spread { min: 20.0, max: 90.0 })));
    assert_eq!(result.ratio(), Some(Ratio { value: 1.25, spread: None }));
    assert_eq!(result.verdict(), Verdict::Met);
}
