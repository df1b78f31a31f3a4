//! From a POST to a status and a notification, through all three processes.

mod duplicates;
mod endpoints;
mod order;
mod poison;
mod quarantine;
mod redelivery;
