//! `sendstate endpoint rotate-secret`: a new secret, and an end for the old ones.

use super::secret::{self, Fresh};
use super::table::{self, until};
use super::{Seen, no_such};
use crate::args::EndpointRotate;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use jiff::Timestamp;
use std::time::Duration;
use store::endpoint::SecretPeriod;
use wire::webhook::SECRETS_MAX;

pub(crate) async fn rotate(global: &Global, args: &EndpointRotate) -> Result<(), Failure> {
    let fresh = secret::next(args.secret.as_ref(), args.scheme)?;
    let mut client = database::operator(global).await?;
    let key = secret::key(global, &client).await?;
    let now = database::now();
    let end = end(now, args.overlap)?;
    let transaction = client.transaction().await?;
    store::endpoint::lock(&transaction, args.id).await?.ok_or_else(|| no_such(args.id))?;
    let signing = store::endpoint::secrets(&transaction, args.id, now).await?;
    let old: Vec<&SecretPeriod> = signing.iter().filter(|one| one.scheme == fresh.scheme()).collect();
    if !args.overlap.is_zero() {
        check_room(&old)?;
    }
    store::endpoint::expire_secrets(&transaction, args.id, fresh.scheme(), end).await?;
    let sealed = fresh.sealed(&key, args.id);
    store::endpoint::add_secret(&transaction, args.id, fresh.scheme(), &sealed, now).await?;
    transaction.commit().await?;
    let seen = Seen::of(&client, args.id).await?;
    let old = if old.is_empty() { Old::None } else { Old::Until((!args.overlap.is_zero()).then_some(end)) };
    let fresh = [fresh];
    output::print(global.json, &seen.document().with(&fresh), || text(args.id, &fresh, old))
}

/// When the old ones stop signing: at a full second, which is easier to read and to announce, unless at once.
fn end(now: Timestamp, overlap: Duration) -> Result<Timestamp, Failure> {
    let end = now.checked_add(overlap).map_err(|error| Failure::failed(error.to_string()))?;
    if overlap.is_zero() { Ok(now) } else { Ok(Timestamp::from_second(end.as_second()).unwrap_or(end)) }
}

/// Every secret signs every notification.
fn check_room(old: &[&SecretPeriod]) -> Result<(), Failure> {
    if old.len() < SECRETS_MAX {
        return Ok(());
    }
    let first = old.iter().filter_map(|one| one.expires_at).min();
    Err(Failure::failed(format!("{} secrets sign already, and {SECRETS_MAX} at most may", old.len())).next(
        format!(
            "the first of them signs {}: wait for that, or cut off all of them with --overlap 0s",
            until(first)
        ),
    ))
}

/// What becomes of the secrets there were.
enum Old {
    None,
    /// `None`: they sign no more.
    Until(Option<Timestamp>),
}

fn text(id: i32, fresh: &[Fresh], old: Old) -> String {
    let scheme = fresh.first().map_or("", Fresh::scheme);
    let old = match old {
        Old::None => format!("Endpoint {id} is signed for with {scheme} from now on."),
        Old::Until(None) => format!("The old {scheme} secrets of endpoint {id} sign no more."),
        Old::Until(Some(at)) => {
            format!(
                "The old {scheme} secrets of endpoint {id} sign too, until {} at the latest.",
                output::time(at)
            )
        }
    };
    [table::fresh(fresh), vec![old]].concat().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::SchemeArg;

    fn period(id: i32, expires: Option<i64>) -> SecretPeriod {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        SecretPeriod { id, scheme: "v1".to_owned(), created_at: at(0), expires_at: expires.map(at) }
    }

    #[test]
    fn ten_secrets_sign_at_most_and_it_is_said_when_there_is_room_again() {
        let old: Vec<_> = (1..=10).map(|id| period(id, Some(i64::from(id)))).collect();
        let old: Vec<_> = old.iter().collect();
        assert!(check_room(&old[1..]).is_ok());
        let failure = check_room(&old).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("2023-11-14T22:13:21Z"), "{failure}");
        assert!(failure.to_string().contains("--overlap 0s"), "{failure}");
    }

    #[test]
    fn old_secrets_end_with_a_full_second_or_at_once() {
        let now = Timestamp::new(1_700_000_000, 700_000_000).unwrap();
        assert_eq!(end(now, Duration::ZERO).unwrap(), now);
        assert_eq!(
            end(now, Duration::from_secs(60)).unwrap(),
            Timestamp::from_second(1_700_000_060).unwrap()
        );
    }

    #[test]
    fn the_new_secret_and_the_end_of_the_old_ones_are_said() {
        let fresh = [secret::next(None, SchemeArg::V1).unwrap()];
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let shown = text(3, &fresh, Old::Until(Some(at)));
        assert!(shown.contains(&fresh[0].shown_secret().unwrap()), "{shown}");
        assert!(shown.contains("until 2023-11-14T22:13:20Z"), "{shown}");
        assert!(text(3, &fresh, Old::Until(None)).contains("sign no more"));
    }
}
