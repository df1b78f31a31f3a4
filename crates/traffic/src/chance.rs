//! Chance that can be repeated: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
//!
//! Written out because generated bodies must be the same for ever, and general generators promise no stable stream
//! over their releases. Not for secrets.

/// A stream of numbers that its seed determines.
#[derive(Clone, Debug)]
pub struct Chance(u64);

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Chance {
    /// The stream of one thing (a mail, say) under a seed: independent of how many others are made.
    pub fn of(seed: u64, thing: u64) -> Self {
        let mut own = Self(seed);
        let salt = own.draw();
        Self(salt ^ thing.wrapping_mul(GAMMA).rotate_left(17))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.draw() % (most - least + 1)
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let position = self.draw() % from.len() as u64;
        from[usize::try_from(position).unwrap_or_default()]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.draw().to_le_bytes()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // First outputs for the seed 1234567, as in the reference implementation's known answers.
        let mut chance = Chance(1_234_567);
        assert_eq!([chance.draw(), chance.draw()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn things_and_seeds_have_streams_of_their_own() {
        let first = |seed, thing| Chance::of(seed, thing).draw();
        let streams = [first(1, 1), first(1, 2), first(2, 1), first(2, 2)];
        let distinct: std::collections::HashSet<_> = streams.iter().collect();
        assert_eq!(distinct.len(), streams.len());
    }
}
