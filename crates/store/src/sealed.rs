//! Endpoint secrets at rest: sealed before they reach the database, opened only where a delivery is signed.
//!
//! Layout: version (1 byte) · fingerprint of the key (4) · nonce (24) · XChaCha20-Poly1305 ciphertext and tag.
//! The endpoint's number is authenticated with it, so that a row copied to another endpoint does not open. The
//! fingerprint tells "sealed with another key" from "damaged" and is what a later key rotation chooses keys by; it
//! gives away nothing, because the key has 256 random bits. Nonces are random: 24 bytes never repeat in practice.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chacha20poly1305::aead::{AeadInOut as _, Generate as _};
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, ExposeSecretMut as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};

const VERSION: u8 = 1;
const FINGERPRINT_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Fingerprint of a key: which of several keys sealed a secret. Public.
type Fingerprint = [u8; FINGERPRINT_BYTES];

/// What `SENDSTATE_SECRET_KEY` holds. Zeroed when dropped; its `Debug` shows nothing.
pub struct SecretKey {
    bytes: SecretBox<[u8; 32]>,
    fingerprint: Fingerprint,
}

/// Why a text is no secret key. Says nothing about the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret key must be 32 bytes in base64, e.g. from `openssl rand -base64 32`")]
pub struct SecretKeyError;

/// Why a sealed secret does not open. All of them are the operator's to mend, none is worth a quick retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the secret was sealed by a release that this one does not know")]
    UnknownVersion,
    #[error("the secret was sealed with another key than SENDSTATE_SECRET_KEY")]
    OtherKey,
    #[error("the sealed secret is damaged or belongs to another endpoint")]
    Damaged,
}

impl SecretKey {
    /// Reads base64 (with padding) of 32 bytes; white space around it is ignored.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        // Room for more than a key, so that a longer text is noticed instead of cut.
        let mut decoded = SecretBox::new(Box::new([0_u8; 36]));
        let length = BASE64_STANDARD
            .decode_slice(text.trim(), decoded.expose_secret_mut().as_mut_slice())
            .map_err(|_| SecretKeyError)?;
        if length != 32 {
            return Err(SecretKeyError);
        }
        let bytes = SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            key.copy_from_slice(&decoded.expose_secret()[..32]);
        });
        let fingerprint = fingerprint(bytes.expose_secret());
        Ok(Self { bytes, fingerprint })
    }

    /// Which key it is, without anything of it: what `endpoint_secrets.key_id` holds.
    #[must_use]
    pub const fn id(&self) -> [u8; FINGERPRINT_BYTES] {
        self.fingerprint
    }

    /// A key for another purpose, made of this one such that neither tells anything of the other: HKDF-Expand (RFC 5869)
    /// of one block, as the key is random already.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> SecretBox<[u8; 32]> {
        let key: &[u8] = self.bytes.expose_secret();
        let code =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        let derived = code.chain_update(purpose).chain_update([1]).finalize().into_bytes();
        SecretBox::init_with_mut(|key: &mut [u8; 32]| key.copy_from_slice(&derived))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes.expose_secret().into())
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretKey([redacted])")
    }
}

/// The keys of a process: what is sealed anew is sealed with the current one, and while `SENDSTATE_SECRET_KEY` is replaced
/// the previous one still opens.
#[derive(Debug)]
pub struct KeyRing {
    current: SecretKey,
    previous: Option<SecretKey>,
}

impl KeyRing {
    #[must_use]
    pub const fn new(current: SecretKey, previous: Option<SecretKey>) -> Self {
        Self { current, previous }
    }

    /// Seals with the current key, as [`seal`].
    #[must_use]
    pub fn seal(&self, endpoint_id: i32, plain: &SecretString) -> Vec<u8> {
        seal(&self.current, endpoint_id, plain)
    }

    /// Opens with whichever key sealed it.
    ///
    /// # Errors
    /// As [`open`]; [`SealError::OtherKey`]: neither did.
    pub fn open(&self, endpoint_id: i32, sealed: &[u8]) -> Result<SecretString, SealError> {
        match (open(&self.current, endpoint_id, sealed), &self.previous) {
            (Err(SealError::OtherKey), Some(previous)) => open(previous, endpoint_id, sealed),
            (opened, _) => opened,
        }
    }

    /// Sealed with the current key again, if another one sealed it; `None`: the current one did.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reseal(&self, endpoint_id: i32, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        match open(&self.current, endpoint_id, sealed) {
            Ok(_) => Ok(None),
            Err(SealError::OtherKey) => {
                let plain = self.open(endpoint_id, sealed)?;
                Ok(Some(self.seal(endpoint_id, &plain)))
            }
            Err(error) => Err(error),
        }
    }
}

/// Seals an endpoint's secret for the column `endpoint_secrets.sealed`. Twice the same input gives two results.
#[must_use]
pub fn seal(key: &SecretKey, endpoint_id: i32, plain: &SecretString) -> Vec<u8> {
    let nonce = XNonce::generate();
    let plain = plain.expose_secret().as_bytes();
    let mut sealed = Vec::with_capacity(1 + FINGERPRINT_BYTES + NONCE_BYTES + plain.len() + TAG_BYTES);
    sealed.push(VERSION);
    sealed.extend_from_slice(&key.fingerprint);
    sealed.extend_from_slice(&nonce);
    let text_at = sealed.len();
    sealed.extend_from_slice(plain);
    let tag = key
        .cipher()
        .encrypt_inout_detached(&nonce, &associated(endpoint_id), (&mut sealed[text_at..]).into())
        .expect("the cipher refuses only texts of 256 GiB and more");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens what [`seal`] made for the same endpoint.
///
/// # Errors
/// Sealed with another key, for another endpoint, by an unknown release, or damaged.
pub fn open(key: &SecretKey, endpoint_id: i32, sealed: &[u8]) -> Result<SecretString, SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError::Damaged)?;
    if *version != VERSION {
        return Err(SealError::UnknownVersion);
    }
    let (fingerprint, rest) = rest.split_first_chunk::<FINGERPRINT_BYTES>().ok_or(SealError::Damaged)?;
    if *fingerprint != key.fingerprint {
        return Err(SealError::OtherKey);
    }
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Damaged)?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(SealError::Damaged)?;
    // Exactly as long as the plain text, so that turning it into a secret leaves no copy behind.
    let mut text = text.to_vec();
    key.cipher()
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &associated(endpoint_id),
            text.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .map_err(|_| SealError::Damaged)?;
    String::from_utf8(text).map(SecretString::from).map_err(|_| SealError::Damaged)
}

/// What is authenticated beside the secret: what it is, and whose.
fn associated(endpoint_id: i32) -> Vec<u8> {
    let mut bytes = b"sendstate endpoint secret ".to_vec();
    bytes.push(VERSION);
    bytes.extend_from_slice(&endpoint_id.to_be_bytes());
    bytes
}

fn fingerprint(key: &[u8; 32]) -> Fingerprint {
    let digest = Sha256::new().chain_update(b"sendstate secret key ").chain_update(key).finalize();
    let mut fingerprint = [0; FINGERPRINT_BYTES];
    fingerprint.copy_from_slice(&digest[..FINGERPRINT_BYTES]);
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::parse(&BASE64_STANDARD.encode([byte; 32])).unwrap()
    }

    fn secret() -> SecretString {
        SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_endpoint_and_key() {
        let sealed = seal(&key(7), 42, &secret());
        assert_eq!(open(&key(7), 42, &sealed).unwrap().expose_secret(), secret().expose_secret());
        assert!(!sealed.windows(5).any(|window| secret().expose_secret().as_bytes().starts_with(window)));
        assert_ne!(sealed, seal(&key(7), 42, &secret()));
    }

    #[test]
    fn another_endpoint_key_or_release_does_not_open_it() {
        let sealed = seal(&key(7), 42, &secret());
        assert_eq!(open(&key(7), 43, &sealed).unwrap_err(), SealError::Damaged);
        assert_eq!(open(&key(8), 42, &sealed).unwrap_err(), SealError::OtherKey);
        let later = [&[2], &sealed[1..]].concat();
        assert_eq!(open(&key(7), 42, &later).unwrap_err(), SealError::UnknownVersion);
    }

    #[test]
    fn a_derived_key_is_the_same_for_the_same_key_and_purpose_only() {
        let derived = |byte, purpose| *key(byte).derive(purpose).expose_secret();
        assert_eq!(derived(7, "one"), derived(7, "one"));
        assert_ne!(derived(7, "one"), derived(7, "other"));
        assert_ne!(derived(7, "one"), derived(8, "one"));
        assert_ne!(derived(7, ""), [7; 32]);
        // Computed by Python's hmac module.
        assert_eq!(derived(7, "one")[..8], [0x6c, 0xe0, 0x4a, 0x90, 0x67, 0x51, 0x12, 0xf6]);
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unnoticed() {
        let sealed = seal(&key(7), 42, &secret());
        for at in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(open(&key(7), 42, &flipped).is_err(), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert!(open(&key(7), 42, &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn a_key_is_exactly_thirty_two_bytes() {
        for length in [0, 1, 16, 31, 33, 34, 35, 36, 64] {
            assert!(SecretKey::parse(&BASE64_STANDARD.encode(vec![1; length])).is_err(), "{length}");
        }
        assert!(SecretKey::parse("not base64!").is_err());
        assert!(SecretKey::parse(&format!(" {}\n", BASE64_STANDARD.encode([1; 32]))).is_ok());
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", key(7)), "SecretKey([redacted])");
    }

    #[test]
    fn a_ring_opens_what_either_key_sealed_and_seals_with_the_current_one() {
        let plain = SecretString::from("whsec_x");
        let (old, new) = (key(1), key(2));
        let sealed = seal(&old, 7, &plain);
        let ring = KeyRing::new(key(2), Some(key(1)));
        assert_eq!(ring.open(7, &sealed).unwrap().expose_secret(), "whsec_x");
        let again = ring.reseal(7, &sealed).unwrap().unwrap();
        assert_eq!(open(&new, 7, &again).unwrap().expose_secret(), "whsec_x");
        assert_eq!(ring.reseal(7, &again).unwrap(), None);
        assert_eq!(ring.open(7, &seal(&key(3), 7, &plain)).unwrap_err(), SealError::OtherKey);
        assert_eq!(KeyRing::new(key(2), None).open(7, &sealed).unwrap_err(), SealError::OtherKey);
    }
}
