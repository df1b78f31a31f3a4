//! The keys that a request may be signed with: those it should be, and those that would tell what went wrong.

use super::mistake::Mistake;
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use jiff::SignedDuration;
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
    pub state: KeyState,
}

/// All there is to verify with.
#[derive(Debug)]
pub(super) struct Keys {
    /// The right ones first, each key once.
    pub known: Vec<Known>,
    /// How old a signature may be when it is received.
    pub age_max: SignedDuration,
}

pub(super) async fn collect(global: &Global, args: &VerifyArgs) -> Result<Keys, Failure> {
    let given = source::keys::read(&args.public_key)?;
    let given = given.iter().map(|given| PublicKey::from_spki_der(given.labelled(None).spki));
    let mut known = given
        .map(|key| key.map(|key| Known { key, stored: None, mistake: None }))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::usage(format!("--public-key cannot be used: {error}")))?;
    let mut age_max = AGE_MAX_S;
    if let Some(name) = &args.source {
        let client = database::operator(global).await?;
        let source = source::named(&client, name).await?;
        if !source.signed && known.is_empty() {
            return Err(Failure::failed(format!(
                "source `{name}` takes unsigned requests: there is nothing to verify"
            ))
            .next("give the key that the request should be signed with as --public-key"));
        }
        age_max = i64::from(source.max_age_s);
        add(&mut known, stored(&client).await?, name);
    }
    if let Some(seconds) = args.max_age {
        age_max = i64::try_from(seconds).unwrap_or(i64::MAX);
    }
    known.sort_by_key(|key| key.mistake.is_some());
    Ok(Keys { known, age_max: SignedDuration::from_secs(age_max) })
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

/// Adds stored keys to the given ones. Where keys are given, they alone are right.
fn add(known: &mut Vec<Known>, mut stored: Vec<(String, SourceKey)>, name: &str) {
    let right = if known.is_empty() { None } else { Some(Mistake::OtherKeyOfSource) };
    stored.sort_by_key(|(source, key)| (source != name, !key.state.is_accepted(), key.id));
    if stored.len() > STORED_MAX {
        output::note(&format!("sendstate: of all stored keys only the first {STORED_MAX} are tried"));
        stored.truncate(STORED_MAX);
    }
    for (source, one) in stored {
        // What is stored was a key when it was stored; if it is none any more, nothing can be signed with it.
        let Ok(key) = PublicKey::from_spki_der(&one.spki) else { continue };
        let mistake = match one.state {
            _ if source != name => Some(Mistake::OtherSource),
            KeyState::Retired => Some(Mistake::RetiredKey),
            KeyState::Active | KeyState::Retiring => right,
        };
        let place = Place { source, id: one.id, label: one.label, state: one.state };
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

    fn stored(key: &PublicKey, source: &str, id: i32, state: KeyState) -> (String, SourceKey) {
        let key = SourceKey {
            id,
            spki: key.to_spki_der(),
            sha256: key.fingerprint(),
            label: None,
            state,
            created_at: Timestamp::UNIX_EPOCH,
            retires_at: None,
        };
        (source.to_owned(), key)
    }

    #[test]
    fn the_sources_own_keys_are_right_and_each_other_one_says_what_is_wrong() {
        let [active, retiring, retired, other] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let mut known = Vec::new();
        let rows = vec![
            stored(&other, "else", 1, KeyState::Active),
            stored(&active, "else", 2, KeyState::Active),
            stored(&retired, "main", 3, KeyState::Retired),
            stored(&active, "main", 4, KeyState::Active),
            stored(&retiring, "main", 5, KeyState::Retiring),
        ];
        add(&mut known, rows, "main");
        let found: Vec<_> = known.iter().map(|known| known.mistake).collect();
        assert_eq!(found, [None, None, Some(Mistake::RetiredKey), Some(Mistake::OtherSource)]);
    }

    #[test]
    fn a_given_key_alone_is_right_and_learns_where_it_is_stored() {
        let [given, other] = std::array::from_fn(|_| SigningKey::generate().public_key());
        let mut known = vec![Known { key: given.clone(), stored: None, mistake: None }];
        let rows =
            vec![stored(&given, "main", 1, KeyState::Active), stored(&other, "main", 2, KeyState::Active)];
        add(&mut known, rows, "main");
        assert_eq!(known[0].stored.as_ref().map(|place| place.id), Some(1));
        assert_eq!((known[0].mistake, known[1].mistake), (None, Some(Mistake::OtherKeyOfSource)));
    }
}
