//! `sendstate endpoint reseal`: everything that is sealed, sealed again with the key of today. The one command that runs as
//! the dispatcher's role, which alone may read what is sealed. Nothing that is opened leaves this process.

use crate::database;
use crate::failure::Failure;
use crate::output::{self, plain};
use crate::settings::Global;
use serde::Serialize;
use std::collections::BTreeSet;
use store::look;
use store::reseal::{Place, Sealed};
use store::sealed::{KeyRing, SealError};
use store::{PoolSettings, Role};

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Document {
    /// Secrets and header values that are sealed.
    sealed: usize,
    /// Those that the previous key had sealed, and the current one has now.
    resealed: usize,
    /// Secrets that neither key opens and that sign nothing any more.
    left_alone: usize,
}

/// What is to be replaced, and how much is left as it is though it does not open.
#[derive(Debug, PartialEq, Eq)]
struct Anew {
    sealed: Vec<Sealed>,
    left_alone: usize,
}

pub(crate) async fn reseal(global: &Global) -> Result<(), Failure> {
    let ring = KeyRing::new(global.secret_key()?, global.secret_key_previous()?);
    let pool = database::pool(global, Role::Dispatcher, PoolSettings::default().statement_timeout)?;
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let everything = store::reseal::everything(&transaction).await?;
    let endpoints: Vec<i32> = everything.iter().map(|sealed| sealed.endpoint_id).collect();
    let signing = look::secrets_of_each(&transaction, &endpoints, database::now()).await?;
    let signing: BTreeSet<i32> = signing.into_values().flatten().map(|secret| secret.id).collect();
    let anew = again(&ring, &everything, &signing)?;
    for sealed in &anew.sealed {
        store::reseal::replace(&transaction, sealed).await?;
    }
    transaction.commit().await?;
    let document =
        Document { sealed: everything.len(), resealed: anew.sealed.len(), left_alone: anew.left_alone };
    output::print(global.json, &document, || text(&document))
}

fn text(document: &Document) -> String {
    let Document { sealed, resealed, left_alone } = document;
    let before = sealed - resealed - left_alone;
    let mut text = format!("{resealed} were sealed again with the current key, {before} had been before.");
    if *left_alone > 0 {
        text.push_str(&format!(
            "\n{left_alone} that neither key opens were left alone: they sign nothing any more."
        ));
    }
    text
}

/// One that is needed and does not open stops everything: it would be lost with its key. `signing`: secrets that have not
/// expired.
fn again(ring: &KeyRing, everything: &[Sealed], signing: &BTreeSet<i32>) -> Result<Anew, Failure> {
    let mut anew = Anew { sealed: Vec::new(), left_alone: 0 };
    for sealed in everything {
        let Sealed { endpoint_id, place, bytes } = sealed;
        match ring.reseal(*endpoint_id, bytes) {
            Ok(None) => {}
            Ok(Some(bytes)) => anew.sealed.push(Sealed { bytes, ..sealed.clone() }),
            Err(_) if matches!(place, Place::Secret { id } if !signing.contains(id)) => anew.left_alone += 1,
            Err(error) => return Err(unopened(*endpoint_id, place, error)),
        }
    }
    Ok(anew)
}

fn unopened(endpoint_id: i32, place: &Place, error: SealError) -> Failure {
    let what = match place {
        Place::Secret { id } => format!("secret {id}"),
        Place::Header { name } => format!("header `{}`", plain(name)),
    };
    let what = format!("{what} of endpoint {endpoint_id} does not open, so nothing was changed");
    match error {
        SealError::OtherKey => Failure::configuration(format!("{what}: neither key sealed it")).next(
            "give the key that sealed it as SENDSTATE_SECRET_KEY_PREVIOUS; if it is lost, `sendstate endpoint rotate-secret \
             --overlap 0s` and `sendstate endpoint set --header` make new ones",
        ),
        error => Failure::failed(format!("{what}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use store::sealed::{SecretKey, seal};

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn key(text: &str) -> SecretKey {
        SecretKey::parse(text).unwrap()
    }

    fn sealed(id: i32, with: &str) -> Sealed {
        let bytes = seal(&key(with), 7, &SecretString::from("whsec_x"));
        Sealed { endpoint_id: 7, place: Place::Secret { id }, bytes }
    }

    #[test]
    fn only_what_the_previous_key_sealed_is_sealed_again() {
        let ring = KeyRing::new(key(NEW), Some(key(OLD)));
        let signing = BTreeSet::from([1, 2]);
        let anew = again(&ring, &[sealed(1, OLD), sealed(2, NEW)], &signing).unwrap().sealed;
        assert_eq!(anew.iter().map(|one| one.place.clone()).collect::<Vec<_>>(), [Place::Secret { id: 1 }]);
        assert_eq!(again(&ring, &anew, &signing).unwrap().sealed, []);
    }

    #[test]
    fn one_that_is_needed_and_does_not_open_stops_everything_and_is_named() {
        let ring = KeyRing::new(key(NEW), None);
        let failure = again(&ring, &[sealed(1, NEW), sealed(2, OLD)], &BTreeSet::from([1, 2])).unwrap_err();
        assert_eq!(failure.code, 64);
        assert!(failure.to_string().contains("secret 2 of endpoint 7"), "{failure}");
        let header = Sealed { place: Place::Header { name: "x-a".to_owned() }, ..sealed(2, OLD) };
        let failure = again(&ring, &[header], &BTreeSet::new()).unwrap_err();
        assert!(failure.to_string().contains("header `x-a` of endpoint 7"), "{failure}");
        let damaged = Sealed { bytes: vec![1; 60], ..sealed(3, NEW) };
        assert!(again(&ring, &[damaged], &BTreeSet::from([3])).is_err());
    }

    #[test]
    fn a_lost_key_of_secrets_that_have_expired_stops_nothing() {
        let ring = KeyRing::new(key(NEW), None);
        let anew = again(&ring, &[sealed(1, NEW), sealed(2, OLD)], &BTreeSet::from([1])).unwrap();
        assert_eq!(anew, Anew { sealed: Vec::new(), left_alone: 1 });
        let document = Document { sealed: 2, resealed: 0, left_alone: 1 };
        assert!(text(&document).contains("1 had been before") && text(&document).contains("1 that neither"));
    }
}
