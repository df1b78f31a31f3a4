//! When each family of endpoints may be asked again. Pure but for the time it is given.

use super::call::Family;
use super::limit;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What earlier answers said.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    free_at: BTreeMap<Family, Instant>,
}

impl Pace {
    /// Remembers an answer's word, which replaces any earlier one.
    pub(super) fn heed(&mut self, family: Family, headers: &HeaderMap, now: Instant) {
        match limit::exhausted(headers) {
            Some(pause) => drop(self.free_at.insert(family, now + pause)),
            None => drop(self.free_at.remove(&family)),
        }
    }

    /// How long to wait before the next request; `None` when not at all.
    pub(super) fn until_free(&self, family: Family, now: Instant) -> Option<Duration> {
        let pause = self.free_at.get(&family)?.saturating_duration_since(now);
        (!pause.is_zero()).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn exhausted(seconds: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        headers.insert("x-ratelimit-reset", HeaderValue::from_static(seconds));
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn a_count_that_is_used_up_holds_back_its_own_family_until_it_begins_anew() {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.heed(Family::Activity, &exhausted("30"), now);
        assert_eq!(pace.until_free(Family::Activity, now), Some(Duration::from_secs(30)));
        assert_eq!(pace.until_free(Family::Logs, now), None);
        assert_eq!(pace.until_free(Family::Activity, now + Duration::from_secs(30)), None);
        pace.heed(Family::Activity, &HeaderMap::new(), now);
        assert_eq!(pace.until_free(Family::Activity, now), None);
    }
}
