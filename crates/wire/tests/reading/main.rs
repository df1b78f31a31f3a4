//! Reading held to its laws by generated bodies: noise, near-JSON, and events as they come with everything done to them
//! that a sender, a proxy or a broken serialiser might do.

mod bodies;
mod laws;

use jiff::Timestamp;
use proptest::prelude::*;

fn received_at() -> Timestamp {
    Timestamp::from_second(bodies::NOW).expect("2024 is a time")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_at_all_are_read_by_the_laws(body in prop::collection::vec(any::<u8>(), 0..400)) {
        laws::hold(&body, received_at());
    }

    #[test]
    fn what_resembles_json_is_read_by_the_laws(body in bodies::near_json()) {
        laws::hold(&body, received_at());
    }

    #[test]
    fn batches_of_distorted_events_are_read_by_the_laws(body in bodies::batch()) {
        laws::hold(&body, received_at());
    }

    #[test]
    fn batches_with_damaged_bytes_are_read_by_the_laws(body in bodies::damaged()) {
        laws::hold(&body, received_at());
    }
}

/// The generators would prove little if hardly anything they make were an event.
#[test]
fn the_distorted_events_are_mostly_still_events() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut events, mut elements) = (0, 0);
    for _ in 0..500 {
        let body = bodies::batch().new_tree(&mut runner).unwrap().current();
        if let wire::sendgrid::Reading::Elements(read) = wire::sendgrid::read(&body, received_at()) {
            elements += read.len();
            events += read.iter().filter(|element| element.event.is_ok()).count();
        }
    }
    assert!(
        elements > 1_000 && events * 2 > elements && events * 100 < elements * 95,
        "{events} of {elements}"
    );
}
