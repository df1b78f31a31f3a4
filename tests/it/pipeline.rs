//! From a POST to a status and a notification, through all three processes.

mod deadlock;
mod duplicates;
mod endpoints;
mod hostile;
mod order;
mod poison;
mod quarantine;
mod redelivery;
