//! The list in memory: sources by their path and by their OAuth client, keys parsed once.

use domain::SourceId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use store::source::oauth::ListedClient;
use store::source::{ListedKey, ListedSource};
use wire::oauth::{OldSecret, SecretHash, Secrets};
use wire::signature::PublicKey;

/// How a source's POSTs are verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Explicitly unsigned: whoever knows the path may post.
    Unsigned,
    /// Active and retiring keys, oldest first. Without any, everything is refused.
    Signed(Vec<Key>),
}

/// A key of a source, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) public: PublicKey,
    retires_at: Option<Timestamp>,
}

/// One source.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: SourceId,
    pub(crate) verification: Verification,
    /// How old a right signature may be.
    pub(crate) age_max: SignedDuration,
    /// The secrets of its OAuth client. Given, every request needs a token.
    pub(crate) oauth: Option<Secrets>,
    /// As the database gave it, to see whether it changed.
    listed: ListedSource,
}

/// Every source, and when the database said so.
#[derive(Debug)]
pub(super) struct SourceList {
    by_path: HashMap<String, Arc<Source>>,
    /// Those that ask for tokens, by the id of their client.
    by_client: HashMap<String, Arc<Source>>,
    confirmed_at: Timestamp,
}

impl Key {
    /// Whether it verifies what is received now. The database leaves out what has ended; while it is away, this does.
    pub(crate) fn is_accepted(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|end| now < end)
    }
}

impl Source {
    pub(crate) fn new(listed: ListedSource) -> Self {
        let verification =
            if listed.signed { Verification::Signed(keys(&listed)) } else { Verification::Unsigned };
        Self {
            id: SourceId(listed.id),
            verification,
            oauth: listed.oauth.as_ref().map(|client| secrets(listed.id, client)),
            age_max: SignedDuration::from_secs(listed.max_age_s.into()),
            listed,
        }
    }

    /// As the database gave it.
    pub(super) fn listed(&self) -> &ListedSource {
        &self.listed
    }
}

impl SourceList {
    /// Takes over what did not change from the list before: parsed keys are kept.
    pub(super) fn new(listed: Vec<ListedSource>, confirmed_at: Timestamp, before: Option<&Self>) -> Self {
        let same = |new: &ListedSource| {
            let old = before?.by_path.get(&new.path)?;
            (old.listed == *new).then(|| Arc::clone(old))
        };
        let entry = |new: ListedSource| {
            let source = same(&new).unwrap_or_else(|| Arc::new(Source::new(new)));
            (source.listed.path.clone(), source)
        };
        let by_path: HashMap<_, _> = listed.into_iter().map(entry).collect();
        let client = |source: &Arc<Source>| {
            let client = source.listed.oauth.as_ref()?;
            Some((client.client_id.clone(), Arc::clone(source)))
        };
        let by_client = by_path.values().filter_map(client).collect();
        Self { by_path, by_client, confirmed_at }
    }

    pub(super) fn find(&self, path: &str) -> Option<Arc<Source>> {
        self.by_path.get(path).cloned()
    }

    /// The source whose OAuth client has this id.
    pub(super) fn client(&self, id: &str) -> Option<Arc<Source>> {
        self.by_client.get(id).cloned()
    }

    /// How many sources ask for tokens.
    pub(super) fn asking(&self) -> usize {
        self.by_client.len()
    }

    pub(super) fn len(&self) -> usize {
        self.by_path.len()
    }

    pub(super) fn confirmed_at(&self) -> Timestamp {
        self.confirmed_at
    }

    /// Whether the other list has the very same sources (not: the same age).
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let known = |source: &Arc<Source>| {
            other.by_path.get(&source.listed.path).is_some_and(|o| o.listed == source.listed)
        };
        self.len() == other.len() && self.by_path.values().all(known)
    }

    /// What the snapshot keeps, in the order of the ids.
    pub(super) fn listed(&self) -> Vec<&ListedSource> {
        let mut listed: Vec<_> = self.by_path.values().map(|source| source.listed()).collect();
        listed.sort_unstable_by_key(|source| source.id);
        listed
    }
}

/// A key that does not parse verifies nothing; the others still count.
fn keys(listed: &ListedSource) -> Vec<Key> {
    let parse = |key: &ListedKey| {
        let public = PublicKey::from_spki_der(&key.spki).inspect_err(
            |error| tracing::error!(source.id = listed.id, %error, "a key of a source is not usable"),
        );
        Some(Key { public: public.ok()?, retires_at: key.retires_at })
    };
    listed.keys.iter().filter_map(parse).collect()
}

/// A hash that is none is nobody's secret: the source goes on asking for tokens.
fn secrets(source_id: i32, client: &ListedClient) -> Secrets {
    let hash = |bytes: &[u8]| {
        SecretHash::from_bytes(bytes).unwrap_or_else(|| {
            tracing::error!(source.id = source_id, "a hash of a client secret is not usable");
            Secrets::NOBODY.current
        })
    };
    let old = client.old.as_ref().map(|old| OldSecret { hash: hash(&old.sha256), until: old.until });
    Secrets { current: hash(&client.secret_sha256), old }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::signature::SigningKey;

    fn listed(id: i32, spkis: Vec<Vec<u8>>) -> ListedSource {
        let keys = spkis.into_iter().map(|spki| ListedKey { spki, retires_at: None }).collect();
        ListedSource { id, path: format!("path-{id}"), max_age_s: 600, signed: true, keys, oauth: None }
    }

    fn client(id: &str) -> ListedClient {
        ListedClient { client_id: id.to_owned(), secret_sha256: vec![7; 32], old: None }
    }

    fn der() -> Vec<u8> {
        SigningKey::generate().public_key().to_spki_der()
    }

    fn list(listed: Vec<ListedSource>, before: Option<&SourceList>) -> SourceList {
        SourceList::new(listed, Timestamp::UNIX_EPOCH, before)
    }

    #[test]
    fn a_source_is_found_by_its_path_only() {
        let list = list(vec![listed(1, vec![]), listed(2, vec![])], None);
        assert_eq!(list.find("path-2").unwrap().id, SourceId(2));
        assert!(list.find("path-3").is_none());
    }

    #[test]
    fn what_did_not_change_keeps_its_parsed_keys() {
        let (one, two) = (listed(1, vec![der()]), listed(2, vec![der()]));
        let before = list(vec![one.clone(), two.clone()], None);
        let changed = ListedSource { max_age_s: 60, ..two };
        let after = list(vec![one, changed], Some(&before));
        assert!(Arc::ptr_eq(&before.find("path-1").unwrap(), &after.find("path-1").unwrap()));
        assert_eq!(after.find("path-2").unwrap().age_max, SignedDuration::from_secs(60));
        assert!(!after.agrees(&before));
    }

    #[test]
    fn lists_agree_whatever_the_order_and_age() {
        let (one, two) = (listed(1, vec![der()]), listed(2, vec![]));
        let first = list(vec![one.clone(), two.clone()], None);
        let second = SourceList::new(vec![two, one], Timestamp::MAX, None);
        assert!(first.agrees(&second));
    }

    #[test]
    fn a_key_that_does_not_parse_is_no_key_and_harms_no_other() {
        let good = der();
        let list = list(vec![listed(1, vec![b"junk".to_vec(), good.clone()]), listed(2, vec![vec![]])], None);
        let keys = |path| match &list.find(path).unwrap().verification {
            Verification::Signed(keys) => keys.len(),
            Verification::Unsigned => panic!("it is signed"),
        };
        assert_eq!((keys("path-1"), keys("path-2")), (1, 0));
    }

    #[test]
    fn a_key_is_accepted_until_the_very_moment_of_its_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let key = |retires_at| {
            let listed =
                ListedSource { keys: vec![ListedKey { spki: der(), retires_at }], ..listed(1, vec![]) };
            keys(&listed).remove(0)
        };
        let retiring = key(Some(at(100)));
        assert_eq!([99, 100, 101].map(|second| retiring.is_accepted(at(second))), [true, false, false]);
        assert!(key(None).is_accepted(Timestamp::MAX));
    }

    #[test]
    fn a_source_whose_key_was_given_an_end_has_changed() {
        let active = listed(1, vec![der()]);
        let mut retiring = active.clone();
        retiring.keys[0].retires_at = Some(Timestamp::MAX);
        let before = list(vec![active], None);
        let after = list(vec![retiring], Some(&before));
        assert!(!after.agrees(&before));
        assert!(!Arc::ptr_eq(&before.find("path-1").unwrap(), &after.find("path-1").unwrap()));
    }

    #[test]
    fn a_source_is_found_by_its_client_as_long_as_it_has_one() {
        let asking = ListedSource { oauth: Some(client("one")), ..listed(1, vec![]) };
        let before = list(vec![asking.clone(), listed(2, vec![])], None);
        assert_eq!(before.client("one").unwrap().id, SourceId(1));
        assert!(before.client("").is_none() && before.client("two").is_none());
        assert_eq!(before.asking(), 1);
        let after = list(vec![listed(1, vec![]), listed(2, vec![])], Some(&before));
        assert!(after.client("one").is_none() && !after.agrees(&before));
        assert!(after.find("path-1").unwrap().oauth.is_none());
    }

    #[test]
    fn a_hash_that_is_none_still_asks_for_a_token_and_is_nobody_s() {
        let damaged = ListedClient { secret_sha256: vec![7; 31], ..client("one") };
        let list = list(vec![ListedSource { oauth: Some(damaged), ..listed(1, vec![]) }], None);
        assert_eq!(list.find("path-1").unwrap().oauth, Some(Secrets::NOBODY));
    }

    #[test]
    fn a_signed_source_without_keys_is_not_an_unsigned_one() {
        let unsigned = ListedSource { signed: false, ..listed(2, vec![]) };
        let list = list(vec![listed(1, vec![]), unsigned], None);
        assert_eq!(list.find("path-1").unwrap().verification, Verification::Signed(vec![]));
        assert_eq!(list.find("path-2").unwrap().verification, Verification::Unsigned);
    }
}
