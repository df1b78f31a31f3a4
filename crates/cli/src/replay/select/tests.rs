use super::*;
use domain::SourceId;
use jiff::ToSpan as _;
use jiff::civil::date;

const DAY: i64 = 24 * 60 * 60;
const TODAY: Date = date(2023, 11, 14);

fn at(second: i64) -> Timestamp {
    // 2023-11-14T00:00:00Z.
    Timestamp::from_second(1_699_920_000 + second).unwrap()
}

fn id(second: i64, number: u128) -> Uuid {
    Uuid::from_u128(stretch::at_time(at(second)).as_u128() + number)
}

fn batch(id: Uuid, elements: i64) -> Batch {
    Batch { id, elements }
}

fn selection(from: i64, to: i64) -> Selection {
    Selection { source: SourceId(1), received: at(from)..at(to) }
}

/// The steps through one day's batches.
fn steps(mut ledger: Vec<Batch>) -> Vec<(Uuid, Uuid)> {
    ledger.sort_by_key(|batch| batch.id);
    let (mut steps, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let ahead = ledger.iter().filter(|batch| batch.id > after);
        let page: Vec<Batch> = ahead.take(usize::try_from(STEP_BATCHES).unwrap()).copied().collect();
        match cut(TODAY, &page) {
            Some(step) => steps.push(step),
            None => return steps,
        }
        after = steps.last().unwrap().1;
    }
}

/// In how many steps an id is.
fn named(steps: &[(Uuid, Uuid)], id: Uuid) -> usize {
    steps.iter().filter(|(after, through)| *after < id && id <= *through).count()
}

#[test]
fn every_batch_is_in_one_step_and_no_step_has_too_many() {
    let ledger: Vec<_> = (0..1_300).map(|number| batch(id(number, 7), 10)).collect();
    let steps = steps(ledger.clone());
    assert_eq!(steps.len(), 3, "500, 500 and 300");
    assert!(ledger.iter().all(|batch| named(&steps, batch.id) == 1));
}

#[test]
fn large_batches_make_small_steps() {
    let ledger: Vec<_> = (0..4).map(|number| batch(id(number, 1), STEP_ELEMENTS / 2 + 1)).collect();
    assert_eq!(steps(ledger).len(), 4);
    let one_too_large = vec![batch(id(0, 1), STEP_ELEMENTS + 1), batch(id(1, 1), 1)];
    assert_eq!(steps(one_too_large), [(id(0, 0), id(0, 1)), (id(1, 0), id(1, 1))]);
}

#[test]
fn batches_that_lie_far_apart_leave_what_lies_between_unread() {
    let ledger: Vec<_> = (0..24).map(|hour| batch(id(hour * 3_601, 1), 1)).collect();
    let steps = steps(ledger);
    assert_eq!(steps.len(), 24);
    assert_eq!(named(&steps, id(1_800, 1)), 0);
}

#[test]
fn ids_that_ingest_did_not_make_are_steps_of_their_own() {
    let (low, high) = (Uuid::from_u128(5), Uuid::from_u128(u128::MAX - 5));
    // An id may be of the day before or after by a clock's step at midnight.
    let ledger: Vec<_> = [low, id(-60, 1), id(60, 1), id(DAY + 3, 1), high].map(|id| batch(id, 1)).to_vec();
    let steps = steps(ledger.clone());
    assert!(ledger.iter().all(|batch| named(&steps, batch.id) == 1));
    assert_eq!(steps[0], (Uuid::from_u128(4), low));
    assert_eq!(steps.last(), Some(&(Uuid::from_u128(u128::MAX - 6), high)));
}

#[test]
fn the_walk_begins_on_the_first_day_and_the_end_of_the_time_is_not_in_it() {
    let beginning = Place::Inside { day: TODAY, after: Uuid::nil() };
    assert_eq!(Place::beginning(&selection(DAY - 1, DAY + 1)), beginning);
    assert_eq!(Place::beginning(&selection(5, 5)), Place::Beyond);
    assert_eq!(last_day(&selection(0, DAY)), TODAY);
    assert_eq!(last_day(&selection(0, DAY + 1)), date(2023, 11, 15));
}

#[test]
fn what_is_known_to_be_behind_is_never_more_than_the_earlier_days() {
    let selection = selection(7, 3 * DAY);
    let inside = |days: i64| {
        reached_at_least(
            &selection,
            Place::Inside { day: TODAY.saturating_add(days.days()), after: Uuid::max() },
        )
    };
    assert_eq!([inside(0), inside(1), inside(2)], [at(7), at(DAY), at(2 * DAY)]);
    assert_eq!(reached_at_least(&selection, Place::Beyond), at(3 * DAY));
}
