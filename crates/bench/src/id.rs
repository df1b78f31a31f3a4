//! The grammar of results' ids: words and numbers, joined by dots, such as `e2e.100.w2.dup60`.
//!
//! Ids are a contract with scripts outside; whoever needs the numbers in one takes them from here.

/// The numbers of an id, where the pattern has `*`; `None` when it is another kind of id. As many numbers are taken as
/// the caller has names for, and the pattern must have exactly as many.
#[must_use]
pub fn numbers<const N: usize>(pattern: &str, id: &str) -> Option<[u64; N]> {
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
}
