//! What was tried for one delivery.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use jiff::civil::Date;

/// Most attempts that are shown of one delivery, the earliest. A schedule ends far below.
pub const ATTEMPTS_PER_DELIVERY_MAX: usize = 1_000;

/// One request that was made, or that could not even be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From 1; a number that is missing was given back unused, or its dispatcher died.
    pub number: i16,
    pub started_at: Timestamp,
    pub duration_ms: i32,
    pub outcome: String,
    pub http_status: Option<i16>,
    /// Class of the error.
    pub error: Option<String>,
    /// First bytes of the answer.
    pub response: Option<Vec<u8>>,
}

/// The recorded attempts of a delivery that began on one of the days from `from` to `to` (UTC), in their order.
///
/// # Errors
/// As any statement.
pub async fn attempts(
    client: &impl GenericClient,
    delivery: i64,
    from: Date,
    to: Date,
) -> Result<Vec<Attempt>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_attempts.sql")).await?;
    let limit = i64::try_from(ATTEMPTS_PER_DELIVERY_MAX).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&delivery, &from, &to, &limit]).await?;
    Ok(rows
        .iter()
        .map(|row| Attempt {
            number: row.get("number"),
            started_at: row.get("started_at"),
            duration_ms: row.get("duration_ms"),
            outcome: row.get("outcome"),
            http_status: row.get("http_status"),
            error: row.get("error"),
            response: row.get("response"),
        })
        .collect())
}
