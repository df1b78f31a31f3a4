//! One hash over several fields, such that no two lists of fields are hashed as the same bytes.
//!
//! Every field is preceded by whether it is there and by its length; the list begins with a label that says what is
//! being hashed. Stored keys depend on this layout: it must not change.

use sha2::{Digest, Sha256};

pub(crate) struct FieldHash(Sha256);

impl FieldHash {
    pub(crate) fn new(label: &'static str) -> Self {
        Self(Sha256::new()).text(label)
    }

    pub(crate) fn bytes(mut self, field: &[u8]) -> Self {
        self.0.update([1]);
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
        self
    }

    pub(crate) fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// An absent field is not an empty one.
    pub(crate) fn optional(mut self, field: Option<&str>) -> Self {
        match field {
            Some(field) => self.text(field),
            None => {
                self.0.update([0]);
                self
            }
        }
    }

    pub(crate) fn number(self, field: i64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// The first 16 bytes of the digest: 2^64 keys before a collision is to be expected.
    pub(crate) fn finish(self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(self.0.finalize().split_at(16).0);
        key
    }

    /// `prefix`, then the first 12 bytes of the digest: keys that are made at the same time lie together in an index.
    pub(crate) fn finish_after(self, prefix: u32) -> [u8; 16] {
        let mut key = [0; 16];
        let (head, tail) = key.split_at_mut(4);
        head.copy_from_slice(&prefix.to_be_bytes());
        tail.copy_from_slice(self.0.finalize().split_at(12).0);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(fields: &[Option<String>]) -> [u8; 16] {
        fields.iter().fold(FieldHash::new("test"), |hash, field| hash.optional(field.as_deref())).finish()
    }

    proptest! {
        // The alphabet contains what the layout itself writes, so that a shifted boundary would be found.
        #[test]
        fn different_lists_of_fields_never_share_a_hash(
            a in prop::collection::vec(prop::option::of("[a\u{0}\u{1}]{0,3}"), 0..4),
            b in prop::collection::vec(prop::option::of("[a\u{0}\u{1}]{0,3}"), 0..4),
        ) {
            prop_assert_eq!(a == b, hash(&a) == hash(&b));
        }
    }

    #[test]
    fn moving_a_character_over_a_boundary_changes_the_hash() {
        let list = |fields: [&str; 2]| hash(&fields.map(|field| Some(field.to_owned())));
        assert_ne!(list(["ab", "c"]), list(["a", "bc"]));
        assert_ne!(list(["", "abc"]), list(["abc", ""]));
        assert_ne!(hash(&[None]), hash(&[Some(String::new())]));
        assert_ne!(hash(&[None]), hash(&[None, None]));
    }
}
