//! The rows, by subject.

mod account;
mod arguments;
mod containers;
mod correlation;
mod deliveries;
mod engagement;
mod failures;
mod ids;
mod late;
mod marketing;
mod people;
mod suppression;
mod time;
mod unknown;

use super::case::Case;

pub(super) fn all() -> Vec<Case> {
    [
        deliveries::CASES,
        failures::CASES,
        engagement::CASES,
        suppression::CASES,
        account::CASES,
        marketing::CASES,
        arguments::CASES,
        ids::CASES,
        time::CASES,
        containers::CASES,
        unknown::CASES,
        people::CASES,
        late::CASES,
        correlation::CASES,
    ]
    .concat()
}
