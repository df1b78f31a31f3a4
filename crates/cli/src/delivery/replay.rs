//! `sendstate delivery replay`: finished deliveries owed again.
//!
//! They are chosen before the first is owed, so that what a replay brings about is not replayed by it, and owed in steps
//! that each commit by themselves. Each step is due after the one before, at the rate that was asked for.

use super::named::{self, STEP};
use crate::args::DeliveryReplay;
use crate::failure::Failure;
use crate::output::{self, Progress, time};
use crate::settings::Global;
use crate::{database, endpoint};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;
use store::look::{self, Delivery, Walk};

/// Deliveries that one call owes again: at 50 per second, half an hour's.
const REPLAYED_MAX: usize = 100_000;
/// Deliveries chosen by one statement.
const PAGE: usize = 10_000;

/// What is to be owed again.
#[derive(Debug, Default)]
struct Chosen {
    ids: Vec<i64>,
    endpoints: BTreeSet<i32>,
    /// There are more, which finished at this time or later.
    more_since: Option<Timestamp>,
}

#[derive(Serialize)]
struct Document {
    /// Deliveries that matched.
    chosen: usize,
    /// The new deliveries.
    deliveries: Vec<i64>,
    /// Those that matched and whose notification retention has taken.
    gone: usize,
    /// When the last of them is due, if nothing holds it up.
    last_due_at: Option<String>,
    /// Null: these are all. Else more match, which finished at this time or later.
    more_since: Option<String>,
}

pub(crate) async fn replay(global: &Global, args: &DeliveryReplay) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let begun = database::now();
    let chosen = match args.endpoint {
        None => named(named::all(&client, &args.ids).await?)?,
        Some(endpoint_id) => matching(&client, args, endpoint_id, begun).await?,
    };
    note_what_holds(&client, &chosen.endpoints).await?;
    let apart = apart(args.rate);
    let deliveries = owe(&client, &chosen.ids, begun, apart).await?;
    database::hint(&client).await;
    let document = document(&chosen, deliveries, begun, apart);
    output::print(global.json, &document, || text(&document))
}

/// Those that were named, if all of them are finished.
fn named(found: Vec<Delivery>) -> Result<Chosen, Failure> {
    if let Some(owed) = found.iter().find(|delivery| delivery.finished_at.is_none()) {
        return Err(Failure::failed(format!(
            "delivery {} is {} and so is owed already",
            owed.id, owed.state
        ))
        .next("only what is finished can be replayed; nothing was changed"));
    }
    Ok(Chosen {
        ids: found.iter().map(|delivery| delivery.id).collect(),
        endpoints: found.iter().map(|delivery| delivery.endpoint_id).collect(),
        more_since: None,
    })
}

/// Those of an endpoint that match, the earliest first.
async fn matching(
    client: &store::Client,
    args: &DeliveryReplay,
    endpoint_id: i32,
    begun: Timestamp,
) -> Result<Chosen, Failure> {
    if let Some(kind) = &args.r#type {
        endpoint::known_type(kind)?;
    }
    endpoint::find(client, endpoint_id).await?;
    let until = args.until.map_or(begun, |until| until.min(begun));
    let since = args.since.unwrap_or(begun);
    if since >= until {
        return Err(Failure::usage(format!("--since ({since}) is not before --until ({until})"))
            .next("give the earlier time first"));
    }
    let states: Vec<&str> = args.state.iter().map(|state| state.as_str()).collect();
    let walk = Walk { endpoint_id, kind: args.r#type.as_deref(), states: &states, until };
    let mut chosen = Chosen { endpoints: BTreeSet::from([endpoint_id]), ..Chosen::default() };
    // Before the first id, so that what finished at `since` itself is in.
    let mut after = (since, 0);
    while chosen.more_since.is_none() {
        let page = look::finished_after(client, walk, after, i64::try_from(PAGE).unwrap_or(i64::MAX)).await?;
        let Some(last) = page.last().copied() else { break };
        for (finished_at, id) in page {
            if chosen.ids.len() == REPLAYED_MAX {
                chosen.more_since = Some(finished_at);
                break;
            }
            chosen.ids.push(id);
        }
        after = last;
    }
    Ok(chosen)
}

/// Owed to an endpoint that holds, nothing is sent.
async fn note_what_holds(client: &store::Client, endpoints: &BTreeSet<i32>) -> Result<(), Failure> {
    for endpoint in store::endpoint::list(client).await? {
        if endpoint.state != "active" && endpoints.contains(&endpoint.id) {
            output::note(&format!(
                "sendstate: endpoint {} is {}: what is owed to it again is held until it is resumed",
                endpoint.id, endpoint.state
            ));
        }
    }
    Ok(())
}

fn apart(rate: i32) -> Duration {
    // Parsing bounded it from 1 to 10,000.
    Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1).max(1)
}

/// When the delivery in this place is due.
fn due(begun: Timestamp, apart: Duration, place: usize) -> Timestamp {
    let wait = apart.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
    begun.saturating_add(wait).unwrap_or(begun)
}

/// Owes them again; returns the new deliveries.
async fn owe(
    client: &store::Client,
    ids: &[i64],
    begun: Timestamp,
    apart: Duration,
) -> Result<Vec<i64>, Failure> {
    let (mut progress, mut deliveries, mut tried) = (Progress::new(), Vec::with_capacity(ids.len()), 0);
    for some in ids.chunks(STEP) {
        let first = due(begun, apart, tried);
        match store::delivery::replay(client, some, first, apart, database::now()).await {
            Ok(made) => deliveries.extend(made),
            Err(error) => {
                progress.clear();
                output::note(&format!(
                    "sendstate: {} deliveries were owed again before this; their consumer may be told twice if it is repeated",
                    deliveries.len()
                ));
                return Err(error.into());
            }
        }
        tried += some.len();
        progress.show(&format!("{tried} of {} owed again", ids.len()));
    }
    Ok(deliveries)
}

fn document(chosen: &Chosen, deliveries: Vec<i64>, begun: Timestamp, apart: Duration) -> Document {
    let last = chosen.ids.len().checked_sub(1).filter(|_| !deliveries.is_empty());
    Document {
        chosen: chosen.ids.len(),
        gone: chosen.ids.len().saturating_sub(deliveries.len()),
        last_due_at: last.map(|last| time(due(begun, apart, last))),
        more_since: chosen.more_since.map(time),
        deliveries,
    }
}

fn text(document: &Document) -> String {
    let mut lines = Vec::new();
    match (document.deliveries.first(), document.deliveries.last(), &document.last_due_at) {
        (Some(only), _, Some(at)) if document.deliveries.len() == 1 => {
            lines.push(format!("1 delivery is owed again, as {only}; it is due at {at}."));
        }
        (Some(first), Some(last), Some(at)) => lines.push(format!(
            "{} deliveries are owed again, as {first} to {last}; the last is due at {at}.",
            document.deliveries.len()
        )),
        _ => lines.push("Nothing is owed again: no finished delivery matches.".to_owned()),
    }
    if document.gone > 0 {
        lines.push(format!("{} cannot be: retention has taken what they told.", document.gone));
    }
    if let Some(since) = &document.more_since {
        lines.push(format!(
            "More match: go on with --since {since}; what finished at that very time comes again."
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{at, ended, owed};
    use super::*;

    #[test]
    fn only_what_is_finished_is_owed_again() {
        let chosen = named(vec![ended(4, "delivered"), ended(5, "exhausted")]).unwrap();
        assert_eq!((chosen.ids, chosen.endpoints), (vec![4, 5], BTreeSet::from([3])));
        let failure = named(vec![ended(4, "delivered"), owed(5)]).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("delivery 5 is pending"), "{failure}");
    }

    #[test]
    fn they_are_due_one_after_the_other_at_the_rate_that_was_asked_for() {
        assert_eq!(apart(50), Duration::from_millis(20));
        assert_eq!(due(at(0), apart(50), 0), at(0));
        assert_eq!(due(at(0), apart(50), 5_000), at(100));
        assert_eq!(due(at(0), apart(1), REPLAYED_MAX), at(100_000));
    }

    #[test]
    fn it_is_said_how_many_are_owed_again_and_what_is_left() {
        let chosen = Chosen { ids: vec![1, 2, 3], more_since: Some(at(9)), ..Chosen::default() };
        let document = document(&chosen, vec![71, 72], at(0), apart(1));
        let text = text(&document);
        assert!(text.starts_with(
            "2 deliveries are owed again, as 71 to 72; the last is due at 2023-11-14T22:13:22Z."
        ));
        assert!(text.contains("1 cannot be") && text.contains("--since 2023-11-14T22:13:29Z"), "{text}");
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!((json["chosen"].as_u64(), json["gone"].as_u64()), (Some(3), Some(1)));
    }

    #[test]
    fn nothing_found_is_no_failure_and_is_said() {
        let document = document(&Chosen::default(), Vec::new(), at(0), apart(1));
        assert!(document.last_due_at.is_none());
        assert!(text(&document).starts_with("Nothing is owed again"));
    }
}
