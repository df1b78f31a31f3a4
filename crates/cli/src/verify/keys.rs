//! The keys that a request may be signed with: those it should be, and those that would tell what went wrong.

use super::mistake::Mistake;
use super::token::Asks;
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use jiff::{SignedDuration, Timestamp};
use store::source::Source;
use store::source::key::{KeyState, SourceKey};
use wire::signature::PublicKey;

/// As `source add` has it where nobody says.
const AGE_MAX_S: i64 = 600;

/// Stored keys that are tried, the source's own first and retired ones last.
const STORED_MAX: usize = 1_000;

/// A key, and what it would mean if it were the one.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub key: PublicKey,
    /// `None`: a key given on the command line.
    pub stored: Option<Place>,
    /// `None`: the request is right if this key signed it.
    pub mistake: Option<Mistake>,
}

/// Where a stored key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub source: String,
    pub id: i32,
    pub label: Option<String>,
    /// When the request was received; where that was not said, now.
    pub state: KeyState,
}

/// All there is to verify with.
#[derive(Debug)]
pub(super) struct Keys {
    /// The right ones first, each key once.
    pub known: Vec<Known>,
    /// How old a signature may be when it is received.
    pub age_max: SignedDuration,
    /// Whether a request needs a token beside.
    pub tokens: Asks,
}

pub(super) async fn collect(global: &Global, args: &VerifyArgs) -> Result<Keys, Failure> {
    let given = source::keys::read(&args.public_key)?;
    let given = given.iter().map(|given| PublicKey::from_spki_der(given.labelled(None).spki));
    let mut known = given
        .map(|key| key.map(|key| Known { key, stored: None, mistake: None }))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::usage(format!("--public-key cannot be used: {error}")))?;
    let (mut age_max, mut tokens) = (AGE_MAX_S, Asks::No);
    if let Some(name) = &args.source {
        let client = database::operator(global).await?;
        let source = source::named(&client, name).await?;
        if !source.signed && known.is_empty() {
            return Err(Failure::failed(format!(
                "source `{name}` takes unsigned requests: there is no signature to verify{}",
                if source.oauth.is_some() {
                    ", and only ingest can say whether an OAuth token is good"
                } else {
                    ""
                }
            ))
            .next("give the key that the request should be signed with as --public-key"));
        }
        age_max = i64::from(source.max_age_s);
        tokens = if source.oauth.is_some() { Asks::Yes } else { Asks::No };
        add(&mut known, stored(&client).await?, name, args.at);
    }
    if let Some(seconds) = args.max_age {
        age_max = i64::try_from(seconds).unwrap_or(i64::MAX);
    }
    known.sort_by_key(|key| key.mistake.is_some());
    Ok(Keys { known, age_max: SignedDuration::from_secs(age_max), tokens })
}

/// Every stored key with the name of its source.
async fn stored(client: &store::Client) -> Result<Vec<(String, SourceKey)>, Failure> {
    let sources: Vec<Source> = store::source::list(client).await?;
    let mut keys = store::source::key::all(client).await?;
    let of = |source: Source| {
        let keys = keys.remove(&source.id).unwrap_or_default();
        keys.into_iter().map(move |key| (source.name.clone(), key))
    };
    Ok(sources.into_iter().flat_map(of).collect())
}

/// What a key was good for at `at`. Only its end is known, not when that was set: what ended later was retiring.
fn state(key: &SourceKey, at: Option<Timestamp>) -> KeyState {
    match (at, key.retires_at) {
        // As the database's clock has it.
        (None, _) => key.state,
        (Some(_), None) => KeyState::Active,
        (Some(at), Some(end)) if at < end => KeyState::Retiring,
        (Some(_), Some(_)) => KeyState::Retired,
    }
}

/// Adds stored keys to the given ones, as they stood at `at` or else stand now. Where keys are given, they alone are right.
fn add(known: &mut Vec<Known>, mut stored: Vec<(String, SourceKey)>, name: &str, at: Option<Timestamp>) {
    let right = if known.is_empty() { None } else { Some(Mistake::OtherKeyOfSource) };
    stored.sort_by_key(|(source, key)| (source != name, !state(key, at).is_accepted(), key.id));
    if stored.len() > STORED_MAX {
        output::note(&format!("sendstate: of all stored keys only the first {STORED_MAX} are tried"));
        stored.truncate(STORED_MAX);
    }
    for (source, one) in stored {
        // What is stored was a key when it was stored; if it is none any more, nothing can be signed with it.
        let Ok(key) = PublicKey::from_spki_der(&one.spki) else { continue };
        let state = state(&one, at);
        let mistake = match state {
            _ if source != name => Some(Mistake::OtherSource),
            _ if at.is_some_and(|at| at < one.created_at) => Some(Mistake::KeyAddedLater),
            KeyState::Retired => Some(Mistake::RetiredKey),
            KeyState::Active | KeyState::Retiring => right,
        };
        let place = Place { source, id: one.id, label: one.label, state };
        match known.iter_mut().find(|known| known.key == key) {
            // One that was given and is the source's: the same key, and now it has a place.
            Some(same) if same.stored.is_none() && mistake != Some(Mistake::OtherSource) => {
                same.stored = Some(place);
            }
            Some(_) => {}
            None => known.push(Known { key, stored: Some(place), mistake }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use wire::signature::SigningKey;

    fn stored(key: &PublicKey, source: &str, id: i32, retires_at: Option<i64>) -> (String, SourceKey) {
        let key = SourceKey {
            id,
            spki: key.to_spki_der(),
            sha256: key.fingerprint(),
            label: None,
            state: retires_at.map_or(KeyState::Active, |_| KeyState::Retired),
            created_at: second(100),
            retires_at: retires_at.map(second),
        };
        (source.to_owned(), key)
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_sources_own_keys_are_right_and_each_other_one_says_what_is_wrong() {
        let [active, retiring, retired, other] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let mut known = Vec::new();
        let mut rows = vec![
            stored(&other, "else", 1, None),
            stored(&active, "else", 2, None),
            stored(&retired, "main", 3, Some(200)),
            stored(&active, "main", 4, None),
            stored(&retiring, "main", 5, Some(200)),
        ];
        rows[4].1.state = KeyState::Retiring;
        add(&mut known, rows, "main", None);
        let found: Vec<_> = known.iter().map(|known| known.mistake).collect();
        assert_eq!(found, [None, None, Some(Mistake::RetiredKey), Some(Mistake::OtherSource)]);
    }

    #[test]
    fn a_given_key_alone_is_right_and_learns_where_it_is_stored() {
        let [given, other] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let mut known = vec![Known { key: given.clone(), stored: None, mistake: None }];
        let rows = vec![stored(&given, "main", 1, None), stored(&other, "main", 2, None)];
        add(&mut known, rows, "main", None);
        assert_eq!(known[0].stored.as_ref().map(|place| place.id), Some(1));
        assert_eq!((known[0].mistake, known[1].mistake), (None, Some(Mistake::OtherKeyOfSource)));
    }

    #[test]
    fn keys_are_judged_as_they_stood_when_the_request_was_received() {
        let [kept, ended] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let judged = |at| {
            let mut known = Vec::new();
            let rows = vec![stored(&kept, "main", 1, None), stored(&ended, "main", 2, Some(200))];
            add(&mut known, rows, "main", at);
            let of = |known: &Known| (known.mistake, known.stored.as_ref().map(|place| place.state));
            known.iter().map(of).collect::<Vec<_>>()
        };
        let (active, later) = (Some(KeyState::Active), Some(Mistake::KeyAddedLater));
        let retired = (Some(Mistake::RetiredKey), Some(KeyState::Retired));
        assert_eq!(judged(None), [(None, active), retired]);
        for at in [200, 201] {
            assert_eq!(judged(Some(second(at))), [(None, active), retired], "{at}");
        }
        for at in [100, 199] {
            assert_eq!(judged(Some(second(at))), [(None, active), (None, Some(KeyState::Retiring))], "{at}");
        }
        assert_eq!(judged(Some(second(99))), [(later, active), (later, Some(KeyState::Retiring))]);
    }

    #[test]
    fn no_key_of_before_makes_the_given_one_wrong() {
        let [given, other] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let mut known = vec![Known { key: given.clone(), stored: None, mistake: None }];
        let rows = vec![stored(&given, "main", 1, Some(200)), stored(&other, "main", 2, None)];
        add(&mut known, rows, "main", Some(second(99)));
        assert_eq!((known[0].mistake, known[1].mistake), (None, Some(Mistake::KeyAddedLater)));
    }
}
