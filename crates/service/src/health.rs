//! Whether a process may be given work: a set of named conditions, each held by the part that knows.
//!
//! Ready means every condition is met and the process is not draining. A condition starts unmet, so that nothing is
//! ready by omission. Changes are logged here, once. Liveness is not here: it depends on nothing.

use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The conditions of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Reason why a condition is not met, or nothing when it is.
    unmet: BTreeMap<&'static str, Option<Cow<'static, str>>>,
    draining: bool,
}

/// One condition, in the hands of the part that knows whether it is met. Clones share it.
#[derive(Clone, Debug)]
pub struct Condition {
    name: &'static str,
    health: Health,
}

/// A snapshot, as `/readyz` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub ready: bool,
    pub draining: bool,
    /// `ok`, or the reason why the condition is not met.
    pub conditions: BTreeMap<&'static str, Cow<'static, str>>,
}

impl Health {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition, unmet for the reason `starting`. The same name is the same condition.
    #[must_use]
    pub fn condition(&self, name: &'static str) -> Condition {
        self.lock().unmet.entry(name).or_insert(Some(Cow::Borrowed("starting")));
        Condition { name, health: self.clone() }
    }

    /// From now on the process is not ready, whatever its conditions say. There is no way back.
    pub fn drain(&self) {
        self.lock().draining = true;
    }

    #[must_use]
    pub fn report(&self) -> Report {
        let state = self.lock();
        let ready = !state.draining && state.unmet.values().all(Option::is_none);
        let shown = |unmet: &Option<Cow<'static, str>>| unmet.clone().unwrap_or(Cow::Borrowed("ok"));
        let conditions = state.unmet.iter().map(|(name, unmet)| (*name, shown(unmet))).collect();
        Report { ready, draining: state.draining, conditions }
    }

    /// The state is whole after every statement, so a panic elsewhere leaves it usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, name: &'static str, unmet: Option<Cow<'static, str>>) {
        let (before, draining) = {
            let mut state = self.lock();
            (state.unmet.insert(name, unmet.clone()), state.draining)
        };
        if before.as_ref() == Some(&unmet) {
            return;
        }
        match unmet {
            None => tracing::info!(condition = name, "condition met"),
            // Lost in the middle of running; while starting or draining it is the way of things.
            Some(reason) if before == Some(None) && !draining => {
                tracing::warn!(condition = name, %reason, "condition lost");
            }
            Some(reason) => tracing::info!(condition = name, %reason, "condition not met"),
        }
    }
}

impl Condition {
    pub fn met(&self) {
        self.health.set(self.name, None);
    }

    /// `reason` is shown on the admin port: no addresses, no credentials.
    pub fn unmet(&self, reason: impl Into<Cow<'static, str>>) {
        self.health.set(self.name, Some(reason.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ready_before_every_condition_was_met() {
        let health = Health::new();
        let (broker, sources) = (health.condition("broker"), health.condition("sources"));
        broker.met();
        assert!(!health.report().ready);
        assert_eq!(health.report().conditions["sources"], "starting");
        sources.met();
        assert!(health.report().ready);
    }

    #[test]
    fn a_lost_condition_says_why_and_can_return() {
        let health = Health::new();
        let broker = health.condition("broker");
        broker.met();
        broker.unmet("blocked");
        assert_eq!(health.report().conditions["broker"], "blocked");
        assert!(!health.report().ready);
        broker.met();
        assert!(health.report().ready);
    }

    #[test]
    fn a_draining_process_is_never_ready_again() {
        let health = Health::new();
        let broker = health.condition("broker");
        health.drain();
        broker.met();
        let report = health.report();
        assert!(!report.ready && report.draining);
        assert_eq!(report.conditions["broker"], "ok");
    }

    #[test]
    fn asking_for_a_condition_again_does_not_reset_it() {
        let health = Health::new();
        health.condition("broker").met();
        health.condition("broker").met();
        let _again = health.condition("broker");
        assert!(health.report().ready);
    }
}
