//! One result of a run: a figure, what it is held against, and what came of that.
//!
//! A [`Measurement`] is built up once and then only read. Its target comes from [`crate::target`] by its id, so that no
//! run can set its own; its verdict is worked out, so that it cannot disagree with its figures. What was not measured
//! (zero, no number, no floor) meets no target and is excused by nothing.

use crate::statistics::{self, NoRatio, Ratio, Spread};
use crate::target::{self, Of, Rule, Target};

/// The figure another one is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    pub id: String,
    pub value: f64,
    pub ratio: Result<Ratio, NoRatio>,
}

/// What came of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Nothing is wanted; the figure is told for its own sake.
    Untargeted,
    Met,
    /// `binds` says what was measured to stand in the way.
    Missed {
        binds: Option<&'a str>,
    },
    /// A ratio is wanted and there is none, which nothing excuses.
    Unformed(NoRatio),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    id: String,
    value: f64,
    unit: &'static str,
    floor: Option<Floor>,
    rule: Option<Rule>,
    binds: Option<String>,
    rounds: Vec<f64>,
    note: Option<String>,
}

impl Measurement {
    /// A figure that one run as a whole yields, such as a percentile.
    #[must_use]
    pub fn new(id: impl Into<String>, unit: &'static str, value: f64) -> Self {
        let id = id.into();
        let rule = target::rule(&id);
        Self { id, value, unit, floor: None, rule, binds: None, rounds: Vec::new(), note: None }
    }

    /// The median of several rounds; no number when one of them is none.
    #[must_use]
    pub fn of_rounds(id: impl Into<String>, unit: &'static str, rounds: Vec<f64>) -> Self {
        let value = statistics::median(&rounds).unwrap_or(f64::NAN);
        Self { rounds, ..Self::new(id, unit, value) }
    }

    /// A figure of all that was observed in several rounds together, such as a percentile; `rounds` are the same figure of
    /// each alone, and tell how far they were apart.
    #[must_use]
    pub fn of_pool(id: impl Into<String>, unit: &'static str, value: f64, rounds: Vec<f64>) -> Self {
        Self { rounds, ..Self::new(id, unit, value) }
    }

    /// Held against another figure of the same run: figure by figure.
    #[must_use]
    pub fn against(self, floor: &Self) -> Self {
        let ratio = statistics::ratio(self.value, floor.value).map(|value| Ratio { value, spread: None });
        self.held(floor, ratio)
    }

    /// Held against a figure whose rounds took turns with its own: the median of the ratios of the pairs. It differs
    /// from the ratio of the two medians by less than the rounds differ.
    #[must_use]
    pub fn against_rounds_of(self, floor: &Self) -> Self {
        let ratio = statistics::ratio_of_rounds(&self.rounds, &floor.rounds);
        self.held(floor, ratio)
    }

    /// Held against those rounds of another figure that took turns with its own.
    #[must_use]
    pub fn against_pairs(self, floor: &Self, pairs: &[f64]) -> Self {
        let ratio = statistics::ratio_of_rounds(&self.rounds, pairs);
        self.held(floor, ratio)
    }

    fn held(self, floor: &Self, ratio: Result<Ratio, NoRatio>) -> Self {
        let ratio = if self.unit == floor.unit { ratio } else { Err(NoRatio::Units) };
        Self { floor: Some(Floor { id: floor.id.clone(), value: floor.value, ratio }), ..self }
    }

    /// Says what was measured to stand in the way of the target. Blank text says nothing.
    #[must_use]
    pub fn bound_by(self, binds: impl Into<String>) -> Self {
        let binds = Some(binds.into()).filter(|binds| !binds.trim().is_empty());
        Self { binds, ..self }
    }

    /// What a reader must know to read the figure right.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// May be no number, when nothing was measured.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    #[must_use]
    pub const fn unit(&self) -> &'static str {
        self.unit
    }

    #[must_use]
    pub const fn floor(&self) -> Option<&Floor> {
        self.floor.as_ref()
    }

    /// The figure by its floor, where that could be formed.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        self.floor.as_ref().and_then(|floor| floor.ratio.ok())
    }

    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.rule.map(|rule| rule.target)
    }

    /// The figure wanted besides the ratio, and whether it was reached. Reported, never judged.
    #[must_use]
    pub fn goal(&self) -> Option<(Target, bool)> {
        self.rule.and_then(|rule| rule.goal).map(|goal| (goal, goal.is_met_by(self.value)))
    }

    #[must_use]
    pub fn rounds(&self) -> &[f64] {
        &self.rounds
    }

    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        statistics::spread(&self.rounds)
    }

    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// What stood in the way. `None` where a wanted ratio is missing: nothing was measured that could bind it.
    #[must_use]
    pub fn binds(&self) -> Option<&str> {
        match self.verdict() {
            Verdict::Unformed(_) => None,
            _ => self.binds.as_deref(),
        }
    }

    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        let Some(target) = self.target() else { return Verdict::Untargeted };
        let judged = match (target.of, &self.floor) {
            (Of::Value, _) => Ok(self.value),
            (Of::Ratio, None) => Err(NoRatio::NoFloor),
            (Of::Ratio, Some(floor)) => floor.ratio.map(|ratio| ratio.value),
        };
        match judged {
            Err(reason) => Verdict::Unformed(reason),
            Ok(figure) if target.is_met_by(figure) => Verdict::Met,
            Ok(_) => Verdict::Missed { binds: self.binds.as_deref() },
        }
    }

    /// `None` without a target.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        match self.verdict() {
            Verdict::Untargeted => None,
            Verdict::Met => Some(true),
            Verdict::Missed { .. } | Verdict::Unformed(_) => Some(false),
        }
    }

    /// Whether a check of the whole run fails for it: a ratio missed its target, and nothing measured says why.
    #[must_use]
    pub fn fails_check(&self) -> bool {
        let is_judged = self.target().is_some_and(|target| target.of == Of::Ratio);
        is_judged && matches!(self.verdict(), Verdict::Missed { binds: None } | Verdict::Unformed(_))
    }
}

#[cfg(test)]
mod tests;
