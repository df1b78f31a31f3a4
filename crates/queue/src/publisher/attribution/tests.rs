//! A small world of lapin and the broker, enumerated: which messages come back, how confirms are grouped, in which
//! order a group is completed, and where the observer's batches end.

use super::*;
use std::collections::VecDeque;

const MESSAGES: usize = 4;

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let rest: Vec<_> = items.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, v)| *v).collect();
        all.extend(permutations(&rest).into_iter().map(|mut tail| {
            tail.insert(0, *item);
            tail
        }));
    }
    all
}

/// Every order in which the messages can be completed, with the number of groups confirmed before each.
fn completion_orders(splits: u32) -> Vec<Vec<(usize, usize)>> {
    let mut groups: Vec<Vec<usize>> = vec![vec![]];
    for message in 0..MESSAGES {
        groups.last_mut().unwrap().push(message);
        if splits & (1 << message) != 0 && message + 1 < MESSAGES {
            groups.push(vec![]);
        }
    }
    let mut orders = vec![vec![]];
    for (number, group) in groups.iter().enumerate() {
        orders = orders
            .iter()
            .flat_map(|before: &Vec<(usize, usize)>| {
                permutations(group).into_iter().map(move |group| {
                    before.iter().copied().chain(group.into_iter().map(|m| (m, number))).collect()
                })
            })
            .collect();
    }
    orders
}

/// What lapin makes of it: returns stand in line, each completed confirm takes the head.
fn completed(order: &[(usize, usize)], returned: u32, early: bool) -> Vec<Confirmed> {
    let mut line: VecDeque<usize> = VecDeque::new();
    let mut announced = [false; MESSAGES];
    let mut all = Vec::new();
    for (message, group) in order {
        for (candidate, announced) in announced.iter_mut().enumerate() {
            let theirs = order.iter().find(|(m, _)| *m == candidate).unwrap().1;
            let due = theirs == *group || (early && theirs == group + 1);
            if due && returned & (1 << candidate) != 0 && !*announced {
                *announced = true;
                line.push_back(candidate);
            }
        }
        all.push(Confirmed {
            sequence: *message as u64,
            id: message.to_string(),
            taken: true,
            carried: line.pop_front().map(|m| m.to_string()),
        });
    }
    all
}

/// Feeds the confirms in batches that end where `ends` has a bit, each batch in reverse.
fn judged(confirms: Vec<Confirmed>, ends: u32) -> Vec<(u64, Verdict)> {
    let (mut attribution, mut batch, mut verdicts) = (Attribution::default(), vec![], vec![]);
    for (at, confirm) in confirms.into_iter().enumerate() {
        batch.insert(0, confirm);
        let last = at + 1 == MESSAGES;
        if last || ends & (1 << at) != 0 {
            verdicts.extend(attribution.judge(std::mem::take(&mut batch), last));
        }
    }
    assert_eq!(attribution.unclaimed(), 0);
    verdicts
}

#[test]
fn every_return_is_blamed_on_the_message_it_names_and_on_no_other() {
    for splits in 0..1 << (MESSAGES - 1) {
        for order in completion_orders(splits) {
            for returned in 0..1 << MESSAGES {
                for (early, ends) in
                    [false, true].into_iter().flat_map(|e| (0..1 << (MESSAGES - 1)).map(move |x| (e, x)))
                {
                    let mut verdicts = judged(completed(&order, returned, early), ends);
                    verdicts.sort_by_key(|(sequence, _)| *sequence);
                    let expected: Vec<_> = (0..MESSAGES as u64)
                        .map(|m| {
                            (m, if returned & (1 << m) == 0 { Verdict::Taken } else { Verdict::Unroutable })
                        })
                        .collect();
                    assert_eq!(verdicts, expected, "{order:?} {returned:b} {early} {ends:b}");
                }
            }
        }
    }
}

fn confirm(sequence: u64, taken: bool, carried: Option<&str>) -> Confirmed {
    Confirmed { sequence, id: sequence.to_string(), taken, carried: carried.map(str::to_owned) }
}

#[test]
fn a_negative_confirm_is_a_refusal_of_that_message() {
    let mut attribution = Attribution::default();
    let verdicts = attribution.judge(vec![confirm(1, true, None), confirm(2, false, None)], false);
    assert_eq!(verdicts, [(1, Verdict::Taken), (2, Verdict::Refused)]);
}

#[test]
fn a_confirm_in_doubt_waits_for_the_next_one_that_carries_nothing() {
    let mut attribution = Attribution::default();
    assert_eq!(attribution.judge(vec![confirm(1, true, Some("2"))], false), []);
    assert_eq!(attribution.judge(vec![confirm(2, true, Some("9"))], false), [(2, Verdict::Unroutable)]);
    assert_eq!(
        attribution.judge(vec![confirm(3, true, None)], false),
        [(1, Verdict::Taken), (3, Verdict::Taken)]
    );
    assert_eq!(attribution.unclaimed(), 1);
}

#[test]
fn two_messages_of_one_id_fail_together_if_both_come_back() {
    let mut attribution = Attribution::default();
    let twin = |sequence| Confirmed { sequence, id: "a".into(), taken: true, carried: Some("a".into()) };
    assert_eq!(attribution.judge(vec![twin(1)], false), [(1, Verdict::Unroutable)]);
    assert_eq!(attribution.judge(vec![twin(2)], true), [(2, Verdict::Unroutable)]);
}
