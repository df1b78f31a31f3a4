//! The webhook's key at its source: reading it, recognising it, accepting it.
//!
//! A key that came from a webhook is labelled with the webhook's id, so that it is known whose it was when the webhook has
//! another one by then. Labels that people gave stay.

use super::ask::Refused;
use super::steps::{Taken, done, unchanged};
use crate::failure::Failure;
use crate::output;
use sendgrid::webhook::{Signing, WebhookId};
use store::source::Source;
use store::source::key::{ACCEPTED_MAX, Added, NewKey, SourceKey};
use wire::signature::PublicKey;

/// What the database takes of a label.
const LABEL_CHARS_MAX: usize = 64;

/// The label of a webhook's keys.
pub(super) fn label(id: &WebhookId) -> String {
    format!("webhook {id}").chars().take(LABEL_CHARS_MAX).collect()
}

/// The key that a webhook signs with; `None` if it does not sign.
pub(super) fn read(signing: &Signing) -> Result<Option<PublicKey>, Failure> {
    let Signing::On { public_key } = signing else { return Ok(None) };
    PublicKey::parse(public_key).map(Some).map_err(|error| {
        Failure::failed(format!("the key that SendGrid gives for the webhook cannot be used: {error}"))
            .next("look at the webhook in SendGrid, under Settings → Mail Settings → Event Webhooks")
    })
}

/// Whether keys of a source show that a webhook is this source's: it signs with one of them, or one came from it.
pub(super) fn belongs(keys: &[SourceKey], id: &WebhookId, signing: &Signing) -> bool {
    let sha256 = read(signing).ok().flatten().map(|key| key.fingerprint());
    let label = label(id);
    keys.iter().any(|key| Some(&key.sha256) == sha256.as_ref() || key.label.as_ref() == Some(&label))
}

/// Whether there is room for the key that the webhook signs with, if the source does not accept it yet, and for those
/// `to_be_made`; asked before SendGrid is made to need it.
pub(super) fn check_room(
    source: &Source,
    signs_with: Option<&PublicKey>,
    to_be_made: usize,
) -> Result<(), Failure> {
    let accepted = |key: &PublicKey| {
        let sha256 = key.fingerprint();
        source.keys.iter().any(|held| held.sha256 == sha256)
    };
    let needed = to_be_made + usize::from(signs_with.is_some_and(|key| !accepted(key)));
    if source.keys.len() + needed <= ACCEPTED_MAX {
        return Ok(());
    }
    Err(full(&source.name, source.keys.len(), needed))
}

/// Makes the source accept a webhook's key, whatever it was before. All or nothing.
pub(super) async fn accept(
    client: &mut store::Client,
    source: &Source,
    key: &PublicKey,
    id: &WebhookId,
) -> Result<Taken, Refused> {
    let (spki, sha256, label) = (key.to_spki_der(), key.fingerprint(), label(id));
    let held = store::source::key::list(client, source.id).await.map_err(Failure::from)?;
    let labelled = held.iter().any(|key| key.sha256 == sha256 && key.label.is_some());
    let new = NewKey { spki: &spki, sha256: &sha256, label: (!labelled).then_some(label.as_str()) };
    let transaction = client.transaction().await.map_err(Failure::from)?;
    let added = store::source::key::add(&transaction, source.id, &new).await.map_err(Failure::from)?;
    transaction.commit().await.map_err(Failure::from)?;
    match added {
        Added::New(id) => Ok(done(format!("key {id}, sha256 {sha256}, is accepted from now on"))),
        Added::Known(id) => Ok(unchanged(format!("key {id}, sha256 {sha256}, is accepted"))),
        Added::Again(id) => Ok(done(format!("key {id}, sha256 {sha256}, was retiring and is active again"))),
        Added::Full => Err(full(&source.name, ACCEPTED_MAX, 1).into()),
        Added::Unsigned => Err(unsigned(&source.name).into()),
    }
}

fn full(source: &str, accepted: usize, needed: usize) -> Failure {
    let source = output::plain(source);
    Failure::failed(format!(
        "source `{source}` accepts {accepted} keys, this needs room for {needed} more, and there is room for {ACCEPTED_MAX}"
    ))
    .next(format!("retire what is not in use: sendstate source key list {source}"))
}

/// A source that takes unsigned requests would not look at signatures, so provisioning it would promise what does not hold.
pub(super) fn unsigned(source: &str) -> Failure {
    Failure::failed(format!("source `{}` takes unsigned requests", output::plain(source)))
        .next("provision a source of another name: it is made to want signatures")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use store::source::key::KeyState;
    use wire::signature::SigningKey;

    fn held(key: &PublicKey, label: Option<&str>) -> SourceKey {
        SourceKey {
            id: 1,
            spki: key.to_spki_der(),
            sha256: key.fingerprint(),
            label: label.map(str::to_owned),
            state: KeyState::Retired,
            created_at: Timestamp::UNIX_EPOCH,
            retires_at: Some(Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn a_webhook_is_a_sources_by_its_key_or_by_one_that_came_from_it() {
        let (key, other) = (SigningKey::generate().public_key(), SigningKey::generate().public_key());
        let id = WebhookId::parse("77d4a5da-7015-11ed-a1eb-0242ac120002").unwrap();
        let on = |key: &PublicKey| Signing::On { public_key: key.to_base64() };
        assert!(belongs(&[held(&key, None)], &id, &on(&key)));
        assert!(!belongs(&[held(&key, None)], &id, &on(&other)));
        assert!(!belongs(&[held(&key, None)], &id, &Signing::Off));
        assert!(belongs(&[held(&key, Some(&label(&id)))], &id, &Signing::Off));
        assert!(!belongs(&[], &id, &on(&key)));
    }

    #[test]
    fn a_rotation_needs_room_for_the_new_key_and_for_the_old_one_if_it_is_not_accepted() {
        let old = SigningKey::generate().public_key();
        let other = || held(&SigningKey::generate().public_key(), None);
        let source = |keys: Vec<SourceKey>| Source {
            id: 1,
            name: "main".to_owned(),
            path: "main".to_owned(),
            signed: true,
            max_age_s: 600,
            machine_opens: domain::MachineOpens::Count,
            keys,
            oauth: None,
        };
        let with_old = |others: usize| {
            source(std::iter::once(held(&old, None)).chain((0..others).map(|_| other())).collect())
        };
        let without = |others: usize| source((0..others).map(|_| other()).collect());
        let room = |source: Source| check_room(&source, Some(&old), 1).is_ok();
        assert!(room(with_old(8)) && !room(with_old(9)));
        assert!(room(without(8)) && !room(without(9)) && !room(without(10)));
        assert!(check_room(&without(9), None, 1).is_ok() && check_room(&without(10), None, 1).is_err());
        assert!(
            check_room(&with_old(9), Some(&old), 0).is_ok()
                && check_room(&without(10), Some(&old), 0).is_err()
        );
    }

    #[test]
    fn the_label_of_any_id_fits() {
        let id = WebhookId::parse(&"a".repeat(128)).unwrap();
        assert_eq!(label(&id).chars().count(), LABEL_CHARS_MAX);
    }

    #[test]
    fn a_key_that_is_none_is_said_so() {
        let failure = read(&Signing::On { public_key: "abc".to_owned() }).unwrap_err();
        assert_eq!(failure.code, 1);
        assert_eq!(read(&Signing::Off).unwrap(), None);
    }
}
