//! `sendstate source key`: which keys a source believes, and until when.
//!
//! What may be done is decided by the store under the source's lock; here it is put into words. Nothing is undone half-way:
//! each command is one transaction.

mod choose;
mod document;

pub(super) use document::KeyDocument;

use super::{keys, named};
use crate::args::{KeyAdd, KeyCommand, KeyRetire};
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use document::{Outcome, Outcomes};
use std::time::Duration;
use store::source::Source;
use store::source::key::{self, ACCEPTED_MAX, Added, IfLast, KeyState, Retirement, SourceKey};

pub(crate) async fn run(global: &Global, command: &KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Add(args) => add(global, args).await,
        KeyCommand::Retire(args) => retire(global, args).await,
        KeyCommand::List(args) => list(global, &args.name).await,
    }
}

async fn add(global: &Global, args: &KeyAdd) -> Result<(), Failure> {
    let given = keys::read_one("the key", &args.public_key)?;
    let mut client = database::operator(global).await?;
    let source = named(&client, &args.name).await?;
    let transaction = client.transaction().await?;
    let added = key::add(&transaction, source.id, &given.labelled(args.label.as_deref())).await?;
    let all = key::list(&transaction, source.id).await?;
    transaction.commit().await?;
    let (id, outcome) = match added {
        Added::New(id) => (id, Outcome::Added),
        Added::Known(id) => (id, Outcome::Unchanged),
        Added::Again(id) => (id, Outcome::ActiveAgain),
        Added::Full => return Err(full(&source, &all)),
        Added::Unsigned => return Err(unsigned(&source)),
    };
    print(global, &source, &all, id, outcome)
}

async fn retire(global: &Global, args: &KeyRetire) -> Result<(), Failure> {
    let mut client = database::operator(global).await?;
    let source = named(&client, &args.name).await?;
    let id = choose::one(&key::list(&client, source.id).await?, &source.name, &args.key)?.id;
    let after = if args.now { Duration::ZERO } else { args.after };
    // Parsing bounded it far below.
    let after_s = i32::try_from(after.as_secs()).unwrap_or(i32::MAX);
    let if_last = if args.force { IfLast::Retire } else { IfLast::Refuse };
    let transaction = client.transaction().await?;
    let retired = key::retire(&transaction, source.id, id, after_s, if_last).await?;
    let all = key::list(&transaction, source.id).await?;
    transaction.commit().await?;
    let outcome = match retired {
        Retirement::Set => Outcome::EndSet,
        Retirement::Unchanged => Outcome::Unchanged,
        Retirement::Last => return Err(last(&source, id)),
        Retirement::Unknown => return Err(choose::unknown(&source.name, &args.key)),
    };
    if let Some(warning) = document::warning(&source, &all) {
        output::note(&warning);
    }
    print(global, &source, &all, id, outcome)
}

async fn list(global: &Global, name: &str) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let source = named(&client, name).await?;
    let keys = key::list(&client, source.id).await?;
    let documents: Vec<KeyDocument<'_>> = keys.iter().map(KeyDocument::from).collect();
    output::print(global.json, &documents, || document::table(&documents))
}

fn print(
    global: &Global,
    source: &Source,
    all: &[SourceKey],
    id: i32,
    outcome: Outcome,
) -> Result<(), Failure> {
    // Keys are never deleted, and this one was read under the lock that wrote it.
    let key =
        all.iter().find(|key| key.id == id).ok_or_else(|| Failure::failed(format!("key {id} is gone")))?;
    let document = Outcomes { source: &source.name, outcome, key: KeyDocument::from(key) };
    output::print(global.json, &document, || document.text())
}

fn full(source: &Source, keys: &[SourceKey]) -> Failure {
    let first = keys
        .iter()
        .filter(|key| key.state == KeyState::Retiring)
        .filter_map(|key| key.retires_at)
        .min()
        .map(|end| format!("; the first of those that are retiring ends at {}", output::time(end)))
        .unwrap_or_default();
    Failure::failed(format!(
        "source `{}` accepts {ACCEPTED_MAX} keys already, and no more than that at a time{first}",
        source.name
    ))
    .next(format!(
        "see `sendstate source key list {0}`, and retire one with `sendstate source key retire {0} KEY --now`",
        source.name
    ))
}

fn unsigned(source: &Source) -> Failure {
    Failure::failed(format!(
        "source `{}` takes unsigned requests, so a key would protect nothing",
        source.name
    ))
    .next("make a signed source with `sendstate source add NAME --public-key …`, and give SendGrid its path")
}

fn last(source: &Source, id: i32) -> Failure {
    Failure::failed(format!(
        "no other key of source `{}` is active: after the end of key {id} every request would be refused",
        source.name
    ))
    .next(format!(
        "add the new key first with `sendstate source key add {} --public-key …`, or say --force",
        source.name
    ))
}

#[cfg(test)]
mod tests;
