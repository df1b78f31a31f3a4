//! The OAuth token of a request to a source that asks for one: whether it is there, as ingest looks for it. Whether it is
//! good, only ingest can say, which has the key for it.

use super::saved::Saved;

const SCHEME: &str = "bearer ";

/// Whether the source asks for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    No,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    NotAsked,
    /// There is one, whatever it is worth.
    Present,
    Missing,
}

/// Of two `Authorization` headers nobody can say which is meant: like none.
pub(super) fn token(saved: &Saved, asks: Asks) -> Token {
    let is_bearer = |value: &str| {
        value.split_at_checked(SCHEME.len()).is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case(SCHEME) && !token.trim_ascii().is_empty()
        })
    };
    match (asks, saved.values(|name| name.eq_ignore_ascii_case("authorization")).as_slice()) {
        (Asks::No, _) => Token::NotAsked,
        (Asks::Yes, [value]) if is_bearer(value) => Token::Present,
        (Asks::Yes, _) => Token::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str], asks: Asks) -> Token {
        let header = |value: &&str| ("AUTHORIZATION".to_owned(), (*value).to_owned());
        token(&Saved { headers: values.iter().map(header).collect(), ..Saved::default() }, asks)
    }

    #[test]
    fn a_token_is_there_if_one_header_holds_one() {
        for values in [["Bearer t"], ["bEARER  t"]] {
            assert_eq!(of(&values, Asks::Yes), Token::Present, "{values:?}");
        }
        for values in [
            &[][..],
            &[""],
            &["Bearer"],
            &["Bearer  "],
            &["Basic t"],
            &["t"],
            &["Bearer t", "Bearer t"],
            &["“”…"],
        ] {
            assert_eq!(of(values, Asks::Yes), Token::Missing, "{values:?}");
            assert_eq!(of(values, Asks::No), Token::NotAsked, "{values:?}");
        }
    }
}
