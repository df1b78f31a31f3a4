//! The source: made with the webhook's key, or made to accept it.

use super::{Setup, lost};
use crate::database;
use crate::source::provision::ask::Refused;
use crate::source::provision::key;
use crate::source::provision::steps::{Taken, done, skipped, unchanged};
use domain::MachineOpens;
use store::source::NewSource;
use store::source::key::NewKey;
use wire::signature::PublicKey;

/// What `source add` gives a source, if not told otherwise.
const MAX_AGE_S: i32 = 600;

impl Setup<'_> {
    /// Makes the source with the webhook's key, if it is not there.
    pub(super) async fn source(&mut self) -> Result<Taken, Refused> {
        let name = &self.args.name;
        if self.source.is_some() {
            return Ok(unchanged(format!("`{name}` is there and wants signatures")));
        }
        if self.args.dry_run {
            return Ok(skipped(format!("would make `{name}`")));
        }
        let (found, key) = self.known()?;
        let (spki, sha256, label) = (key.to_spki_der(), key.fingerprint(), key::label(&found.webhook.id));
        let new = NewSource {
            name,
            path: name,
            signed: true,
            max_age_s: MAX_AGE_S,
            machine_opens: MachineOpens::Count,
            keys: &[NewKey { spki: &spki, sha256: &sha256, label: Some(&label) }],
            created_at: database::now(),
        };
        let source = crate::source::create(&self.client, &new).await?;
        let path = crate::source::inbound_path(&source.path);
        self.source = Some(source);
        Ok(done(format!("made `{name}`, at {path}")))
    }

    /// Makes the source accept the key.
    pub(super) async fn key(&mut self) -> Result<Taken, Refused> {
        if self.args.dry_run {
            let held = |key: &PublicKey| {
                let sha256 = key.fingerprint();
                self.source
                    .iter()
                    .flat_map(|source| &source.keys)
                    .any(|held| held.sha256 == sha256 && held.retires_at.is_none())
            };
            return Ok(match &self.key {
                Some(key) if held(key) => unchanged(format!("sha256 {} is accepted", key.fingerprint())),
                Some(key) => skipped(format!("would accept the key of sha256 {}", key.fingerprint())),
                None => skipped("would accept the new key"),
            });
        }
        let (found, key) = self.known()?;
        let (id, key) = (found.webhook.id.clone(), key.clone());
        let Some(source) = &self.source else { return Err(lost().into()) };
        key::accept(&mut self.client, source, &key, &id).await
    }
}
