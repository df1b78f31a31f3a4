//! `sendstate delivery skip`: giving up what is owed, so that what waits behind it goes on.

use super::named::{self, STEP};
use crate::args::DeliverySkip;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use serde::Serialize;
use std::collections::BTreeSet;
use store::look::Delivery;

#[derive(Serialize)]
struct Document {
    skipped: Vec<i64>,
    /// Being sent at that moment: left alone.
    sending: Vec<i64>,
    finished_before: Vec<FinishedDocument>,
}

#[derive(Serialize)]
struct FinishedDocument {
    id: i64,
    state: String,
}

pub(crate) async fn skip(global: &Global, args: &DeliverySkip) -> Result<(), Failure> {
    let mut client = database::operator(global).await?;
    let found = named::all(&client, &args.ids).await?;
    let document = if verdict(&found).is_ok() {
        let skipped = give_up(&mut client, &found).await?;
        // Whatever else it is by now, somebody came first.
        let others: Vec<i64> =
            found.iter().map(|delivery| delivery.id).filter(|id| !skipped.contains(id)).collect();
        let others = named::all(&client, &others).await?;
        let failed = verdict(&others);
        output_of(global, &document(skipped, &others))?;
        return failed;
    } else {
        document(BTreeSet::new(), &found)
    };
    output_of(global, &document)?;
    verdict(&found)
}

/// Skips those that are owed and not being sent. Returns which were.
async fn give_up(client: &mut store::Client, found: &[Delivery]) -> Result<BTreeSet<i64>, Failure> {
    let owed: Vec<i64> =
        found.iter().filter(|delivery| delivery.finished_at.is_none()).map(|delivery| delivery.id).collect();
    let mut skipped = BTreeSet::new();
    for some in owed.chunks(STEP) {
        let transaction = client.transaction().await?;
        let gone = store::delivery::skip(&transaction, some, database::now()).await?;
        transaction.commit().await?;
        skipped.extend(gone.iter().map(|one| one.id));
    }
    Ok(skipped)
}

/// `others`: what was not skipped here.
fn document(skipped: BTreeSet<i64>, others: &[Delivery]) -> Document {
    let sending = others.iter().filter(|delivery| delivery.state == "sending");
    let finished = others.iter().filter(|delivery| delivery.finished_at.is_some());
    Document {
        skipped: skipped.into_iter().collect(),
        sending: sending.map(|delivery| delivery.id).collect(),
        finished_before: finished
            .map(|delivery| FinishedDocument { id: delivery.id, state: delivery.state.clone() })
            .collect(),
    }
}

fn output_of(global: &Global, document: &Document) -> Result<(), Failure> {
    output::print(global.json, document, || text(document))
}

fn text(document: &Document) -> String {
    let skipped = document.skipped.iter().map(|id| format!("{id} is skipped"));
    let sending = document.sending.iter().map(|id| format!("{id} is being sent at this moment"));
    let before = document.finished_before.iter().map(|one| format!("{} was {} before", one.id, one.state));
    let lines: Vec<String> = skipped.chain(sending).chain(before).collect();
    if lines.is_empty() { "Nothing was skipped.".to_owned() } else { lines.join("\n") }
}

/// Whether all of them can be skipped, or have been.
fn verdict(found: &[Delivery]) -> Result<(), Failure> {
    if let Some(sending) = found.iter().find(|delivery| delivery.state == "sending") {
        return Err(Failure::failed(format!(
            "delivery {} is being sent at this moment and cannot be skipped",
            sending.id
        ))
        .next("its request ends within a minute or so: try again then"));
    }
    match found.iter().find(|delivery| matches!(delivery.state.as_str(), "delivered" | "exhausted")) {
        Some(ended) => Err(Failure::failed(format!("delivery {} was {} before", ended.id, ended.state))
            .next("only what is owed can be skipped")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{ended, owed};
    use super::*;

    fn sending(id: i64) -> Delivery {
        Delivery { state: "sending".to_owned(), ..owed(id) }
    }

    #[test]
    fn what_is_owed_can_be_skipped_and_skipping_twice_is_fine() {
        assert_eq!(verdict(&[owed(1), ended(2, "skipped")]), Ok(()));
        for wrong in [sending(1), ended(1, "delivered"), ended(1, "exhausted")] {
            assert_eq!(verdict(&[owed(2), wrong]).unwrap_err().code, 1);
        }
    }

    #[test]
    fn it_is_said_of_each_what_became_of_it() {
        let document = document(BTreeSet::from([4]), &[sending(5), ended(6, "delivered")]);
        assert_eq!(text(&document), "4 is skipped\n5 is being sent at this moment\n6 was delivered before");
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!((json["skipped"][0].as_i64(), json["sending"][0].as_i64()), (Some(4), Some(5)));
        assert_eq!(json["finished_before"][0]["state"], "delivered");
    }
}
