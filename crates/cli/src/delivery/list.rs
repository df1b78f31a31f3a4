//! `sendstate delivery list`.

use super::document::{self, Told};
use crate::args::{DeliveryList, StateArg};
use crate::failure::Failure;
use crate::message::{find, not_found};
use crate::settings::Global;
use crate::{database, endpoint, output, source};
use clap::ValueEnum as _;
use store::look::{self, Delivery, DeliveryFilter};
use uuid::Uuid;

/// Messages of one address whose deliveries are looked through, the newest.
const MESSAGES_MAX: u16 = 1_000;
/// Subjects whose notifications are fetched together.
const TOGETHER: usize = 1_000;

pub(crate) async fn list(global: &Global, args: &DeliveryList) -> Result<(), Failure> {
    if let Some(kind) = &args.r#type {
        endpoint::known_type(kind)?;
    }
    let client = database::operator(global).await?;
    if let Some(id) = args.endpoint {
        endpoint::find(&client, id).await?;
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut found = if args.recipient.is_some() || args.message.is_some() {
        of_messages(&client, args).await?
    } else {
        of_endpoints(&client, args, limit).await?
    };
    if found.len() > limit {
        found.truncate(limit);
        output::note(&format!("sendstate: only the first {limit} are shown; --limit shows more"));
    }
    let told = told(&client, &found).await?;
    let rows = document::rows(&found, &told);
    output::print(global.json, &rows, || document::table(&rows))
}

/// What is owed, what is due first at the front; then what is finished, the newest first. One more than the limit, to know
/// whether there is more.
async fn of_endpoints(
    client: &store::Client,
    args: &DeliveryList,
    limit: usize,
) -> Result<Vec<Delivery>, Failure> {
    let filter = DeliveryFilter {
        endpoint_id: args.endpoint,
        kind: args.r#type.as_deref(),
        since: args.since,
        until: args.until,
    };
    let (ended, owed): (Vec<StateArg>, Vec<StateArg>) =
        states(args).into_iter().partition(|state| state.is_final());
    let names = |states: &[StateArg]| states.iter().map(|state| state.as_str()).collect::<Vec<_>>();
    let room = |taken: usize| i64::try_from(limit + 1 - taken).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    if !owed.is_empty() {
        found = look::unfinished(client, filter, &names(&owed), database::now(), room(0)).await?;
    }
    if !ended.is_empty() && found.len() <= limit {
        found.extend(look::finished(client, filter, &names(&ended), room(found.len())).await?);
    }
    Ok(found)
}

/// The same, of the messages that were meant.
async fn of_messages(client: &store::Client, args: &DeliveryList) -> Result<Vec<Delivery>, Failure> {
    let (id, recipient) = (args.message.as_deref(), args.recipient.as_deref());
    let sources = source::chosen(client, None).await?;
    let messages = find::messages(client, &sources, id, recipient, MESSAGES_MAX).await?;
    if messages.is_empty() {
        return Err(not_found(id, recipient));
    }
    if messages.len() >= usize::from(MESSAGES_MAX) {
        output::note(&format!("sendstate: only the newest {MESSAGES_MAX} messages are looked through"));
    }
    let keys: Vec<Uuid> = messages.iter().map(|message| message.key).collect();
    let mut found = look::deliveries(client, &keys, database::now()).await?;
    found.retain(|delivery| matches(args, delivery));
    in_order(&mut found);
    Ok(found)
}

fn states(args: &DeliveryList) -> Vec<StateArg> {
    if args.state.is_empty() { StateArg::value_variants().to_vec() } else { args.state.clone() }
}

/// As the statements filter where nothing narrows them to few rows before.
fn matches(args: &DeliveryList, delivery: &Delivery) -> bool {
    let at = delivery.finished_at.unwrap_or(delivery.created_at);
    args.endpoint.is_none_or(|id| delivery.endpoint_id == id)
        && args.r#type.as_ref().is_none_or(|kind| delivery.kind == *kind)
        && args.since.is_none_or(|since| at >= since)
        && args.until.is_none_or(|until| at < until)
        && states(args).iter().any(|state| state.as_str() == delivery.state)
}

/// As the statements order.
fn in_order(found: &mut Vec<Delivery>) {
    let (mut owed, mut ended): (Vec<_>, Vec<_>) =
        std::mem::take(found).into_iter().partition(|delivery| delivery.finished_at.is_none());
    owed.sort_by_key(|delivery| (delivery.due_at, delivery.id));
    ended.sort_by_key(|delivery| std::cmp::Reverse((delivery.finished_at, delivery.id)));
    owed.append(&mut ended);
    *found = owed;
}

async fn told(client: &store::Client, deliveries: &[Delivery]) -> Result<Told, Failure> {
    let mut subjects: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.subject_key).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let mut told = Told::new();
    for some in subjects.chunks(TOGETHER) {
        for notification in look::notifications(client, some).await? {
            told.insert((notification.subject_key, notification.kind.clone()), notification);
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{ended, owed};
    use super::*;
    use crate::args::{Cli, Command, DeliveryCommand};
    use clap::Parser as _;

    fn args(line: &str) -> DeliveryList {
        let words = ["sendstate", "delivery", "list"].into_iter().chain(line.split_ascii_whitespace());
        match Cli::parse_from(words).command {
            Command::Delivery(DeliveryCommand::List(args)) => args,
            _ => unreachable!("the words say list"),
        }
    }

    #[test]
    fn what_is_owed_comes_first_by_when_it_is_due_and_then_the_newest_end() {
        let later = Delivery { due_at: owed(1).finished_at, ..owed(2) };
        let mut found = vec![ended(5, "delivered"), owed(1), ended(6, "skipped"), later];
        in_order(&mut found);
        assert_eq!(found.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [2, 1, 6, 5]);
    }

    #[test]
    fn every_filter_narrows_what_is_known_of_a_message() {
        let ended = ended(5, "exhausted");
        for line in [
            "",
            "--endpoint 3",
            "--type message.seen",
            "--state exhausted,held",
            "--since 2023-11-14T22:13:25Z",
            "--until 2023-11-14T22:13:26Z",
        ] {
            assert!(matches(&args(line), &ended), "{line}");
        }
        for line in [
            "--endpoint 4",
            "--type message.failed",
            "--state delivered",
            "--since 2023-11-14T22:13:26Z",
            "--until 2023-11-14T22:13:25Z",
        ] {
            assert!(!matches(&args(line), &ended), "{line}");
        }
    }
}
