//! Opens the secrets and headers of endpoints, and keeps away from those that another key sealed.
//!
//! This process may be the one of several that was given a wrong key. It must not spend the attempts that the others
//! would have delivered with, so it leases nothing of such an endpoint any more, is not ready, and goes on with the
//! others. Every look reads those endpoints again: sealed anew, paused or removed, they no longer stand in the way.

use crate::endpoint::{OtherKey, Target};
use service::health::Condition;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::delivery::Endpoint;
use store::sealed::KeyRing;

/// Holder of the keys.
#[derive(Debug)]
pub(crate) struct Unsealer {
    keys: KeyRing,
    /// Met while every endpoint that was met opens.
    condition: Condition,
    /// Endpoints with something that another key sealed.
    foreign: Mutex<BTreeSet<i32>>,
}

impl Unsealer {
    pub(crate) fn new(keys: KeyRing, condition: Condition) -> Self {
        condition.met();
        Self { keys, condition, foreign: Mutex::default() }
    }

    /// The endpoints that are left to others.
    pub(crate) fn foreign(&self) -> Vec<i32> {
        self.lock().iter().copied().collect()
    }

    /// How the active ones of `endpoints` want to be told; those that are left to others are missing, too.
    pub(crate) fn targets(&self, endpoints: &[Endpoint]) -> HashMap<i32, Arc<Target>> {
        let mut targets = HashMap::with_capacity(endpoints.len());
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.active) {
            match Target::of(endpoint, &self.keys) {
                Ok(target) => drop(targets.insert(endpoint.id, Arc::new(target))),
                Err(OtherKey) => self.leave(endpoint.id),
            }
        }
        targets
    }

    /// Takes back what need not be left to others any more. `found`: all of [`Self::foreign`] that still exist.
    pub(crate) fn reconsider(&self, found: &[Endpoint]) {
        let other_key = |endpoint: &&Endpoint| endpoint.active && Target::of(endpoint, &self.keys).is_err();
        let still: BTreeSet<i32> = found.iter().filter(other_key).map(|endpoint| endpoint.id).collect();
        if still.is_empty() {
            self.condition.met();
        }
        *self.lock() = still;
    }

    fn leave(&self, endpoint: i32) {
        if self.lock().insert(endpoint) {
            tracing::error!(
                endpoint,
                "its secrets were sealed with another key, leaving it to other dispatchers"
            );
        }
        self.condition.unmet("a secret was sealed with another key than SENDSTATE_SECRET_KEY");
    }

    /// A set is whole after every statement.
    fn lock(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Obstacle;
    use secrecy::SecretString;
    use service::health::Health;
    use store::delivery::SealedSecret;
    use store::sealed::SecretKey;
    use wire::webhook::Secret;

    const OURS: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const THEIRS: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn key(text: &str) -> KeyRing {
        KeyRing::new(SecretKey::parse(text).unwrap(), None)
    }

    fn endpoint(id: i32, sealed_with: &str) -> Endpoint {
        let secret = SecretString::from(Secret::generate([1; 32]).reveal());
        Endpoint {
            id,
            url: "https://example.com/hook".to_owned(),
            active: true,
            allow_http: false,
            allow_networks: Vec::new(),
            timeout: None,
            schedule: None,
            secrets: vec![SealedSecret {
                scheme: "v1".to_owned(),
                sealed: key(sealed_with).seal(id, &secret),
            }],
            headers: Vec::new(),
        }
    }

    #[test]
    fn an_endpoint_that_another_key_sealed_is_left_to_others_until_it_need_not_be() {
        let foreign = endpoint(2, THEIRS);
        let remedies = [
            vec![endpoint(2, OURS)],
            vec![Endpoint { active: false, ..foreign.clone() }],
            vec![Endpoint { secrets: Vec::new(), ..foreign.clone() }],
            Vec::new(),
        ];
        for remedy in remedies {
            let health = Health::new();
            let unsealer = Unsealer::new(key(OURS), health.condition("secret_key"));
            assert!(health.report().ready);

            let targets = unsealer.targets(&[endpoint(1, OURS), foreign.clone()]);
            assert_eq!(targets.into_keys().collect::<Vec<_>>(), [1]);
            assert_eq!(unsealer.foreign(), [2]);
            assert!(!health.report().ready);

            unsealer.reconsider(std::slice::from_ref(&foreign));
            assert_eq!(unsealer.foreign(), [2]);
            assert!(!health.report().ready);

            unsealer.reconsider(&remedy);
            assert_eq!(unsealer.foreign(), [0; 0]);
            assert!(health.report().ready);
        }
    }

    #[test]
    fn an_obstacle_that_any_process_would_meet_leaves_the_process_ready() {
        let health = Health::new();
        let unsealer = Unsealer::new(key(OURS), health.condition("secret_key"));
        let without = Endpoint { secrets: Vec::new(), ..endpoint(1, OURS) };
        let targets = unsealer.targets(&[without]);
        assert_eq!(targets[&1].destination.as_ref().unwrap_err(), &Obstacle::NoSecret);
        assert!(health.report().ready && unsealer.foreign().is_empty());
    }
}
