use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const BOUNDS: Bounds = Bounds { in_flight: 100, endpoint_in_flight: 16, body_bytes: 1_000 };

fn ready(endpoint_id: i32, lane: i16) -> Ready {
    Ready {
        endpoint_id,
        lane,
        due_at: NOW,
        concurrency: None,
        rate_per_s: None,
        timeout_s: None,
        gated: false,
    }
}

fn gate(endpoint_id: i32, open_until_s: Option<i64>, tokens: f64) -> Gate {
    let open_until = open_until_s.map(|second| Timestamp::from_second(second).unwrap());
    Gate { endpoint_id, open_until, tokens, filled_at: Some(NOW) }
}

fn decide_with(
    ready: &[Ready],
    locals: &[(i32, Local)],
    shared: &[(Gate, usize)],
    permits: usize,
    odd: bool,
) -> Rooms {
    let shared = shared
        .iter()
        .map(|(gate, under_way)| (gate.endpoint_id, Shared { gate: *gate, under_way: *under_way }));
    let situation = Situation {
        now: NOW,
        bounds: BOUNDS,
        terms: Terms::new(Duration::from_secs(15)),
        permits,
        ready,
        locals: &locals.iter().copied().collect(),
        shared: &shared.collect(),
    };
    decide(&situation, || odd)
}

/// Endpoint, lane and room of each share.
fn parts(rooms: &Rooms) -> Vec<(i32, i16, i32)> {
    rooms.shares.iter().map(|share| (share.endpoint_id, share.lane, share.room)).collect()
}

/// The room of one gated endpoint.
fn gated(asks: Ready, gate: Gate, under_way: usize) -> i32 {
    let rooms = decide_with(&[Ready { gated: true, ..asks }], &[], &[(gate, under_way)], 100, false);
    rooms.shares.iter().map(|share| share.room).sum()
}

#[test]
fn an_endpoint_that_nothing_is_known_of_has_room_for_its_slots() {
    assert_eq!(parts(&decide_with(&[ready(1, 0)], &[], &[], 100, false)), [(1, 0, 16)]);
    let asks = Ready { concurrency: Some(3), ..ready(1, 1) };
    assert_eq!(gated(asks, gate(1, None, 0.0), 0), 3);
}

#[test]
fn what_this_process_has_room_for_is_never_exceeded() {
    let local = Local { in_hand: [20, 0], room: 5 };
    assert_eq!(parts(&decide_with(&[ready(1, 0)], &[(1, local)], &[], 100, false)), [(1, 0, 5)]);
    let full = Local { in_hand: [16, 0], room: 0 };
    assert_eq!(parts(&decide_with(&[ready(1, 0)], &[(1, full)], &[], 100, false)), []);
}

#[test]
fn requests_at_the_same_time_count_over_all_dispatchers() {
    let asks = Ready { concurrency: Some(10), ..ready(1, 0) };
    for (under_way, room) in [(0, 10), (7, 3), (10, 0), (25, 0)] {
        assert_eq!(gated(asks.clone(), gate(1, None, 0.0), under_way), room, "{under_way}");
    }
}

#[test]
fn a_gated_endpoint_that_another_dispatcher_has_in_hand_is_left_out_and_the_others_are_not() {
    let asks = Ready { gated: true, concurrency: Some(10), ..ready(1, 0) };
    assert_eq!(parts(&decide_with(&[asks, ready(2, 0)], &[], &[], 100, false)), [(2, 0, 16)]);
}

#[test]
fn an_open_breaker_lets_nothing_through_and_a_half_open_one_a_single_probe() {
    for (open_until, under_way, room) in [
        (None, 9, 16),
        (Some(1), 0, 0),
        (Some(0), 0, 1),
        (Some(0), 1, 0),
        (Some(-60), 0, 1),
        (Some(-60), 3, 0),
    ] {
        assert_eq!(
            gated(ready(1, 0), gate(1, open_until, 0.0), under_way),
            room,
            "{open_until:?} {under_way}"
        );
    }
}

#[test]
fn a_probe_is_one_request_although_both_lanes_are_ready() {
    let both = [0, 1].map(|lane| Ready { gated: true, ..ready(1, lane) });
    for (odd, lane) in [(false, 0), (true, 1)] {
        let rooms = decide_with(&both, &[], &[(gate(1, Some(0), 0.0), 0)], 100, odd);
        assert_eq!(parts(&rooms), [(1, lane, 1)]);
    }
}

#[test]
fn only_whole_tokens_are_spent_and_an_empty_bucket_says_when_it_is_not() {
    let asks = Ready { gated: true, rate_per_s: Some(10), ..ready(1, 0) };
    let of =
        |tokens| decide_with(std::slice::from_ref(&asks), &[], &[(gate(1, None, tokens), 0)], 100, false);
    let rooms = of(3.7);
    assert_eq!((parts(&rooms), rooms.levels.get(&1), rooms.next), (vec![(1, 0, 3)], Some(&3.7), None));
    let rooms = of(0.5);
    let next = Some(Timestamp::from_millisecond(50).unwrap());
    assert_eq!(rooms, Rooms { next, ..Rooms::default() });
}

#[test]
fn the_least_of_all_limits_holds() {
    let asks = Ready { concurrency: Some(9), rate_per_s: Some(100), ..ready(1, 0) };
    assert_eq!(gated(asks.clone(), gate(1, None, 5.0), 2), 5);
    assert_eq!(gated(asks.clone(), gate(1, None, 50.0), 2), 7);
    assert_eq!(gated(asks, gate(1, Some(0), 50.0), 0), 1);
}

#[test]
fn lanes_share_a_room_and_the_odd_one_goes_to_either() {
    let both = [ready(1, 0), ready(1, 1)];
    assert_eq!(parts(&decide_with(&both, &[], &[], 100, false)), [(1, 0, 8), (1, 1, 8)]);
    for (odd, firsts, agains) in [(false, 4, 3), (true, 3, 4)] {
        assert_eq!(parts(&decide_with(&both, &[], &[], 7, odd)), [(1, 0, firsts), (1, 1, agains)]);
    }
    for (odd, lane) in [(false, 0), (true, 1)] {
        assert_eq!(parts(&decide_with(&both, &[], &[], 1, odd)), [(1, lane, 1)], "one never becomes two");
    }
}

#[test]
fn lanes_are_leased_so_that_what_is_in_hand_of_both_becomes_even() {
    let both = [ready(1, 0), ready(1, 1)];
    for (in_hand, room, expected) in [
        ([0, 8], 4, vec![(1, 0, 4)]),
        ([0, 2], 4, vec![(1, 0, 3), (1, 1, 1)]),
        ([2, 0], 4, vec![(1, 0, 1), (1, 1, 3)]),
        ([12, 0], 4, vec![(1, 1, 4)]),
        ([3, 3], 4, vec![(1, 0, 2), (1, 1, 2)]),
        ([0, 1], 1, vec![(1, 0, 1)]),
    ] {
        let rooms = decide_with(&both, &[(1, Local { in_hand, room })], &[], 100, false);
        assert_eq!(parts(&rooms), expected, "{in_hand:?}");
    }
}

#[test]
fn endpoints_share_a_look_fairly_and_leave_what_they_do_not_want_to_others() {
    let small = Local { in_hand: [0, 0], room: 2 };
    let three = [ready(1, 0), ready(2, 0), ready(3, 1)];
    assert_eq!(parts(&decide_with(&three, &[(2, small)], &[], 20, false)), [(1, 0, 9), (2, 0, 2), (3, 1, 9)]);
    assert_eq!(parts(&decide_with(&three, &[], &[], 3, false)), [(1, 0, 1), (2, 0, 1), (3, 1, 1)]);
}

#[test]
fn no_look_brings_more_than_it_may_however_many_are_ready() {
    for endpoints in 1..40 {
        let all: Vec<Ready> = (0..endpoints).flat_map(|id| [ready(id, 0), ready(id, 1)]).collect();
        for permits in all.len()..all.len() + 50 {
            let rooms = decide_with(&all, &[], &[], permits, true);
            let total: i32 = rooms.shares.iter().map(|share| share.room).sum();
            assert!(
                total <= permits as i32 && rooms.shares.len() >= endpoints as usize,
                "{endpoints} {permits}"
            );
        }
    }
}

#[test]
fn a_lease_lasts_as_long_as_its_endpoints_requests_may() {
    let asks = Ready { timeout_s: Some(60), ..ready(1, 0) };
    let rooms = decide_with(&[asks, ready(2, 0)], &[], &[], 100, false);
    let lasts: Vec<i64> =
        rooms.shares.iter().map(|share| share.until.duration_since(NOW).as_secs()).collect();
    assert_eq!(lasts, [72, 27]);
}
