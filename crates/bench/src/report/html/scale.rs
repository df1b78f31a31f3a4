//! From figures to places. Scales of figures begin at zero, so that lengths can be compared.

/// Places for figures from zero to `end`.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    end: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Ends at the first round mark that is no less than `greatest`. `from` is the place of zero.
    pub(super) fn new(greatest: f64, from: f64, to: f64) -> Self {
        let greatest = if greatest.is_finite() && greatest > 0.0 { greatest } else { 1.0 };
        let step = step(greatest / 4.0);
        Self { end: (greatest / step - 1e-9).ceil() * step, step, from, to }
    }

    /// Ends exactly there.
    pub(super) fn ending(end: f64, from: f64, to: f64) -> Self {
        Self { end, ..Self::new(end, from, to) }
    }

    /// What lies beyond an end stands on it.
    pub(super) fn place(&self, figure: f64) -> f64 {
        let share = if figure.is_finite() { (figure / self.end).clamp(0.0, 1.0) } else { 0.0 };
        (self.to - self.from).mul_add(share, self.from)
    }

    pub(super) fn reaches(&self, figure: f64) -> bool {
        figure <= self.end * (1.0 + 1e-9)
    }

    /// From zero on.
    pub(super) fn marks(&self) -> Vec<f64> {
        // A step is more than an eighth of the end.
        let marks = (0..=8).map(|index| f64::from(index) * self.step);
        marks.take_while(|mark| self.reaches(*mark)).collect()
    }
}

/// The next of 1, 2, 2.5, 5 and their tenfolds.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_begin_at_zero_and_end_on_a_round_mark() {
        assert_eq!(Scale::new(23_412.0, 0.0, 100.0).marks(), [0.0, 10_000.0, 20_000.0, 30_000.0]);
        assert_eq!(Scale::new(1.6, 0.0, 100.0).marks(), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(Scale::new(20.0, 0.0, 100.0).marks(), [0.0, 5.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn figures_stand_in_proportion_and_never_beyond_an_end() {
        let upwards = Scale::new(20.0, 200.0, 0.0);
        let places = [0.0, 5.0, 20.0, 900.0, -3.0, f64::NAN].map(|figure| upwards.place(figure));
        assert_eq!(places, [200.0, 150.0, 0.0, 0.0, 200.0, 200.0]);
    }

    #[test]
    fn a_scale_of_nothing_is_still_one() {
        for greatest in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Scale::new(greatest, 0.0, 1.0).marks().last(), Some(&1.0), "{greatest}");
        }
        assert!(Scale::new(f64::MIN_POSITIVE, 0.0, 1.0).marks().len() <= 9);
        assert!(Scale::new(f64::MAX / 16.0, 0.0, 1.0).place(1.0).is_finite());
    }
}
