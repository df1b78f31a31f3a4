//! Every id that a run can yield, with its unit, and the grammar of them: words and numbers, joined by dots, such as
//! `e2e.100.w2.dup60`.
//!
//! Ids are a contract with scripts outside. What measures, what is wanted of it ([`crate::target`]) and what shows it take
//! them from here, so that none of them can mean another id than the others.

/// Results of one kind: their ids differ in `N` numbers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind<const N: usize> {
    /// With `*` where a number stands.
    pub pattern: &'static str,
    pub unit: &'static str,
}

impl<const N: usize> Kind<N> {
    const fn new(pattern: &'static str, unit: &'static str) -> Self {
        let (bytes, mut at, mut stars) = (pattern.as_bytes(), 0, 0);
        while at < bytes.len() {
            stars += (bytes[at] == b'*') as usize;
            at += 1;
        }
        assert!(stars == N, "as many stars as numbers");
        Self { pattern, unit }
    }

    /// The id with these numbers.
    #[must_use]
    pub fn id(&self, numbers: [u64; N]) -> String {
        let mut numbers = numbers.iter();
        let pieces = self.pattern.split_inclusive('*').map(|piece| match piece.strip_suffix('*') {
            Some(literal) => format!("{literal}{}", numbers.next().copied().unwrap_or_default()),
            None => piece.to_owned(),
        });
        pieces.collect()
    }

    /// The numbers of an id; `None` when it is of another kind.
    #[must_use]
    pub fn numbers(&self, id: &str) -> Option<[u64; N]> {
        numbers(self.pattern, id)
    }

    /// Whether the id is of this kind.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.numbers(id).is_some()
    }
}

/// Of p256's own verify.
pub const FLOOR_VERIFY: Kind<0> = Kind::new("floor.verify", "µs");
pub const VERIFY: Kind<0> = Kind::new("verify.known_key", "µs");

// By events in a POST. CPU seconds are those of 1,000 POSTs.
pub const FLOOR_PUBLISH: Kind<1> = Kind::new("floor.publish.*", "s");
pub const FLOOR_PUBLISH_RATE: Kind<1> = Kind::new("floor.publish.*.rate", "POST/s");
pub const INGEST_CPU: Kind<1> = Kind::new("ingest.cpu.*", "s");
pub const INGEST_RATE: Kind<1> = Kind::new("ingest.rate.*", "POST/s");
pub const INGEST_P50: Kind<1> = Kind::new("ingest.p50.*", "ms");
pub const INGEST_P99: Kind<1> = Kind::new("ingest.p99.*", "ms");
pub const FLOOR_INSERT: Kind<1> = Kind::new("floor.insert.*", "events/s");
/// Events in a POST, workers, per cent of events that are repeats.
pub const END_TO_END: Kind<3> = Kind::new("e2e.*.w*.dup*", "events/s");

// By events a second.
pub const LATENCY_P50: Kind<1> = Kind::new("latency.*.p50", "ms");
pub const LATENCY_P99: Kind<1> = Kind::new("latency.*.p99", "ms");

pub const DISPATCH: Kind<0> = Kind::new("dispatch.rate", "deliveries/s");

// The p99 while an endpoint misbehaves, and as the floor the p99 before.
pub const STALL_FLOOR: Kind<0> = Kind::new("isolation.stall.floor", "ms");
pub const STALL: Kind<0> = Kind::new("isolation.stall.p99", "ms");
pub const BACKLOG_FLOOR: Kind<0> = Kind::new("isolation.backlog.floor", "ms");
pub const BACKLOG: Kind<0> = Kind::new("isolation.backlog.p99", "ms");

// By events stored.
pub const GROWTH_CPU: Kind<1> = Kind::new("growth.*.cpu", "µs/event");
pub const GROWTH_WAL: Kind<1> = Kind::new("growth.*.wal", "bytes/event");

pub const RSS_INGEST: Kind<0> = Kind::new("rss.ingest", "MiB");
pub const RSS_WORKER: Kind<0> = Kind::new("rss.worker", "MiB");
pub const RSS_DISPATCHER: Kind<0> = Kind::new("rss.dispatcher", "MiB");

// Distributions, which are no results and stand beside them: by events in a POST, and by events a second.
pub const INGEST_WAITS: Kind<1> = Kind::new("ingest.*", "ms");
pub const LATENCIES: Kind<1> = Kind::new("latency.*", "ms");
pub const STALL_CALM: Kind<0> = Kind::new("isolation.stall.calm", "ms");
pub const STALL_TROUBLED: Kind<0> = Kind::new("isolation.stall.troubled", "ms");
pub const BACKLOG_CALM: Kind<0> = Kind::new("isolation.backlog.calm", "ms");
pub const BACKLOG_TROUBLED: Kind<0> = Kind::new("isolation.backlog.troubled", "ms");

/// Pattern and unit of all kinds of results.
#[cfg(test)]
pub(crate) const RESULTS: [(&str, &str); 22] = [
    listed(&FLOOR_VERIFY),
    listed(&VERIFY),
    listed(&FLOOR_PUBLISH),
    listed(&FLOOR_PUBLISH_RATE),
    listed(&INGEST_CPU),
    listed(&INGEST_RATE),
    listed(&INGEST_P50),
    listed(&INGEST_P99),
    listed(&FLOOR_INSERT),
    listed(&END_TO_END),
    listed(&LATENCY_P50),
    listed(&LATENCY_P99),
    listed(&DISPATCH),
    listed(&STALL_FLOOR),
    listed(&STALL),
    listed(&BACKLOG_FLOOR),
    listed(&BACKLOG),
    listed(&GROWTH_CPU),
    listed(&GROWTH_WAL),
    listed(&RSS_INGEST),
    listed(&RSS_WORKER),
    listed(&RSS_DISPATCHER),
];

/// Pattern and unit of all kinds of distributions.
#[cfg(test)]
pub(crate) const DISTRIBUTIONS: [(&str, &str); 6] = [
    listed(&INGEST_WAITS),
    listed(&LATENCIES),
    listed(&STALL_CALM),
    listed(&STALL_TROUBLED),
    listed(&BACKLOG_CALM),
    listed(&BACKLOG_TROUBLED),
];

#[cfg(test)]
const fn listed<const N: usize>(kind: &Kind<N>) -> (&'static str, &'static str) {
    (kind.pattern, kind.unit)
}

/// The pattern that an id has among those of a list, and its unit.
#[cfg(test)]
pub(crate) fn kind_of(list: &'static [(&str, &str)], id: &str) -> Option<(&'static str, &'static str)> {
    list.iter().find(|(pattern, _)| is_of(pattern, id)).copied()
}

#[cfg(test)]
fn is_of(pattern: &str, id: &str) -> bool {
    match pattern.matches('*').count() {
        0 => pattern == id,
        1 => numbers::<1>(pattern, id).is_some(),
        // No pattern has more than three.
        2 => numbers::<2>(pattern, id).is_some(),
        _ => numbers::<3>(pattern, id).is_some(),
    }
}

/// The numbers of an id, where the pattern has `*`; `None` when it is another kind of id. As many numbers are taken as
/// the caller has names for, and the pattern must have exactly as many.
#[must_use]
fn numbers<const N: usize>(pattern: &str, id: &str) -> Option<[u64; N]> {
    let mut literals = pattern.split('*');
    let mut rest = id.strip_prefix(literals.next()?)?;
    let mut numbers = [0; N];
    for number in &mut numbers {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (found, behind) = rest.split_at(digits);
        // Empty, or more than a u64 holds: no number.
        *number = found.parse().ok()?;
        rest = behind.strip_prefix(literals.next()?)?;
    }
    (rest.is_empty() && literals.next().is_none()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_stand_where_the_pattern_has_stars() {
        assert_eq!(numbers("e2e.*.w*.dup*", "e2e.100.w2.dup60"), Some([100, 2, 60]));
        assert_eq!(numbers("verify.known_key", "verify.known_key"), Some([]));
    }

    #[test]
    fn an_id_of_another_kind_has_no_numbers() {
        for id in [
            "",
            "e2e",
            "e2e.100.w2.dup",
            "e2e.100.w2.dup60.rate",
            "e2e.x.w2.dup0",
            "e2e.-1.w2.dup0",
            "E2E.1.w1.dup0",
        ] {
            assert_eq!(numbers::<3>("e2e.*.w*.dup*", id), None, "{id}");
        }
        assert_eq!(numbers::<1>("ingest.cpu.*", "ingest.cpu.99999999999999999999"), None);
    }

    #[test]
    fn a_pattern_with_another_count_of_stars_matches_nothing() {
        assert_eq!(numbers::<1>("e2e.*.w*", "e2e.1.w2"), None);
        assert_eq!(numbers::<2>("rss.*", "rss.1"), None);
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        assert_eq!(END_TO_END.id([100, 2, 60]), "e2e.100.w2.dup60");
        assert_eq!(END_TO_END.numbers("e2e.100.w2.dup60"), Some([100, 2, 60]));
        assert_eq!(FLOOR_PUBLISH_RATE.id([10]), "floor.publish.10.rate");
        assert_eq!(VERIFY.id([]), "verify.known_key");
        assert!(INGEST_CPU.has("ingest.cpu.1000") && !INGEST_CPU.has("ingest.rate.1000"));
    }

    #[test]
    fn the_ids_that_scripts_rely_on_are_there() {
        let contract = [
            "floor.verify",
            "floor.publish.*",
            "floor.insert.*",
            "verify.known_key",
            "ingest.cpu.*",
            "e2e.*.w*.dup*",
            "latency.*.p50",
            "latency.*.p99",
            "dispatch.rate",
            "isolation.stall.p99",
            "isolation.backlog.p99",
            "growth.*.cpu",
            "growth.*.wal",
            "rss.ingest",
            "rss.worker",
            "rss.dispatcher",
        ];
        // Told beside them.
        let more = [
            "floor.publish.*.rate",
            "ingest.rate.*",
            "ingest.p50.*",
            "ingest.p99.*",
            "isolation.stall.floor",
            "isolation.backlog.floor",
        ];
        let patterns: BTreeSet<_> = RESULTS.iter().map(|(pattern, _)| *pattern).collect();
        assert_eq!(patterns, contract.into_iter().chain(more).collect());
        assert_eq!(patterns.len(), RESULTS.len());
    }

    #[test]
    fn an_id_is_of_one_kind() {
        for (pattern, unit) in RESULTS {
            let id = pattern.replace('*', "7");
            assert_eq!(kind_of(&RESULTS, &id), Some((pattern, unit)));
            let same = RESULTS.iter().filter(|(other, _)| is_of(other, &id));
            assert_eq!(same.count(), 1, "{id}");
            assert_eq!(kind_of(&DISTRIBUTIONS, &id), None, "{id}");
        }
        assert_eq!(kind_of(&RESULTS, "floor.ingest.100"), None);
    }
}
