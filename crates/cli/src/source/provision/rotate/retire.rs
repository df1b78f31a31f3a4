//! An end for the key that was replaced: only now, that another one signs and is accepted, which is looked at once more.

use super::Rotation;
use crate::failure::Failure;
use crate::output;
use crate::source::provision::ask::{self, Refused};
use crate::source::provision::key;
use crate::source::provision::steps::{Taken, done, skipped};
use store::source::key::{IfLast, KeyState, Retirement, SourceKey};
use wire::signature::PublicKey;

impl Rotation<'_> {
    /// Gives the webhook's old keys an end: the one it signed with until now, and any that is labelled as its own and was
    /// left over by an interruption.
    pub(super) async fn retire(&mut self) -> Result<Taken, Refused> {
        let overlap = humantime::format_duration(self.args.overlap);
        let Some(new) = self.new.as_ref().map(PublicKey::fingerprint) else {
            return Ok(skipped(format!("would retire the old key, {overlap} after that")));
        };
        self.check_still_signs_with(&new).await?;
        let label = key::label(&self.found()?.webhook.id);
        let old = self.old.as_ref().map(PublicKey::fingerprint);
        let is_old = |key: &SourceKey| {
            key.sha256 != new
                && key.retires_at.is_none()
                && (Some(&key.sha256) == old.as_ref() || key.label.as_ref() == Some(&label))
        };
        // Parsing bounded it far below.
        let after_s = i32::try_from(self.args.overlap.as_secs()).unwrap_or(i32::MAX);
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(Failure::from)?;
        let keys = store::source::key::list(&transaction, self.source.id).await.map_err(Failure::from)?;
        let ids: Vec<i32> = keys.iter().filter(|key| is_old(key)).map(|key| key.id).collect();
        for id in &ids {
            let retired =
                store::source::key::retire(&transaction, self.source.id, *id, after_s, IfLast::Refuse);
            if retired.await.map_err(Failure::from)? == Retirement::Last {
                return Err(Failure::failed(format!("key {id} is the only active key of the source")).into());
            }
        }
        // Under the source's lock, if there was any to retire.
        let keys = store::source::key::list(&transaction, self.source.id).await.map_err(Failure::from)?;
        if !keys.iter().any(|key| key.sha256 == new && key.state == KeyState::Active) {
            return Err(not_accepted(&self.source.name).into());
        }
        transaction.commit().await.map_err(Failure::from)?;
        let ends = keys.iter().filter(|key| ids.contains(&key.id));
        self.ends = ends.filter_map(|key| Some((key.id, key.retires_at?))).collect();
        if self.ends.is_empty() {
            return Ok(skipped(format!(
                "no active key is known to have been this webhook's; see sendstate source key list {}",
                self.source.name
            )));
        }
        let ends = self
            .ends
            .iter()
            .map(|(id, until)| format!("key {id} is accepted until {}", output::time(*until)));
        Ok(done(ends.collect::<Vec<_>>().join("; ")))
    }

    /// Whoever has had another key made meanwhile, here or in SendGrid's pages: then this command does not know which keys
    /// are old.
    async fn check_still_signs_with(&self, new: &str) -> Result<(), Refused> {
        let signing = ask::signing(&self.api, &self.found()?.webhook.id).await?;
        let what = match key::read(&signing)?.map(|key| key.fingerprint()) {
            Some(sha256) if sha256 == new => return Ok(()),
            Some(sha256) => format!("by now SendGrid signs with another key, of sha256 {sha256}"),
            None => "signing has been switched off meanwhile".to_owned(),
        };
        let name = &self.source.name;
        Err(Failure::failed(format!("{what}: no key was retired"))
            .next(format!(
                "have signing on and its key accepted: sendstate source provision {name} --url URL; then retire what is \
                 old: sendstate source key list {name}"
            ))
            .into())
    }
}

/// Only other traffic has arrived, and nobody can say which of the keys that count it is signed with.
pub(super) fn unproven(source: &str, heard: &str) -> Failure {
    Failure::failed(format!(
        "{heard}: it may be signed with the old key, which was given no end; SendGrid's test has not arrived"
    ))
    .next(format!(
        "when you have seen that what SendGrid posts now is accepted, retire the old key: sendstate source key list {source}, \
         then sendstate source key retire {source} KEY"
    ))
}

fn not_accepted(source: &str) -> Failure {
    Failure::failed("the new key has been retired meanwhile: no other key was")
        .next(format!("have it accepted again: sendstate source provision {source} --url URL"))
}
