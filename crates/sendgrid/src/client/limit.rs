//! What the headers of an answer say about asking again. Pure, and without a clock: SendGrid's absolute times are measured
//! against its own `Date`.
//!
//! `Retry-After` (RFC 9110, section 10.2.3) counts before `X-RateLimit-Reset`, the Unix second at which SendGrid's count
//! begins anew.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::{Duration, UNIX_EPOCH};

const RESET: &str = "x-ratelimit-reset";
const REMAINING: &str = "x-ratelimit-remaining";

/// When nothing says how long. SendGrid's limits are counted per minute or less.
const UNSAID: Duration = Duration::from_secs(20);
/// More than anybody may mean; keeps sums of times within their range.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Below it, a `X-RateLimit-Reset` is no date but a number of seconds.
const RELATIVE_MAX: u64 = 1_000_000_000;

/// How long to wait after a 429. At least a second, doubled with every try that was refused again, so that a header which
/// always says "now" does not make a storm.
pub(super) fn pause(headers: &HeaderMap, tries: u32) -> Duration {
    let least = Duration::from_secs(1 << tries.min(6));
    let said = retry_after(headers).or_else(|| until_reset(headers));
    said.unwrap_or(UNSAID).max(least).min(LONGEST)
}

/// How long nothing more may be asked, when an answer says that it was the last of its count.
pub(super) fn exhausted(headers: &HeaderMap) -> Option<Duration> {
    (number(headers, REMAINING)? == 0).then(|| until_reset(headers).map(|pause| pause.min(LONGEST)))?
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(date(headers)?))
}

fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = number(headers, RESET)?;
    if reset < RELATIVE_MAX {
        return Some(Duration::from_secs(reset));
    }
    Some(Duration::from_secs(reset).saturating_sub(date(headers)?))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn date(headers: &HeaderMap) -> Option<Duration> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    date.duration_since(UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

    const DATE_OF_ANSWER: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const NOW_S: u64 = 1_700_000_000;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn seconds(pairs: &[(&'static str, String)], tries: u32) -> u64 {
        pause(&headers(pairs), tries).as_secs()
    }

    fn dated(name: &'static str, value: impl ToString) -> [(&'static str, String); 2] {
        [("date", DATE_OF_ANSWER.to_owned()), (name, value.to_string())]
    }

    #[test]
    fn a_reset_is_measured_against_sendgrids_own_clock() {
        assert_eq!(seconds(&dated(RESET, NOW_S + 42), 0), 42);
        // Past, or now: still a second.
        assert_eq!(seconds(&dated(RESET, NOW_S), 0), 1);
        assert_eq!(seconds(&dated(RESET, NOW_S - 5), 0), 1);
        // As seconds from now.
        assert_eq!(seconds(&dated(RESET, 17), 0), 17);
        // Without a date nothing is known.
        assert_eq!(seconds(&[(RESET, (NOW_S + 42).to_string())], 0), UNSAID.as_secs());
    }

    #[test]
    fn retry_after_counts_first_as_seconds_or_as_a_date() {
        let both = [dated(RESET, NOW_S + 42), dated("retry-after", "7")].concat();
        assert_eq!(seconds(&both, 0), 7);
        assert_eq!(seconds(&dated("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT"), 0), 60);
        assert_eq!(seconds(&dated("retry-after", "soon"), 0), UNSAID.as_secs());
    }

    #[test]
    fn a_header_that_always_says_now_is_believed_less_each_time() {
        let waits: Vec<_> = (0..9).map(|tries| seconds(&dated("retry-after", "0"), tries)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(seconds(&dated("retry-after", u64::MAX), 0), LONGEST.as_secs());
        assert_eq!(seconds(&dated(RESET, u64::MAX), 0), LONGEST.as_secs());
    }

    #[test]
    fn only_the_last_of_a_count_makes_the_next_one_wait() {
        let count = |remaining: &str, reset: u64| {
            let pairs = [dated(RESET, reset), dated(REMAINING, remaining)].concat();
            exhausted(&headers(&pairs)).map(|pause| pause.as_secs())
        };
        assert_eq!(count("0", NOW_S + 9), Some(9));
        assert_eq!(count("1", NOW_S + 9), None);
        assert_eq!(count("none", NOW_S + 9), None);
        assert_eq!(exhausted(&headers(&dated(REMAINING, 0))), None);
    }
}
