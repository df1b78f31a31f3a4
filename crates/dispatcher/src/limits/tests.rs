use super::*;

const BOUNDS: Bounds = Bounds { in_flight: 10, endpoint_in_flight: 4, body_bytes: 1_000 };

fn arrivals(endpoint: i32, lane: Lane, count: usize) -> impl Iterator<Item = Arrival<usize>> {
    (0..count).map(move |delivery| Arrival {
        endpoint,
        lane,
        concurrency: None,
        paced: false,
        bytes: 0,
        delivery,
    })
}

fn desk(waiting: &[(i32, usize)]) -> Desk<usize> {
    let mut desk = Desk::new(BOUNDS);
    desk.accept(waiting.iter().flat_map(|(endpoint, count)| arrivals(*endpoint, Lane::First, *count)));
    desk
}

fn started(desk: &mut Desk<usize>) -> Vec<i32> {
    begun(desk).into_iter().map(|ticket| ticket.endpoint).collect()
}

fn begun(desk: &mut Desk<usize>) -> Vec<Ticket> {
    std::iter::from_fn(|| desk.begin()).map(|(ticket, _)| ticket).collect()
}

fn ticket(endpoint: i32) -> Ticket {
    Ticket { endpoint, lane: Lane::First, bytes: 0 }
}

fn room(desk: &Desk<usize>, endpoint: i32) -> usize {
    desk.locals()[&endpoint].room
}

#[test]
fn an_endpoint_never_has_more_than_its_bound_in_flight() {
    let mut desk = desk(&[(1, 50), (2, 2)]);
    assert_eq!(started(&mut desk), [1, 2, 1, 2, 1, 1]);
    desk.done(ticket(2), None);
    assert!(started(&mut desk).is_empty());
    desk.done(ticket(1), None);
    assert_eq!(started(&mut desk), [1]);
}

#[test]
fn all_endpoints_together_stay_below_the_bound_and_take_turns() {
    let mut desk = desk(&[(1, 9), (2, 9), (3, 9)]);
    assert_eq!(started(&mut desk), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    assert_eq!(desk.in_flight(), 10);
    desk.done(ticket(3), None);
    assert_eq!(started(&mut desk), [2]);
}

#[test]
fn an_endpoint_has_as_many_slots_as_it_asks_for_and_never_all() {
    for (concurrency, slots) in [(None, 4), (Some(1), 1), (Some(3), 3), (Some(5), 5), (Some(1_000), 5)] {
        let mut desk = Desk::new(BOUNDS);
        desk.accept(arrivals(1, Lane::First, 50).map(|arrival| Arrival { concurrency, ..arrival }));
        assert_eq!(started(&mut desk).len(), slots, "{concurrency:?}");
    }
}

#[test]
fn a_fast_endpoint_is_leased_ahead_and_a_slow_one_is_not() {
    for (took_ms, ahead) in [(1, 10), (10, 10), (50, 8), (100, 4), (15_000, 0)] {
        let mut desk = desk(&[(1, 2)]);
        assert_eq!(room(&desk, 1), 2, "nothing is known of it yet");
        desk.begin();
        desk.done(ticket(1), Some(Duration::from_millis(took_ms)));
        assert_eq!(room(&desk, 1), 4 + ahead - 1, "{took_ms} ms");
    }
}

#[test]
fn an_endpoint_that_asks_for_so_many_requests_is_never_leased_ahead() {
    let mut desk = Desk::new(BOUNDS);
    desk.accept(arrivals(1, Lane::First, 2).map(|arrival| Arrival { concurrency: Some(3), ..arrival }));
    desk.begin();
    desk.done(ticket(1), Some(Duration::from_millis(1)));
    assert_eq!(room(&desk, 1), 2);
}

#[test]
fn a_full_endpoint_has_no_room() {
    assert_eq!(room(&desk(&[(1, 4)]), 1), 0);
    assert_eq!(room(&desk(&[(1, 400)]), 1), 0);
}

#[test]
fn an_endpoint_that_holds_a_quarter_of_the_bytes_has_no_room_until_it_has_let_go() {
    let mut desk = Desk::new(BOUNDS);
    desk.accept(arrivals(1, Lane::First, 2).map(|arrival| Arrival { bytes: 125, ..arrival }));
    assert_eq!(room(&desk, 1), 0);
    let (ticket, _) = desk.begin().unwrap();
    assert_eq!(room(&desk, 1), 0, "what is in flight is held, too");
    desk.done(ticket, None);
    assert_eq!(room(&desk, 1), 3);
    desk.clear();
    assert_eq!(room(&desk, 1), 4);
}

#[test]
fn further_attempts_have_half_of_the_slots_at_most_while_first_ones_wait() {
    let mut desk = desk(&[(1, 9)]);
    desk.accept(arrivals(1, Lane::Again, 9));
    let tickets = begun(&mut desk);
    let lanes: Vec<_> = tickets.iter().map(|ticket| ticket.lane).collect();
    assert_eq!(lanes, [Lane::First, Lane::Again, Lane::First, Lane::Again]);
    // However often a first attempt ends, its slot goes to the next one.
    for _ in 0..7 {
        desk.done(tickets[0], None);
        assert_eq!(begun(&mut desk)[0].lane, Lane::First);
    }
    desk.done(tickets[0], None);
    assert_eq!(begun(&mut desk)[0].lane, Lane::Again, "no first attempt waits any more");
}

#[test]
fn first_attempts_leave_half_of_the_slots_to_further_ones_that_wait() {
    let mut desk = desk(&[(1, 9)]);
    desk.accept(arrivals(1, Lane::Again, 9));
    let tickets = begun(&mut desk);
    for _ in 0..7 {
        desk.done(tickets[1], None);
        assert_eq!(begun(&mut desk)[0].lane, Lane::Again);
    }
}

#[test]
fn one_slot_is_given_to_both_lanes_in_turn() {
    let mut desk = Desk::new(Bounds { endpoint_in_flight: 1, ..BOUNDS });
    desk.accept(Lane::ALL.into_iter().flat_map(|lane| arrivals(1, lane, 9)));
    for lane in [Lane::First, Lane::Again, Lane::First, Lane::Again] {
        let (ticket, _) = desk.begin().unwrap();
        assert_eq!(ticket.lane, lane);
        desk.done(ticket, None);
    }
}

#[test]
fn an_idle_endpoint_is_forgotten_when_a_poll_brings_nothing_for_it() {
    let mut desk = desk(&[(1, 1), (2, 1)]);
    assert_eq!(started(&mut desk).len(), 2);
    desk.done(ticket(1), None);
    desk.accept([]);
    assert_eq!(desk.locals(), HashMap::from([(2, Local { in_hand: [1, 0], room: 3 })]));
}

#[test]
fn what_was_not_begun_can_be_given_back_while_the_rest_is_in_flight() {
    let mut desk = desk(&[(1, 9), (2, 1)]);
    desk.accept(arrivals(1, Lane::Again, 1));
    let tickets = begun(&mut desk);
    assert_eq!(tickets.len(), 5);
    assert_eq!(desk.clear().len(), 6);
    assert!(started(&mut desk).is_empty());
    tickets.into_iter().for_each(|ticket| desk.done(ticket, None));
    assert_eq!(desk.in_flight(), 0);
}

#[test]
fn an_endpoint_with_a_rate_is_never_leased_ahead() {
    let mut desk = Desk::new(BOUNDS);
    desk.accept(arrivals(1, Lane::First, 2).map(|arrival| Arrival { paced: true, ..arrival }));
    let (ticket, _) = desk.begin().unwrap();
    desk.done(ticket, Some(Duration::from_millis(1)));
    let slots = BOUNDS.slots(None);
    assert_eq!(desk.locals()[&1].room, slots - 1);
}

#[test]
fn what_waits_of_an_endpoint_that_wants_nothing_more_is_taken_back_and_the_others_go_on() {
    let mut desk = Desk::new(BOUNDS);
    desk.accept(arrivals(1, Lane::First, 9).chain(arrivals(2, Lane::Again, 2)));
    let (ticket, _) = desk.begin().unwrap();
    assert_eq!(ticket.endpoint, 1);
    assert_eq!(desk.clear_of(1).len(), 8);
    let begun: Vec<i32> = std::iter::from_fn(|| desk.begin()).map(|(ticket, _)| ticket.endpoint).collect();
    assert_eq!(begun, [2, 2]);
    desk.done(ticket, None);
    assert!(desk.clear_of(1).is_empty() && desk.clear_of(7).is_empty());
}
