//! What happens to one mail, step after step.

use crate::dress::Dress;
use crate::event::{Happening, element};
use crate::mail::Mail;
use crate::step::Step;
use serde_json::Value;

/// One event of a mail, as text.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub step: Step,
    /// Unix seconds.
    pub at: i64,
    pub text: Vec<u8>,
}

/// When each of these steps happens to a mail.
pub(crate) fn happenings(mail: &Mail, steps: &[Step]) -> impl Iterator<Item = Happening> {
    let (mut chance, mut at) = (mail.chance.clone(), mail.accepted_at);
    steps.iter().enumerate().map(move |(position, step)| {
        let (least, most) = step.delay_s();
        at += i64::try_from(chance.between(least, most)).unwrap_or_default();
        let repeat = steps[..position].iter().filter(|before| *before == step).count();
        Happening { step: *step, repeat: u32::try_from(repeat).unwrap_or(u32::MAX), at }
    })
}

/// What SendGrid says of that.
pub(crate) fn told(mail: &Mail, happening: Happening, dress: &Dress) -> Told {
    let mut element = element(mail, happening);
    if let Value::Object(fields) = &mut element {
        dress.put_on(happening.step, fields);
    }
    Told { step: happening.step, at: happening.at, text: element.to_string().into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_repeats_is_counted_and_time_moves_on() {
        let mail = Mail::new(1, 1, 100);
        let life: Vec<Happening> =
            happenings(&mail, &[Step::Deferred, Step::Deferred, Step::Delivered]).collect();
        assert_eq!(life.iter().map(|one| one.repeat).collect::<Vec<_>>(), [0, 1, 0]);
        assert!(life.is_sorted_by_key(|one| one.at) && life[0].at > 100);
    }
}
