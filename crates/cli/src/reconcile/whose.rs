//! Whether the records are those of the account whose webhook the source accepts. Nothing in them says so, and what they
//! list is made and told to consumers, so a key of another account would fill the source with messages that are not its own.
//!
//! One message that both know settles it: one of the first that are listed, or else one of the source's own that SendGrid
//! is asked for. Where the source was told of nothing in that time there is nothing to compare, which is said.

use super::compare;
use super::records::Listed;
use super::run::Comparison;
use crate::failure::Failure;
use crate::output;
use domain::MessageKey;
use sendgrid::MessageId;
use store::reconcile;

/// Messages of the source that are asked for. SendGrid may not have the oldest any more, so they are the latest.
const ASKED_MAX: i64 = 3;

/// What is known of whose records they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nothing yet: nothing may be recovered.
    Unknown,
    /// The source's, or the user said so, or there is nothing to tell it by.
    Settled,
}

impl Comparison<'_> {
    /// Settles it by the first rows there are, before anything of them is recovered.
    pub(super) async fn settle_owner(&mut self, rows: &[Listed]) -> Result<(), Failure> {
        if self.owner == Owner::Settled {
            return Ok(());
        }
        let subjects = rows.iter().filter_map(|row| compare::attribute(self.source, row.clone()).ok());
        let keys: Vec<MessageKey> = subjects.map(|subject| subject.key).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let stored = reconcile::stored(self.client, &keys, &self.run.span).await?;
        if !stored.iter().any(|one| one.told) {
            let asked = self.asked_for_in_vain().await?;
            match asked {
                Some(0) => self.nothing_to_compare(keys.len()),
                Some(asked) => return Err(self.of_another(keys.len(), asked)),
                None => {}
            }
        }
        self.owner = Owner::Settled;
        Ok(())
    }

    /// How many of the source's messages SendGrid was asked for and does not know; `None`: it knows one.
    async fn asked_for_in_vain(&mut self) -> Result<Option<usize>, Failure> {
        let told = reconcile::told_of(self.client, self.source, &self.run.span, ASKED_MAX).await?;
        let mut asked = 0;
        for id in told.into_iter().filter_map(MessageId::new) {
            let api = self.api;
            if self.asker.ask(async |client| api.knows(client, &id).await).await? {
                return Ok(None);
            }
            asked += 1;
        }
        Ok(Some(asked))
    }

    fn nothing_to_compare(&mut self, listed: usize) {
        self.asker.watch.clear();
        output::note(&format!(
            "sendstate: `{}` was told of nothing in that time, and of none of the first {listed} messages of {}: nothing shows that these are its records",
            self.name,
            self.account()
        ));
    }

    fn of_another(&self, listed: usize, asked: usize) -> Failure {
        let what = format!(
            "these seem to be the records of another account: of the first {listed} messages that {} lists for {}, `{}` was told of none, and of {asked} messages of that time that it was told of, SendGrid knows none. Nothing was recovered",
            self.api.name(),
            self.account(),
            self.name
        );
        Failure::failed(what).next(
            "give the API key of the account whose webhook the source accepts, or its subuser with --on-behalf-of; if they are the source's all the same, add --all-new",
        )
    }

    /// Whose records were asked for.
    fn account(&self) -> String {
        match &self.subuser {
            Some(name) => format!("the subuser `{}`", output::plain(name)),
            None => "the API key's own account".to_owned(),
        }
    }
}
