//! `sendstate batch show`.

use crate::args::BatchShow;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use std::time::Duration;
use store::audit::{self, BEFORE_ALL_DAYS};
use store::look::Batch;
use tokio::time::Instant;
use uuid::Uuid;

/// How often the ledger is asked while waiting.
const POLL: Duration = Duration::from_millis(50);

#[derive(Serialize)]
struct Document<'a> {
    id: Uuid,
    source: Option<&'a str>,
    received_at: String,
    state: &'a str,
    elements: i32,
    applied: i32,
    stale: i32,
    ignored: i32,
    duplicate: i32,
    quarantined: i32,
}

pub(crate) async fn show(global: &Global, args: &BatchShow) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let deadline = Instant::now() + args.wait.unwrap_or_default();
    let batch = loop {
        if let Some(batch) = find(&client, args.id).await? {
            break batch;
        }
        if Instant::now() >= deadline {
            return Err(Failure::not_found(format!("batch {} is not in the ledger", args.id)).next(
                match args.wait {
                    Some(_) => "see whether a worker runs and what its log says",
                    None => "it may still be in the queue: add --wait 30s",
                },
            ));
        }
        tokio::time::sleep(POLL).await;
    };
    let document = Document {
        id: batch.id,
        source: batch.source.as_deref(),
        received_at: output::time(batch.received_at),
        state: &batch.state,
        elements: batch.elements,
        applied: batch.applied,
        stale: batch.stale,
        ignored: batch.ignored,
        duplicate: batch.duplicate,
        quarantined: batch.quarantined,
    };
    output::print(global.json, &document, || table(&batch))
}

/// The batch, looked for on the days its id allows.
pub(crate) async fn find(client: &store::Client, id: Uuid) -> Result<Option<Batch>, Failure> {
    let days = match days(id) {
        Some(days) => days,
        None => every_day(client).await?,
    };
    Ok(store::look::batch(client, &days, id).await?)
}

/// Ingest gives ids that lead with its time when the body was received. A day on either side covers the moment between
/// the two readings of the clock at midnight. `None`: the id tells no time.
pub(crate) fn days(id: Uuid) -> Option<Vec<Date>> {
    let (seconds, _) = id.get_timestamp().filter(|_| id.get_version_num() == 7)?.to_unix();
    let at = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let day = at.to_zoned(TimeZone::UTC).date();
    Some([day.checked_sub(1.day()), Ok(day), day.checked_add(1.day())].into_iter().flatten().collect())
}

/// For what ingest did not write: such a batch is named by its bytes.
async fn every_day(client: &store::Client) -> Result<Vec<Date>, Failure> {
    let mut days = Vec::new();
    while let Some(day) = audit::next_day(client, days.last().copied().unwrap_or(BEFORE_ALL_DAYS)).await? {
        days.push(day);
    }
    Ok(days)
}

fn table(batch: &Batch) -> String {
    let mut table = output::table(&["batch", &batch.id.to_string()]);
    let source = batch.source.clone().unwrap_or_else(|| format!("unknown (id {})", batch.source_id));
    table.add_row(["source", &source]);
    table.add_row(["received at", &output::time(batch.received_at)]);
    table.add_row(["state", &batch.state]);
    for (name, count) in [
        ("elements", batch.elements),
        ("  applied", batch.applied),
        ("  stale", batch.stale),
        ("  ignored", batch.ignored),
        ("  duplicate", batch.duplicate),
        ("  quarantined", batch.quarantined),
    ] {
        table.add_row([name, &count.to_string()]);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_the_days_around_its_time() {
        // 2023-11-14T22:13:20Z.
        let id = uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000, &[7; 10]).into_uuid();
        let days: Vec<String> = days(id).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2023-11-13", "2023-11-14", "2023-11-15"]);
    }

    #[test]
    fn an_id_from_the_end_of_time_harms_nobody_and_a_hash_tells_no_time() {
        let last = uuid::Builder::from_unix_timestamp_millis((1 << 48) - 1, &[0; 10]).into_uuid();
        assert!(days(last).is_none_or(|days| days.len() <= 3));
        assert_eq!(days(Uuid::from_u128(42)), None);
    }
}
