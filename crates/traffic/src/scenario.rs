//! Stories that exercise one thing each, as a source of bodies: a function of seed, counts and start, like
//! [`crate::Batches`].
//!
//! Memory is bounded by [`BLOCK_MAILS`] mails: a story of more is told block by block.

mod campaign;
mod test_payload;

use crate::batches::Body;
use crate::chance::Chance;
use crate::dress::Dress;
use crate::event::{Happening, event_id_of_engagement};
use crate::life::{Told, happenings, told};
use crate::mail::Mail;
use crate::step::Step;
use std::collections::VecDeque;
use std::ops::Range;

/// Mails whose events are in memory, and in one order, at a time.
const BLOCK_MAILS: u64 = 2_000;

/// When a bounce by mail comes after its delivery.
const ASYNC_BOUNCE_AFTER_S: i64 = 2 * 24 * 60 * 60;

/// Salt of the streams of chance that belong to no mail.
const SHUFFLING: u64 = 0x5345_4E44_5354_4154;

use Step::{
    AsyncBounce, Bounce, Click, Deferred, Delivered, GroupResubscribe, GroupUnsubscribe, MachineOpen, Open,
    Processed, Spamreport, Unsubscribe,
};

const WHOLE_LIFE: [Step; 11] = [
    Processed,
    Deferred,
    Deferred,
    Delivered,
    MachineOpen,
    Open,
    Click,
    Spamreport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
];

/// Lives that end as clicked, opened and bounced, by turns.
const DISORDERED: [&[Step]; 3] = [
    &[Processed, Deferred, Delivered, Open, Click],
    &[Processed, Delivered, Open],
    &[Processed, Deferred, Bounce],
];

/// What to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Scenario {
    /// Everything that can happen to a message that arrives, in order.
    Life,
    /// Messages that are delivered and bounce two days later, by a bounce that names only the address.
    AsyncBounce,
    /// One mailing to many: accepted within seconds, delivered, bounced, opened and clicked in plausible shares.
    Campaign,
    /// Each POST a second time, and opens and clicks once more under another `sg_event_id`.
    Duplicates,
    /// Events of every message scattered over POSTs, opens before deliveries.
    Disorder,
    /// The eleven events that SendGrid sends when its webhook is tested.
    Test,
}

impl Scenario {
    /// How many messages make sense where nobody says; [`Self::Test`] has one.
    #[must_use]
    pub const fn mails(self) -> u32 {
        match self {
            Self::Life | Self::AsyncBounce | Self::Test => 1,
            Self::Campaign => 1_000,
            Self::Duplicates | Self::Disorder => 10,
        }
    }

    /// How many events to a POST make sense where nobody says; [`Self::Test`] has one POST.
    #[must_use]
    pub const fn batch(self) -> u32 {
        match self {
            Self::Disorder => 3,
            _ => 100,
        }
    }

    /// Within how many seconds of the first mail the last event of a block of mails happens.
    #[must_use]
    pub const fn span_s(self) -> i64 {
        match self {
            Self::Test => 0,
            Self::AsyncBounce => ASYNC_BOUNCE_AFTER_S + 60 * 60,
            _ => 60 * 60,
        }
    }
}

/// The bodies of one scenario.
#[derive(Debug)]
pub struct Story {
    scenario: Scenario,
    seed: u64,
    /// Unix seconds of the first mail.
    start: i64,
    mails_left: Range<u64>,
    batch: usize,
    dress: Dress,
    waves: u64,
    waiting: VecDeque<Body>,
}

impl Story {
    /// `mails` messages, `batch` (at least one) events to a body; [`Scenario::Test`] is one body whatever they are.
    /// `start`: Unix seconds of the first mail.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64, start: i64, mails: u64, batch: usize) -> Self {
        let mails_left = if scenario == Scenario::Test { 0..1 } else { 0..mails };
        let (batch, dress) = (batch.max(1), Dress::default());
        Self { scenario, seed, start, mails_left, batch, dress, waves: 0, waiting: VecDeque::new() }
    }

    /// The same mails, sent with these arguments and categories. SendGrid's test takes none.
    #[must_use]
    pub fn dressed(self, dress: Dress) -> Self {
        Self { dress, ..self }
    }

    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Unix seconds of the first mail.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    fn block(&mut self, numbers: Range<u64>) {
        match self.scenario {
            Scenario::Life => self.post(self.lives(numbers, |_, _| &WHOLE_LIFE)),
            Scenario::AsyncBounce => self.bounced_by_mail(numbers),
            Scenario::Campaign => {
                let mut events = self.lives(numbers, campaign::life);
                events.sort_by_key(|event| event.at);
                self.post(events);
            }
            Scenario::Duplicates => self.repeated(numbers),
            Scenario::Disorder => {
                let mut events =
                    self.lives(numbers.clone(), |_, number| DISORDERED[place(number, DISORDERED.len())]);
                shuffle(&mut events, &mut Chance::of(self.seed ^ SHUFFLING, numbers.start));
                self.post(events);
            }
            Scenario::Test => {
                let elements = test_payload::elements(self.seed, self.start);
                self.waiting.push_back(Body::of(&elements, 0));
            }
        }
    }

    fn mail(&self, number: u64) -> Mail {
        // As `Batches` spreads them, within a block: 500 are accepted each second.
        let second = i64::try_from(number % BLOCK_MAILS / 500).unwrap_or_default();
        let mail = Mail::new(self.seed, number, self.start + second);
        if self.scenario == Scenario::Campaign { campaign::of(mail) } else { mail }
    }

    /// What happens to each of these mails, mail after mail.
    fn lives(&self, numbers: Range<u64>, steps: impl Fn(&Mail, u64) -> &'static [Step]) -> Vec<Told> {
        let dress = if self.scenario == Scenario::Campaign {
            campaign::dress(&self.dress)
        } else {
            self.dress.clone()
        };
        let life = |number| {
            let mail = self.mail(number);
            happenings(&mail, steps(&mail, number))
                .map(|happening| told(&mail, happening, &dress))
                .collect::<Vec<_>>()
        };
        numbers.flat_map(life).collect()
    }

    /// Cuts events into bodies of the present wave.
    fn post(&mut self, events: Vec<Told>) {
        let texts: Vec<Vec<u8>> = events.into_iter().map(|event| event.text).collect();
        self.waiting.extend(texts.chunks(self.batch).map(|texts| Body::of(texts, self.waves)));
    }

    /// The bounces are a wave of their own: days later, when their mails are long known to be delivered.
    fn bounced_by_mail(&mut self, numbers: Range<u64>) {
        self.post(self.lives(numbers.clone(), |_, _| &[Processed, Delivered]));
        self.waves += 1;
        let bounce = |number| {
            let mail = self.mail(number);
            let at = mail.accepted_at + ASYNC_BOUNCE_AFTER_S;
            told(&mail, Happening { step: AsyncBounce, repeat: 0, at }, &self.dress)
        };
        let bounces = numbers.map(bounce).collect();
        self.post(bounces);
        self.waves += 1;
    }

    /// Each body, the same again as a retry brings it, and what of it is known to come under other ids.
    fn repeated(&mut self, numbers: Range<u64>) {
        let mut chance = Chance::of(self.seed ^ SHUFFLING, numbers.start);
        let events = self.lives(numbers, |_, _| &[Processed, Delivered, Open, Click]);
        for events in events.chunks(self.batch) {
            let texts: Vec<&[u8]> = events.iter().map(|event| event.text.as_slice()).collect();
            self.waiting.extend([Body::of(&texts, self.waves), Body::of(&texts, self.waves)]);
            let engagement = events.iter().filter(|event| matches!(event.step, Open | Click));
            let again: Vec<Vec<u8>> =
                engagement.map(|event| under_another_id(&event.text, &mut chance)).collect();
            if !again.is_empty() {
                self.waiting.push_back(Body::of(&again, self.waves));
            }
        }
    }
}

impl Iterator for Story {
    type Item = Body;

    fn next(&mut self) -> Option<Body> {
        if self.waiting.is_empty() && !self.mails_left.is_empty() {
            let end = self.mails_left.end.min(self.mails_left.start + BLOCK_MAILS);
            let numbers = self.mails_left.start..end;
            self.mails_left.start = end;
            self.block(numbers);
        }
        self.waiting.pop_front()
    }
}

/// Where in a list of `length` the thing with this number is.
fn place(number: u64, length: usize) -> usize {
    usize::try_from(number % length as u64).unwrap_or_default()
}

/// Fisher and Yates's shuffle; what comes out in the order of time is turned around, so that there is always disorder.
fn shuffle(events: &mut [Told], chance: &mut Chance) {
    for last in (1..events.len()).rev() {
        let other = place(chance.draw(), last + 1);
        events.swap(last, other);
    }
    if events.is_sorted_by_key(|event| event.at) {
        events.reverse();
    }
}

/// As retries of opens and clicks were reported to come: everything the same but the id.
fn under_another_id(text: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut element: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    element["sg_event_id"] = event_id_of_engagement(chance).into();
    element.to_string().into_bytes()
}

#[cfg(test)]
mod tests;
