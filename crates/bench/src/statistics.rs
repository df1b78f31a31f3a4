//! What single rounds come to.
//!
//! Rounds are few and disturbed by whatever else the machine does, so the middle is taken, never the mean: one bad round
//! does not move it. What cannot be worked out is `None` or says why; it is never a number that looks like a result.

use serde::Serialize;
use thiserror::Error;

/// The least and the greatest of several rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub min: f64,
    pub max: f64,
}

/// Why there is no ratio. Whoever needed it has missed its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoRatio {
    #[error("nothing to form a ratio with was measured")]
    NoFloor,
    #[error("the floor is zero or no number")]
    Floor,
    #[error("the figure is zero or no number")]
    Figure,
    #[error("the figure and its floor have different units")]
    Units,
    #[error("the rounds of the figure and of its floor are not pairs")]
    Pairs,
}

/// A ratio formed from rounds, and how far the rounds were apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    pub value: f64,
    /// `None` where a single pair of figures was compared.
    pub spread: Option<Spread>,
}

/// Whether something was measured at all. Everything measured here takes time or room, so that zero, too, says only
/// that it was not.
#[must_use]
pub fn is_measured(figure: f64) -> bool {
    figure.is_finite() && figure > 0.0
}

/// The middle of the rounds, or the mean of the two in the middle. `None` without rounds, and when one is no number.
#[must_use]
pub fn median(rounds: &[f64]) -> Option<f64> {
    if rounds.iter().any(|round| !round.is_finite()) {
        return None;
    }
    let mut sorted = rounds.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(middle.checked_sub(1)?).map(|lower| f64::midpoint(*lower, upper))
}

/// `None` without rounds, and when one is no number.
#[must_use]
pub fn spread(rounds: &[f64]) -> Option<Spread> {
    median(rounds)?;
    let min = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let max = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(Spread { min, max })
}

/// Two figures of the same run.
///
/// # Errors
/// When one of them was not measured, or their ratio is beyond what a number holds.
pub fn ratio(figure: f64, floor: f64) -> Result<f64, NoRatio> {
    if !is_measured(floor) {
        return Err(NoRatio::Floor);
    }
    let ratio = figure / floor;
    if is_measured(figure) && is_measured(ratio) { Ok(ratio) } else { Err(NoRatio::Figure) }
}

/// The median of the ratios of rounds that took turns with their floor's: each pair saw the same state of the machine,
/// so that what disturbed one disturbed the other.
///
/// # Errors
/// When there are no rounds or not as many of each, or when any of them measured nothing: it might be the middle one.
pub fn ratio_of_rounds(figures: &[f64], floors: &[f64]) -> Result<Ratio, NoRatio> {
    if figures.is_empty() || figures.len() != floors.len() {
        return Err(NoRatio::Pairs);
    }
    let pairs = figures.iter().zip(floors);
    let ratios = pairs.map(|(figure, floor)| ratio(*figure, *floor)).collect::<Result<Vec<_>, _>>()?;
    let value = median(&ratios).ok_or(NoRatio::Pairs)?;
    Ok(Ratio { value, spread: spread(&ratios) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_round_does_not_move_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 900.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 900.0]), Some(3.0));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(spread(&[3.0, 1.0, 900.0]), Some(Spread { min: 1.0, max: 900.0 }));
    }

    #[test]
    fn what_is_no_number_has_no_middle_and_no_spread() {
        for rounds in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY, 2.0]] {
            assert_eq!(median(rounds), None, "{rounds:?}");
            assert_eq!(spread(rounds), None, "{rounds:?}");
        }
    }

    #[test]
    fn a_round_is_compared_with_its_own_floor() {
        // The machine was half as fast in the second round: of the medians alone, the ratio would be 1.
        let ratio = ratio_of_rounds(&[12.0, 24.0, 12.0], &[10.0, 20.0, 12.0]).unwrap();
        assert_eq!(ratio, Ratio { value: 1.2, spread: Some(Spread { min: 1.0, max: 1.2 }) });
    }

    #[test]
    fn rounds_that_are_no_pairs_have_no_ratio() {
        assert_eq!(ratio_of_rounds(&[], &[]), Err(NoRatio::Pairs));
        assert_eq!(ratio_of_rounds(&[1.0, 2.0], &[1.0]), Err(NoRatio::Pairs));
    }

    #[test]
    fn one_round_that_measured_nothing_spoils_the_ratio() {
        for nothing in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(ratio_of_rounds(&[1.0, 1.0], &[1.0, nothing]), Err(NoRatio::Floor), "{nothing}");
            assert_eq!(ratio_of_rounds(&[1.0, nothing], &[1.0, 1.0]), Err(NoRatio::Figure), "{nothing}");
        }
    }

    #[test]
    fn a_ratio_that_overflows_is_none() {
        assert_eq!(ratio(f64::MAX, f64::MIN_POSITIVE), Err(NoRatio::Figure));
        assert_eq!(ratio(f64::MIN_POSITIVE, f64::MAX), Err(NoRatio::Figure));
    }
}
