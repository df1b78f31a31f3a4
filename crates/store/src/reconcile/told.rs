//! Messages that a source's webhook told of: what shows whose records are compared.
//!
//! Nothing leads with the source that knows its messages, so the ledger is read from its end, page by page, and only so far:
//! a small source beside a large one may have more before it than is ever looked at, and then that is the answer.

use crate::StoreError;
use crate::batch::day;
use deadpool_postgres::GenericClient;
use domain::SourceId;
use jiff::Timestamp;
use jiff::civil::Date;
use std::ops::Range;
use uuid::{Builder, Uuid};

/// Most batches that are looked at, whosever they are.
const LOOKED_AT_MAX: i64 = 2_000_000;

/// What a page counts for at least, so that days of a few batches end, too: after some years of them.
const PAGE_LEAST: i64 = 1_000;

/// Batches of the source whose events are looked at together.
const TOGETHER: usize = 50;

/// Most such times: batches of a source hardly ever tell of no message.
const LOOKS_MAX: usize = 20;

/// What a source was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// SendGrid's ids of messages, youngest first; never empty.
    Of(Vec<String>),
    /// Of no message: everything was looked at.
    Nothing,
    /// Of none among as many batches as are ever looked at.
    NotFound,
}

/// Messages, at most `limit`, that the webhook told of in the last batches it brought at times in `received`, but for those
/// to the address `left_out`.
///
/// # Errors
/// As any statement.
pub async fn told_of(
    client: &impl GenericClient,
    source: SourceId,
    received: &Range<Timestamp>,
    left_out: &str,
    limit: i64,
) -> Result<Told, StoreError> {
    let day_before = client.prepare_cached(include_str!("../../sql/reconcile_told_day.sql")).await?;
    let page = client.prepare_cached(include_str!("../../sql/reconcile_told_batches.sql")).await?;
    let messages = client.prepare_cached(include_str!("../../sql/reconcile_told.sql")).await?;
    let first = least_id(received.start);
    let (mut on, mut before) = (day(received.end), least_id(received.end));
    let (mut looks, mut looked_at) = (0, 0);
    while looked_at < LOOKED_AT_MAX {
        let row = client.query_one(&page, &[&source.0, &on, &before, &first]).await?;
        let own: Option<Vec<Uuid>> = row.get("own");
        for batches in own.unwrap_or_default().chunks(TOGETHER) {
            if looks == LOOKS_MAX {
                return Ok(Told::NotFound);
            }
            looks += 1;
            let rows = client.query(&messages, &[&batches, &left_out, &limit]).await?;
            if !rows.is_empty() {
                return Ok(Told::Of(rows.iter().map(|row| row.get(0)).collect()));
            }
        }
        looked_at += row.get::<_, i64>("looked_at").max(PAGE_LEAST);
        match row.get::<_, Option<Uuid>>("last") {
            Some(last) if last < first => return Ok(Told::Nothing),
            Some(last) => before = last,
            None => {
                let earlier: Option<Date> = client.query_one(&day_before, &[&on]).await?.get(0);
                match earlier.filter(|earlier| *earlier >= day(received.start)) {
                    Some(earlier) => (on, before) = (earlier, Uuid::max()),
                    None => return Ok(Told::Nothing),
                }
            }
        }
    }
    Ok(Told::NotFound)
}

/// What no id that was made from `at` on comes before: ids of version 7 lead with the time.
fn least_id(at: Timestamp) -> Uuid {
    let millisecond = u64::try_from(at.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millisecond, &[0; 10]).into_uuid()
}
