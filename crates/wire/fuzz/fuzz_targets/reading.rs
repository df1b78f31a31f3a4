//! Any bytes at all, read as the body of a POST and held to the laws of reading.

#![no_main]

#[path = "../../tests/reading/laws.rs"]
mod laws;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// Shortly after the events of the seeds.
const RECEIVED: Timestamp = Timestamp::constant(1_710_334_650, 0);

fuzz_target!(|body: &[u8]| laws::hold(body, RECEIVED));
