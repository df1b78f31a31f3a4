//! Day partitions kept ready. The rule and the lock are told in `migrations/0006_partitions.sql`.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::civil::Date;

/// Makes the partitions around `today` (UTC) that are missing; returns how many it made. Another caller at work: 0.
///
/// # Errors
/// As any statement.
pub async fn keep(client: &impl GenericClient, today: Date) -> Result<i32, StoreError> {
    let statement = client.prepare_cached("SELECT keep_partitions($1)").await?;
    Ok(client.query_one(&statement, &[&today]).await?.get(0))
}
