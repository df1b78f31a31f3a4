//! Whether the records are those of the account whose webhook the source accepts. Nothing in them says so, and what they
//! list is made and told to consumers, so a key of another account would fill the source with messages that are not its own.
//!
//! One message that both know settles it: one of the first that are listed, or else one of the source's own that SendGrid
//! is asked for, of whatever day: in an outage the time that is asked for has none. A source that was never told of a message
//! has nothing to compare, which is said. Anything else is refused.

use super::compare;
use super::records::Listed;
use super::run::Comparison;
use crate::failure::Failure;
use crate::source::SAMPLE_ADDRESS;
use crate::{database, output};
use domain::MessageKey;
use jiff::{SignedDuration, Timestamp};
use sendgrid::MessageId;
use std::ops::Range;
use store::reconcile::{self, Told};

/// Messages of the source that are asked for. SendGrid may not have the oldest any more, so they are the youngest.
const ASKED_MAX: i64 = 3;

/// By how much SendGrid's records may be behind its webhook, and then some. What was told later is asked for only where there
/// is nothing else.
const BEHIND: SignedDuration = SignedDuration::from_mins(5);

/// By how much ingest's clock may be ahead of this one.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// What is known of whose records they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nothing yet: nothing may be recovered.
    Unknown,
    /// The source's, or the user said so, or there is nothing to tell it by.
    Settled,
}

/// What the source's own messages say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// SendGrid knows one.
    Known,
    /// It was asked for so many and knows none.
    Strange(usize),
    /// There was never one.
    None,
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
            match self.ask_for_own().await? {
                Own::Known => {}
                Own::None => self.nothing_to_compare(keys.len()),
                Own::Strange(asked) => return Err(self.of_another(keys.len(), asked)),
            }
        }
        self.owner = Owner::Settled;
        Ok(())
    }

    async fn ask_for_own(&mut self) -> Result<Own, Failure> {
        let now = database::now();
        let settled = now - BEHIND;
        let told = match self.told_of(Timestamp::UNIX_EPOCH..settled).await? {
            Told::Nothing => self.told_of(settled..now + CLOCKS_APART).await?,
            told => told,
        };
        let told = match told {
            Told::Nothing => return Ok(Own::None),
            Told::NotFound => Vec::new(),
            Told::Of(told) => told,
        };
        let mut asked = 0;
        for id in told.into_iter().filter_map(MessageId::new) {
            let api = self.api;
            if self.asker.ask(async |client| api.knows(client, &id).await).await? {
                return Ok(Own::Known);
            }
            asked += 1;
        }
        Ok(Own::Strange(asked))
    }

    /// The message of SendGrid's own test was never sent: no records have it.
    async fn told_of(&self, received: Range<Timestamp>) -> Result<Told, Failure> {
        Ok(reconcile::told_of(self.client, self.source, &received, SAMPLE_ADDRESS, ASKED_MAX).await?)
    }

    fn nothing_to_compare(&mut self, listed: usize) {
        self.asker.watch.clear();
        output::note(&format!(
            "sendstate: `{}` was never told of a message, so also of none of the first {listed} of {}: nothing shows that these are its records",
            self.name,
            self.account()
        ));
    }

    fn of_another(&self, listed: usize, asked: usize) -> Failure {
        let own = match asked {
            0 => {
                "and among what it was told of last there is none that SendGrid could be asked for".to_owned()
            }
            asked => format!("and of {asked} messages that it was told of last, SendGrid knows none"),
        };
        let what = format!(
            "these seem to be the records of another account: of the first {listed} messages that {} lists for {}, `{}` was told of none, {own}. Nothing was recovered",
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
