//! Multiples of a point that is known in advance, so that multiplying it takes additions only.
//!
//! A scalar is written in base 256 with signed digits; for each of its 32 places the table holds the place's first
//! 128 multiples of the point, and negative digits subtract. Variable time throughout: in a verification everything
//! is public. 295 KB a table, some 10 ms to build.

use p256::elliptic_curve::BatchNormalize;
use p256::elliptic_curve::group::Group;
use p256::{AffinePoint, ProjectivePoint, Scalar};

const PLACES: usize = 32;
/// Largest absolute value of a digit, so the multiples held for each place.
const DIGIT_MAX: usize = 128;

pub(super) struct Table {
    /// `multiples[i * DIGIT_MAX + d - 1]` is `d * 256^i` times the point.
    multiples: Vec<AffinePoint>,
    /// `256^32` times the point, for the carry out of the last place.
    carry: AffinePoint,
}

impl Table {
    pub(super) fn new(point: ProjectivePoint) -> Self {
        let mut multiples = Vec::with_capacity(PLACES * DIGIT_MAX + 1);
        let mut base = point;
        for _ in 0..PLACES {
            let mut multiple = base;
            for _ in 1..DIGIT_MAX {
                multiples.push(multiple);
                multiple += base;
            }
            multiples.push(multiple);
            base = multiple.double();
        }
        multiples.push(base);
        let mut multiples =
            <ProjectivePoint as BatchNormalize<[ProjectivePoint]>>::batch_normalize(&multiples);
        let carry = multiples.pop().unwrap_or_default();
        multiples.shrink_to_fit();
        Self { multiples, carry }
    }

    /// `sum` plus `scalar` times the point.
    pub(super) fn add_multiple(&self, mut sum: ProjectivePoint, scalar: &Scalar) -> ProjectivePoint {
        let mut carry = 0;
        for (place, byte) in self.multiples.chunks_exact(DIGIT_MAX).zip(scalar.to_bytes().iter().rev()) {
            let digit = usize::from(*byte) + carry;
            carry = usize::from(digit > DIGIT_MAX);
            if carry == 1 {
                // 256 is taken from the next place: what is owed here is the rest, which may be nothing.
                if let Some(rest) = (2 * DIGIT_MAX - digit).checked_sub(1) {
                    sum -= place[rest];
                }
            } else if let Some(index) = digit.checked_sub(1) {
                sum += place[index];
            }
        }
        if carry == 1 { sum + self.carry } else { sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::elliptic_curve::Generate;
    use p256::elliptic_curve::ff::PrimeField;

    fn scalars() -> Vec<Scalar> {
        let small = [0, 1, 2, 127, 128, 129, 255, 256, 257, 383, 384, 0x7fff, 0x8000, 0x8080, 0x8081, 0xffff];
        let small = small.map(|number: u64| Scalar::from(number));
        let powers = std::iter::successors(Some(Scalar::ONE), |power| Some(power.double())).take(256);
        let bytes = [0x7f, 0x80, 0x81, 0xff].map(|byte| {
            let mut repr = [byte; 32];
            repr[0] &= 0x7f;
            Scalar::from_repr(repr.into()).unwrap()
        });
        let mut scalars = small.into_iter().chain(powers).chain(bytes).collect::<Vec<_>>();
        scalars.extend((0..64).map(|_| Scalar::generate()));
        scalars.extend(scalars.clone().iter().map(|scalar| -scalar));
        scalars
    }

    #[test]
    fn every_multiple_is_the_curve_s_own() {
        for point in [ProjectivePoint::GENERATOR, ProjectivePoint::GENERATOR * Scalar::generate()] {
            let table = Table::new(point);
            for scalar in scalars() {
                assert_eq!(
                    table.add_multiple(ProjectivePoint::IDENTITY, &scalar),
                    point * scalar,
                    "{scalar:?}"
                );
                assert_eq!(table.add_multiple(-(point * scalar), &scalar), ProjectivePoint::IDENTITY);
                assert_eq!(table.add_multiple(point * scalar, &scalar), (point * scalar).double());
            }
        }
    }
}
