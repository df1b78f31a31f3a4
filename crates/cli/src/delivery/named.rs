//! Deliveries that were named by their ids.

use crate::database;
use crate::failure::Failure;
use store::look::{self, Delivery};

/// Rows fetched, and changed, together.
pub(super) const STEP: usize = 1_000;

/// Those of these ids, in their order. One that does not exist stops everything: it was mistyped.
pub(super) async fn all(client: &store::Client, ids: &[i64]) -> Result<Vec<Delivery>, Failure> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found: Vec<Delivery> = Vec::with_capacity(ids.len());
    for some in ids.chunks(STEP) {
        found.extend(look::deliveries_by_id(client, some, database::now()).await?);
    }
    let missing: Vec<String> = missing(&ids, &found).iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    Err(Failure::not_found(format!("there is no delivery {}", missing.join(", ")))
        .next("see `sendstate delivery list`; retention may have taken it. Nothing was changed"))
}

/// Both in the order of their ids.
fn missing(ids: &[i64], found: &[Delivery]) -> Vec<i64> {
    ids.iter().copied().filter(|id| found.binary_search_by_key(id, |one| one.id).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::owed;
    use super::*;

    #[test]
    fn what_was_named_and_is_not_there_is_missed() {
        assert_eq!(missing(&[1, 2, 3], &[owed(1), owed(3)]), [2]);
        assert_eq!(missing(&[1], &[owed(1)]), [0; 0]);
    }
}
