//! The one table of targets, by id.
//!
//! Targets on ratios are judged, because both sides were measured on one machine in one run: in turns where that can be,
//! one after the other where it cannot. Targets on figures tell only of the machine they were set
//! on, so that they are reported. A miss is no mistake of the run: see [`crate::result::Verdict`].

use crate::id;
use crate::statistics::is_measured;
use serde::Serialize;

/// Which side of the target is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Op {
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">=")]
    AtLeast,
}

impl Op {
    /// As people write it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        }
    }
}

/// What is held against the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The figure by its floor. Judged.
    Ratio,
    /// The figure in its unit. Reported.
    Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Target {
    pub op: Op,
    pub value: f64,
    pub of: Of,
}

impl Target {
    const fn new(of: Of, op: Op, value: f64) -> Self {
        Self { op, value, of }
    }

    /// Nothing measured never meets a target.
    #[must_use]
    pub fn is_met_by(&self, figure: f64) -> bool {
        is_measured(figure)
            && match self.op {
                Op::AtMost => figure <= self.value,
                Op::AtLeast => figure >= self.value,
            }
    }
}

/// What is wanted of one result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub target: Target,
    /// A figure wanted besides the ratio.
    pub goal: Option<Target>,
}

const fn ratio(op: Op, value: f64) -> Option<Rule> {
    Some(Rule { target: Target::new(Of::Ratio, op, value), goal: None })
}

const fn figure(op: Op, value: f64) -> Option<Rule> {
    Some(Rule { target: Target::new(Of::Value, op, value), goal: None })
}

/// At sizes that a window can gather into few statements. Duplicates insert nothing, and POSTs of one or ten events are
/// bound by the broker, so that neither compares with a bare insert.
const END_TO_END: Option<Rule> = Some(Rule {
    target: Target::new(Of::Ratio, Op::AtLeast, 0.6),
    goal: Some(Target::new(Of::Value, Op::AtLeast, 20_000.0)),
});

/// Whether an id is meant.
type Meant = fn(&str) -> bool;

/// The first row that means an id decides. Units are those of [`crate::id`].
const TABLE: &[(Meant, Option<Rule>)] = &[
    // 100 µs where p256's own verify takes 300 µs.
    (|id| id::VERIFY.has(id), ratio(Op::AtMost, 1.0 / 3.0)),
    (|id| id::INGEST_CPU.has(id), ratio(Op::AtMost, 1.5)),
    (|id| matches!(id::END_TO_END.numbers(id), Some([100 | 1_000, _, 0])), END_TO_END),
    (|id| id::LATENCY_P50.numbers(id) == Some([1_000]), figure(Op::AtMost, 30.0)),
    (|id| id::LATENCY_P99.numbers(id) == Some([1_000]), figure(Op::AtMost, 150.0)),
    (|id| id::DISPATCH.has(id), figure(Op::AtLeast, 3_000.0)),
    (|id| id::STALL.has(id), ratio(Op::AtMost, 1.5)),
    (|id| id::BACKLOG.has(id), ratio(Op::AtMost, 1.5)),
    // The empty database is what the others are held against.
    (|id| id::GROWTH_CPU.numbers(id) == Some([0]), None),
    (|id| id::GROWTH_WAL.numbers(id) == Some([0]), None),
    (|id| id::GROWTH_CPU.has(id), ratio(Op::AtMost, 1.2)),
    (|id| id::GROWTH_WAL.has(id), ratio(Op::AtMost, 1.2)),
    (|id| id::RSS_INGEST.has(id), figure(Op::AtMost, 64.0)),
    (|id| id::RSS_WORKER.has(id), figure(Op::AtMost, 160.0)),
    (|id| id::RSS_DISPATCHER.has(id), figure(Op::AtMost, 128.0)),
];

/// What is wanted of the result with this id; `None` when it is only reported.
#[must_use]
pub fn rule(id: &str) -> Option<Rule> {
    TABLE.iter().find(|(meant, _)| meant(id)).and_then(|(_, rule)| *rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(id: &str) -> Option<String> {
        rule(id).map(|Rule { target, goal }| {
            let goal = goal.map(|goal| format!(" and {:?} {} {}", goal.of, goal.op.sign(), goal.value));
            let Target { of, op, value } = target;
            format!("{of:?} {} {value:.4}{}", op.sign(), goal.unwrap_or_default())
        })
    }

    #[test]
    fn each_id_has_the_target_it_was_set() {
        for (id, wanted) in [
            ("verify.known_key", "Ratio ≤ 0.3333"),
            ("ingest.cpu.1", "Ratio ≤ 1.5000"),
            ("ingest.cpu.1000", "Ratio ≤ 1.5000"),
            ("e2e.100.w1.dup0", "Ratio ≥ 0.6000 and Value ≥ 20000"),
            ("e2e.1000.w16.dup0", "Ratio ≥ 0.6000 and Value ≥ 20000"),
            ("latency.1000.p50", "Value ≤ 30.0000"),
            ("latency.1000.p99", "Value ≤ 150.0000"),
            ("dispatch.rate", "Value ≥ 3000.0000"),
            ("isolation.stall.p99", "Ratio ≤ 1.5000"),
            ("isolation.backlog.p99", "Ratio ≤ 1.5000"),
            ("growth.20000000.cpu", "Ratio ≤ 1.2000"),
            ("growth.20000000.wal", "Ratio ≤ 1.2000"),
            ("rss.ingest", "Value ≤ 64.0000"),
            ("rss.worker", "Value ≤ 160.0000"),
            ("rss.dispatcher", "Value ≤ 128.0000"),
        ] {
            assert_eq!(shown(id).as_deref(), Some(wanted), "{id}");
        }
    }

    #[test]
    fn what_is_only_reported_has_none() {
        for id in [
            "floor.verify",
            "floor.publish.100",
            "floor.insert.100",
            "ingest.rate.100",
            "ingest.p99.100",
            "e2e.1.w1.dup0",
            "e2e.10.w1.dup0",
            "e2e.100.w1.dup60",
            "e2e.1000.w2.dup60",
            "latency.100.p99",
            "isolation.stall.floor",
            "growth.0.cpu",
            "growth.0.wal",
            "rss.postgres",
        ] {
            assert_eq!(rule(id), None, "{id}");
        }
    }

    #[test]
    fn a_target_is_met_on_its_line_and_by_nothing_that_was_not_measured() {
        let at_most = Target::new(Of::Ratio, Op::AtMost, 1.5);
        let at_least = Target::new(Of::Ratio, Op::AtLeast, 0.6);
        assert!(at_most.is_met_by(1.5) && !at_most.is_met_by(1.500_001));
        assert!(at_least.is_met_by(0.6) && !at_least.is_met_by(0.599_999));
        for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
            assert!(!at_most.is_met_by(nothing) && !at_least.is_met_by(nothing), "{nothing}");
        }
    }
}
