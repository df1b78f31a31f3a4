//! Reading the records from where the run is to their end, a few messages at a time: compare, give what is missing, wait
//! until it is committed, write down how far that is. Whatever ends it in between, what was written down is done.

use super::ask::Asker;
use super::compare::{self, Subject, agrees};
use super::element::{Details, Fact, Named};
use super::horizon::{Ahead, Horizon};
use super::lately::Lately;
use super::publish::publish;
use super::records::{Api, Listed};
use super::report::{Unknown, Unknowns};
use super::slices::{Full, Slices};
use super::whose::Owner;
use crate::broker::Broker;
use crate::database;
use crate::failure::Failure;
use crate::output;
use domain::origin::NEAR;
use domain::{MachineOpens, MessageKey, Origin, SourceId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;
use store::event::{Sought, told_before};
use store::reconcile::{self, Run, Stored, Sums};
use store::source;

/// Messages compared together. Each may take a request of its own, some ten seconds where SendGrid allows six in a minute,
/// and an interruption loses what was asked since the last were committed.
const TOGETHER: usize = 20;

/// Where missing facts go.
pub(super) enum Target {
    /// Nowhere: they are only counted.
    DryRun,
    /// To the workers, who are waited for this long.
    Workers(Box<Broker>, Duration),
}

pub(super) struct Comparison<'c> {
    pub client: &'c store::Client,
    pub asker: Asker,
    pub api: Api,
    pub source: SourceId,
    /// Its name.
    pub name: &'c str,
    /// Whose records they are; `None`: the key's own account's.
    pub subuser: Option<String>,
    pub owner: Owner,
    /// Who is not passed over; `None`: nobody is, every message is asked for.
    pub lately: Option<Lately>,
    pub run: Run,
    pub target: Target,
    pub unknowns: Unknowns,
    /// Facts that would be recovered.
    pub missing: i64,
    /// Nothing moved ahead faster than it was read.
    pub caught_up: bool,
}

impl Comparison<'_> {
    /// Reads and compares everything.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        let mut slices = Slices::new(self.run.reached_at);
        let mut horizon = Horizon::new(self.api, self.run.span.end, database::now());
        loop {
            let end = horizon.end(database::now());
            let Some(stretch) = slices.next(end) else { break };
            let api = self.api;
            let page = self.asker.ask(async |client| api.list(client, stretch.clone()).await).await?;
            let answered = database::now();
            if page.may_hide_more(sendgrid::Limit::MAX) {
                match slices.full(&stretch) {
                    Full::Halved => continue,
                    Full::OneSecond => self.overfull(&stretch),
                }
            }
            let rows = page.returned();
            self.settle_owner(&page.rows).await?;
            self.stretch(&stretch, page.rows, page.unreadable, end).await?;
            slices.took(&stretch, rows);
            match horizon.after(&stretch, answered) {
                Ahead::More => {}
                Ahead::Nothing => break,
                Ahead::Fleeing => {
                    // Run again, it goes on from here.
                    self.caught_up = false;
                    return self.write(None).await;
                }
            }
        }
        self.write(Some(database::now())).await
    }

    fn overfull(&mut self, stretch: &Range<Timestamp>) {
        self.run.sums.overfull += 1;
        self.asker.watch.clear();
        output::note(&format!(
            "sendstate: {} lists {} messages of the one second {}, the most it ever lists: others of that second are not seen",
            self.api.name(),
            sendgrid::Limit::MAX.rows(),
            output::time(stretch.start)
        ));
    }

    /// Compares the messages of a stretch, second by second.
    async fn stretch(
        &mut self,
        stretch: &Range<Timestamp>,
        mut rows: Vec<Listed>,
        unreadable: usize,
        end: Timestamp,
    ) -> Result<(), Failure> {
        for _ in 0..unreadable {
            self.unknown(None, "a row has no id".to_owned());
        }
        let second = |row: &Listed| {
            row.at.map_or(stretch.start, |at| at.clamp(stretch.start, stretch.end)).as_second()
        };
        rows.sort_by_key(|row| (second(row), row.id.clone()));
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut chunk = Vec::new();
            while let Some(row) = rows.next_if(|row| {
                chunk.len() < TOGETHER || chunk.last().is_some_and(|last| second(last) == second(row))
            }) {
                chunk.push(row);
            }
            let reached = rows.peek().map(second);
            self.compare(chunk).await?;
            if let Some(at) = reached.and_then(|second| Timestamp::from_second(second).ok()) {
                self.reach(at, end).await?;
            }
        }
        self.reach(stretch.end, end).await
    }

    async fn reach(&mut self, at: Timestamp, end: Timestamp) -> Result<(), Failure> {
        self.run.reached_at = at;
        self.write(None).await?;
        let Sums { messages, found, recovered, .. } = self.run.sums;
        let (what, count) = match self.target {
            Target::DryRun => ("missing", self.missing),
            Target::Workers(..) => ("recovered", recovered),
        };
        let said = format!(
            "{messages} messages, {found} facts, {count} {what}, {} requests",
            self.run.sums.requests
        );
        // The records are read a little past the present.
        self.asker.watch.reached(at.min(database::now()), end, &said);
        Ok(())
    }

    async fn write(&mut self, finished_at: Option<Timestamp>) -> Result<(), Failure> {
        self.run.sums.requests += std::mem::take(&mut self.asker.requests);
        match self.target {
            Target::DryRun => Ok(()),
            Target::Workers(..) => Ok(reconcile::advance(self.client, &self.run, finished_at).await?),
        }
    }

    fn unknown(&mut self, message: Option<&str>, reason: String) {
        self.run.sums.unknown += 1;
        self.unknowns.add(Unknown { message: message.map(str::to_owned), reason });
    }

    /// Compares a few messages and recovers what is missing of them.
    async fn compare(&mut self, rows: Vec<Listed>) -> Result<(), Failure> {
        let (subjects, nobodys) = compare::subjects(self.source, rows);
        self.run.sums.messages += (subjects.len() + nobodys.len()) as i64;
        for one in nobodys {
            self.unknown(Some(one.id.as_str()), one.reason.to_owned());
        }
        let keys: Vec<MessageKey> = subjects.iter().map(|subject| subject.key).collect();
        let stored = reconcile::stored(self.client, &keys, &self.run.span).await?;
        let stored: HashMap<MessageKey, Stored> = stored.into_iter().map(|one| (one.message, one)).collect();
        let mut asked = Vec::new();
        for subject in subjects {
            match stored.get(&subject.key).filter(|stored| self.is_whole(&subject, stored)) {
                Some(stored) => {
                    self.run.sums.found += stored.facts;
                    self.run.sums.known += stored.facts;
                }
                None => asked.extend(self.details(subject).await?),
            }
        }
        self.recover(asked).await
    }

    /// Whether what is stored of a message is all there is, as far as that can be seen without asking for it.
    fn is_whole(&self, subject: &Subject, stored: &Stored) -> bool {
        // Whatever happened to a message that was accepted after the time asked for is of another time.
        if stored.processed_at.is_some_and(|at| at.duration_since(self.run.span.end) > NEAR) {
            return true;
        }
        let seen = subject.listed.glance.zip(self.lately.as_ref());
        seen.is_some_and(|(glance, lately)| {
            agrees(&glance, stored) && !lately.names(&subject.recipient, glance.stage)
        })
    }

    /// The facts of a message that happened in the time asked for.
    async fn details(&mut self, subject: Subject) -> Result<Option<(Subject, Vec<Fact>)>, Failure> {
        let named = Named { sg_message_id: &subject.sg_message_id, recipient: &subject.recipient };
        let (api, id) = (self.api, &subject.listed.id);
        let answer = self.asker.ask(async |client| api.details(client, id, named).await).await;
        let details = match answer {
            Err(super::ask::NoAnswer::SendGrid(sendgrid::Error::NotFound { .. })) => {
                self.unknown(
                    Some(subject.listed.id.as_str()),
                    "it is listed, and SendGrid does not know its events".to_owned(),
                );
                return Ok(None);
            }
            answer => answer?,
        };
        let span = self.run.span.clone();
        let listed = subject.listed.glance.map(|glance| glance.latest).filter(|at| span.contains(at));
        if let Some(at) = listed.filter(|at| !details.tell_of(*at)) {
            let reason =
                format!("it is listed with something of {}, which its events do not say", output::time(at));
            self.unknown(Some(subject.listed.id.as_str()), reason);
        }
        let Details { facts, strange } = details;
        for (at, reason) in strange {
            if at.is_none_or(|at| span.contains(&at)) {
                self.unknown(Some(subject.listed.id.as_str()), reason);
            }
        }
        let facts: Vec<Fact> = facts.into_iter().filter(|fact| span.contains(&fact.at)).collect();
        self.run.sums.found += facts.len() as i64;
        Ok(Some((subject, facts)))
    }

    /// Tells known facts from missing ones, by the rule that the workers have, and recovers these.
    async fn recover(&mut self, asked: Vec<(Subject, Vec<Fact>)>) -> Result<(), Failure> {
        let facts = || asked.iter().flat_map(|(subject, facts)| facts.iter().map(|fact| (subject.key, fact)));
        let sought: Vec<Sought<'_>> = facts()
            .map(|(message, fact)| Sought {
                message,
                name: fact.name,
                at: fact.at,
                origin: Origin::Reconcile,
            })
            .collect();
        if sought.is_empty() {
            return Ok(());
        }
        let mut known = told_before(self.client, &sought, &[]).await?.into_iter();
        let policy = source::policies(self.client, &[self.source.0]).await?.remove(&self.source.0);
        let policy = policy.map_or(MachineOpens::Ignore, |policy| policy.machine_opens);
        let mut missing = Vec::new();
        for (subject, facts) in &asked {
            let mut elements = Vec::new();
            for (fact, known) in facts.iter().zip(known.by_ref().take(facts.len())) {
                match fact.withheld(policy) {
                    _ if known => self.run.sums.known += 1,
                    Some(reason) => {
                        self.run.sums.withheld += 1;
                        self.unknown(Some(subject.listed.id.as_str()), reason.to_owned());
                    }
                    None => elements.push(&fact.element),
                }
            }
            missing.push(elements);
        }
        let count: usize = missing.iter().map(Vec::len).sum();
        if count == 0 {
            return Ok(());
        }
        let Target::Workers(broker, wait) = &mut self.target else {
            self.missing += count as i64;
            return Ok(());
        };
        let (tally, held) =
            publish(broker, self.client, self.source, missing, *wait, self.asker.stop()).await?;
        let recovered = i64::from(tally.applied) + i64::from(tally.stale) + i64::from(tally.ignored);
        // Somebody told them meanwhile.
        let known = i64::from(tally.duplicate);
        // A batch that is held as a whole is one element, however many facts it has.
        let quarantined = count as i64 - recovered - known;
        self.run.sums.recovered += recovered;
        self.run.sums.known += known;
        self.run.sums.quarantined += quarantined;
        self.run.sums.unknown += quarantined;
        for batch in held {
            let reason = format!("the workers could not apply it: sendstate quarantine list --batch {batch}");
            self.unknowns.add(Unknown { message: None, reason });
        }
        Ok(())
    }
}
