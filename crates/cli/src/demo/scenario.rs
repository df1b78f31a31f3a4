//! What the demo sends: some hundred mails with lives of every kind, shuffled, repeated, and mixed with oddities.

use super::odd;
use super::reference::Fact;
use traffic::{Chance, Happening, Mail, Step, element, join};

/// Elements of an ordinary POST.
const POST_ELEMENTS: usize = 25;
/// How far an element may stray from its place in time: real POSTs overtake each other by about a minute.
const DISORDER_S: u64 = 90;
/// One element in so many is sent again under its own id, one under another id.
const REPEATED_ONE_IN: u64 = 20;
const REPEATED_UNDER_OTHER_ID_ONE_IN: u64 = 50;
/// Mails that were delivered and bounce later by mail, naming only the address.
const ASYNC_BOUNCES: usize = 3;

use Step::{
    AsyncBounce, Blocked, Bounce, Click, Deferred, Delivered, Dropped, GroupUnsubscribe, MachineOpen, Open,
    Processed, Spamreport, Unsubscribe,
};

/// Lives, in the proportion in which they come.
const LIVES: [&[Step]; 16] = [
    &[Processed, Delivered],
    &[Processed, Delivered],
    &[Processed, Delivered, Open],
    &[Processed, Delivered, Open, Open],
    &[Processed, Delivered, Open, Click],
    &[Processed, Delivered, Click],
    &[Processed, Deferred, Deferred, Delivered, Open],
    &[Processed, Delivered, MachineOpen],
    &[Processed, Bounce],
    &[Processed, Deferred, Blocked],
    &[Processed, Dropped],
    &[Processed, Delivered, Bounce],
    &[Processed, Open],
    &[Processed, Delivered, Open, Spamreport],
    &[Processed, Delivered, Click, Unsubscribe],
    &[Processed, Delivered, GroupUnsubscribe],
];

/// A POST, with what the generator knows to be in it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub body: Vec<u8>,
    /// As the ledger has to count them.
    pub elements: u64,
    pub facts: Vec<Fact>,
}

impl Planned {
    fn new(elements: &[One]) -> Self {
        let texts: Vec<&[u8]> = elements.iter().map(|one| one.text.as_slice()).collect();
        Self {
            body: join(&texts),
            elements: elements.len() as u64,
            facts: elements.iter().map(|one| one.fact.clone()).collect(),
        }
    }
}

/// One readable element.
#[derive(Clone, Debug)]
pub(crate) struct One {
    pub text: Vec<u8>,
    pub fact: Fact,
}

impl One {
    pub(crate) fn new(mail: &Mail, happening: Happening) -> Self {
        let text = element(mail, happening).to_string().into_bytes();
        Self { text, fact: fact(mail, happening) }
    }
}

fn fact(mail: &Mail, happening: Happening) -> Fact {
    let step = happening.step;
    Fact {
        sg_message_id: (step != AsyncBounce).then(|| mail.sg_message_id.clone()),
        email: mail.email.clone(),
        event: step.wire_name(),
        blocked: step == Blocked,
        at: happening.at,
    }
}

/// The whole of it, in two parts: the second speaks of what has to be known by then.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub mails: Vec<Mail>,
    pub first: Vec<Planned>,
    pub second: Vec<Planned>,
    /// Elements that are sent again, in the first part.
    pub repeats: u64,
}

impl Scenario {
    /// Events begin at `start` (Unix seconds).
    pub(crate) fn new(seed: u64, mails: u32, start: i64) -> Self {
        let mut chance = Chance::of(seed, u64::MAX);
        let mails: Vec<Mail> = (0..u64::from(mails))
            .map(|number| Mail::new(seed, number, start + i64::try_from(number % 300).unwrap_or_default()))
            .collect();
        let mut elements: Vec<(i64, One)> = Vec::new();
        for (number, mail) in mails.iter().enumerate() {
            elements.extend(life(mail, LIVES[number % LIVES.len()]).map(|one| (one.fact.at, one)));
        }
        let once = elements.len();
        repeat_some(&mut elements, &mut chance);
        let repeats = (elements.len() - once) as u64;
        for (place, _) in &mut elements {
            *place += i64::try_from(chance.between(0, DISORDER_S)).unwrap_or_default();
        }
        elements.sort_by_key(|(place, _)| *place);
        let elements: Vec<One> = elements.into_iter().map(|(_, one)| one).collect();
        let mut first: Vec<Planned> = elements.chunks(POST_ELEMENTS).map(Planned::new).collect();
        first.extend(odd::posts(seed, start));
        let second = second(&mails, &first, start);
        Self { mails, first, second, repeats }
    }
}

fn life(mail: &Mail, steps: &'static [Step]) -> impl Iterator<Item = One> {
    let (mut chance, mut at) = (mail.chance.clone(), mail.accepted_at);
    steps.iter().enumerate().map(move |(position, step)| {
        let (least, most) = step.delay_s();
        // At least a second, so that no two rank alike at the same time and the end does not depend on a tie.
        at += i64::try_from(chance.between(least.max(1), most.max(1))).unwrap_or(1);
        let repeat = steps[..position].iter().filter(|before| *before == step).count();
        One::new(mail, Happening { step: *step, repeat: u32::try_from(repeat).unwrap_or(u32::MAX), at })
    })
}

/// Retries reach the receiver as the same events again; opens and clicks sometimes under another `sg_event_id`.
fn repeat_some(elements: &mut Vec<(i64, One)>, chance: &mut Chance) {
    let mut repeats = Vec::new();
    for (place, one) in elements.iter() {
        if chance.between(1, REPEATED_ONE_IN) == 1 {
            repeats.push((*place, one.clone()));
        }
        if chance.between(1, REPEATED_UNDER_OTHER_ID_ONE_IN) == 1 {
            repeats.push((*place, One { text: under_other_id(&one.text), fact: one.fact.clone() }));
        }
    }
    elements.append(&mut repeats);
}

fn under_other_id(text: &[u8]) -> Vec<u8> {
    let mut element: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    if let Some(id) = element["sg_event_id"].as_str() {
        element["sg_event_id"] = format!("{id}-retry").into();
    }
    element.to_string().into_bytes()
}

/// A whole POST again as a retry brings it, and bounces by mail for some that are known to be delivered by now: one that
/// came before its delivery would only be brought to its mail a minute later.
fn second(mails: &[Mail], first: &[Planned], start: i64) -> Vec<Planned> {
    let only_delivered = mails.iter().step_by(LIVES.len()).take(ASYNC_BOUNCES);
    let bounces: Vec<One> = only_delivered
        .map(|mail| One::new(mail, Happening { step: AsyncBounce, repeat: 0, at: start + 700 }))
        .collect();
    let mut posts: Vec<Planned> = first.first().cloned().into_iter().collect();
    posts.push(Planned::new(&bounces));
    posts
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use wire::sendgrid::{self, Reading};

    #[test]
    fn the_generators_own_count_of_elements_is_that_of_the_reader() {
        let scenario = Scenario::new(7, 50, 1_700_000_000);
        let received_at = Timestamp::from_second(1_700_001_000).unwrap();
        for post in scenario.first.iter().chain(&scenario.second) {
            let read = match sendgrid::read(&post.body, received_at) {
                Reading::Elements(elements) => elements.len() as u64,
                Reading::Unreadable(_) => 1,
            };
            assert_eq!(read, post.elements, "{}", String::from_utf8_lossy(&post.body));
        }
    }

    #[test]
    fn there_is_disorder_and_there_are_repeats_in_it() {
        let scenario = Scenario::new(7, 200, 1_700_000_000);
        let times: Vec<i64> =
            scenario.first.iter().flat_map(|post| &post.facts).map(|fact| fact.at).collect();
        assert!(!times.is_sorted());
        assert!(scenario.repeats > 10, "{}", scenario.repeats);
    }

    #[test]
    fn each_bounce_by_mail_is_of_one_mail() {
        let scenario = Scenario::new(7, 100, 1_700_000_000);
        let facts: Vec<Fact> =
            scenario.first.iter().chain(&scenario.second).flat_map(|post| post.facts.clone()).collect();
        let told = super::super::reference::expectations(&facts);
        let found = told.values().filter(|told| told.correlated_by == Some("recipient"));
        assert_eq!(found.count(), ASYNC_BOUNCES);
    }

    #[test]
    fn every_life_ends_differently_enough_to_be_told() {
        let scenario = Scenario::new(7, 16, 1_700_000_000);
        let facts: Vec<Fact> =
            scenario.first.iter().chain(&scenario.second).flat_map(|post| post.facts.clone()).collect();
        let ends: std::collections::BTreeSet<&str> =
            super::super::reference::expectations(&facts).values().map(|told| told.status).collect();
        for status in ["delivered", "opened", "clicked", "bounced", "blocked", "dropped"] {
            assert!(ends.contains(status), "{status} is missing from {ends:?}");
        }
    }
}
