//! Verification with a key that is used again and again: after a while it gets a [`Table`], which makes verifying
//! several times as fast. The answer is always that of `p256`'s own verification.
//!
//! A table is built by the verification that earns it, while others go on without. At most [`TABLES_MAX`] exist in a
//! process; keys beyond that stay with the slow way, so memory is bounded however many sources there are.

use super::table::Table;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::ops::{Invert, Reduce};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::{FieldBytes, ProjectivePoint, Scalar};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

/// Every so many verifications without a table, one tries to build it: by then the slow way has cost more than that.
const USES_BEFORE_TABLE: u32 = 64;

/// Tables at a time, the generator's not counted: 19 MB.
const TABLES_MAX: usize = 64;

static TABLES: AtomicUsize = AtomicUsize::new(0);
static GENERATOR: LazyLock<Table> = LazyLock::new(|| Table::new(ProjectivePoint::GENERATOR));

pub(super) struct KnownKey {
    key: VerifyingKey,
    uses: AtomicU32,
    table: OnceLock<CountedTable>,
}

/// A table that counts against [`TABLES_MAX`] as long as it lives.
struct CountedTable(Table);

impl CountedTable {
    fn new(key: &VerifyingKey) -> Option<Self> {
        let more = |count| (count < TABLES_MAX).then_some(count + 1);
        // Only a count: no other memory is ordered by it.
        TABLES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        LazyLock::force(&GENERATOR);
        Some(Self(Table::new(ProjectivePoint::from(*key.as_affine()))))
    }
}

impl Drop for CountedTable {
    fn drop(&mut self) {
        TABLES.fetch_sub(1, Ordering::Relaxed);
    }
}

impl KnownKey {
    pub(super) const fn new(key: VerifyingKey) -> Self {
        Self { key, uses: AtomicU32::new(0), table: OnceLock::new() }
    }

    pub(super) fn verify(&self, digest: &[u8; 32], signature: &Signature) -> bool {
        match self.table() {
            Some(table) => by_table(table, digest, signature),
            None => self.key.verify_prehash(digest, signature).is_ok(),
        }
    }

    fn table(&self) -> Option<&Table> {
        if let Some(table) = self.table.get() {
            return Some(&table.0);
        }
        let uses = self.uses.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if !uses.is_multiple_of(USES_BEFORE_TABLE) {
            return None;
        }
        let table = CountedTable::new(&self.key)?;
        // Another thread may have been faster; then this one's work is dropped.
        Some(&self.table.get_or_init(|| table).0)
    }
}

/// The equation of ECDSA: with `w = 1/s`, the point `(z·w)·G + (r·w)·Q` has `r` as its x coordinate, modulo the
/// order. `r` and `s` are neither zero nor too large, or there would be no [`Signature`].
fn by_table(key: &Table, digest: &[u8; 32], signature: &Signature) -> bool {
    let (r, s) = signature.split_scalars();
    let w = *s.invert_vartime();
    let z = <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(*digest));
    let sum = GENERATOR.add_multiple(ProjectivePoint::IDENTITY, &(z * w));
    let sum = key.add_multiple(sum, &(*r * w));
    // The point at infinity has 0 as its x here, which no `r` is.
    let x = sum.to_affine().x();
    <Scalar as Reduce<FieldBytes>>::reduce(&x) == *r
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::NonZeroScalar;
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    use p256::elliptic_curve::Generate;
    use proptest::prelude::*;

    /// Whether both ways agree, and what they say.
    fn agreed(key: &VerifyingKey, table: &Table, digest: &[u8; 32], signature: &Signature) -> bool {
        let theirs = key.verify_prehash(digest, signature).is_ok();
        assert_eq!(by_table(table, digest, signature), theirs, "{key:?} {digest:?} {signature:?}");
        theirs
    }

    fn known(key: &SigningKey) -> (VerifyingKey, Table) {
        let key = *key.verifying_key();
        (key, Table::new(ProjectivePoint::from(*key.as_affine())))
    }

    #[test]
    fn a_key_that_is_used_often_earns_a_table_and_keeps_its_answers() {
        let signer = SigningKey::generate();
        let known = KnownKey::new(*signer.verifying_key());
        for use_ in 0..USES_BEFORE_TABLE + 5 {
            let digest = [u8::try_from(use_).unwrap(); 32];
            let signature: Signature = signer.sign_prehash(&digest).unwrap();
            assert!(known.verify(&digest, &signature));
            assert!(!known.verify(&[0xee; 32], &signature));
        }
        assert!(known.table.get().is_some());
    }

    #[test]
    fn extreme_digests_and_scalars_are_judged_as_p256_judges_them() {
        let signer = SigningKey::generate();
        let (key, table) = known(&signer);
        let edges = [Scalar::ONE, Scalar::from(2_u64), -Scalar::ONE, -Scalar::from(2_u64)];
        for digest in [[0; 32], [0xff; 32], [0x80; 32]] {
            let signature: Signature = signer.sign_prehash(&digest).unwrap();
            assert!(agreed(&key, &table, &digest, &signature));
            let (r, s) = signature.split_scalars();
            let other_half = Signature::from_scalars(*r, -*s).unwrap();
            assert!(agreed(&key, &table, &digest, &other_half));
            for a in edges {
                for b in edges {
                    assert!(!agreed(&key, &table, &digest, &Signature::from_scalars(a, b).unwrap()));
                    assert!(!agreed(&key, &table, &digest, &Signature::from_scalars(*r, a).unwrap()));
                }
            }
        }
    }

    #[test]
    fn a_sum_at_infinity_is_refused() {
        // With the private key 1 and r = -z the two multiples cancel out.
        let signer = SigningKey::from(NonZeroScalar::new(Scalar::ONE).unwrap());
        let (key, table) = known(&signer);
        let digest = [7; 32];
        let z = <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(digest));
        let signature = Signature::from_scalars(-z, Scalar::from(5_u64)).unwrap();
        assert!(!agreed(&key, &table, &digest, &signature));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_signature_is_judged_as_p256_judges_it(digest: [u8; 32], other: [u8; 32], bit in 0_usize..512) {
            let signer = SigningKey::generate();
            let (key, table) = known(&signer);
            let signature: Signature = signer.sign_prehash(&digest).unwrap();
            prop_assert!(agreed(&key, &table, &digest, &signature));
            prop_assert_eq!(agreed(&key, &table, &other, &signature), digest == other);
            let mut bytes = signature.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = Signature::from_bytes(&bytes) {
                agreed(&key, &table, &digest, &flipped);
            }
            let (r, s) = (NonZeroScalar::generate(), NonZeroScalar::generate());
            agreed(&key, &table, &digest, &Signature::from_scalars(r, s).unwrap());
        }
    }
}
