//! Verification keys as they are given on the command line: base64, PEM, or a file that holds either.

use crate::failure::Failure;
use std::fs::File;
use std::io::Read as _;
use wire::signature::PublicKey;

/// Two while a key is replaced are ordinary; each is tried for each request that is not signed by the first.
const KEYS_MAX: usize = 10;

/// A PEM key has 200 bytes. What is larger is another file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Reads the keys into (SubjectPublicKeyInfo as DER, its hex SHA-256), in the order given.
pub(crate) fn read(given: &[String]) -> Result<Vec<(Vec<u8>, String)>, Failure> {
    if given.len() > KEYS_MAX {
        return Err(Failure::usage(format!(
            "{} keys are too many: a source has at most {KEYS_MAX}",
            given.len()
        )));
    }
    let mut keys: Vec<(Vec<u8>, String)> = Vec::new();
    for (position, text) in given.iter().enumerate() {
        let place = match text.strip_prefix('@') {
            Some(path) => format!("key {} ({path})", position + 1),
            None => format!("key {}", position + 1),
        };
        let refused = |why: String| Failure::usage(format!("{place} cannot be used: {why}"));
        let content = match text.strip_prefix('@') {
            Some(path) => file(path).map_err(|error| refused(error.to_string()))?,
            None => text.clone(),
        };
        let key = PublicKey::parse(&content).map_err(|error| refused(error.to_string()))?;
        let sha256 = key.fingerprint();
        if keys.iter().any(|(_, known)| *known == sha256) {
            return Err(refused("it was given before".to_owned()).next("give each key once"));
        }
        keys.push((key.to_spki_der(), sha256));
    }
    Ok(keys)
}

fn file(path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    let mut bounded = File::open(path)?.take(FILE_BYTES_MAX + 1);
    bounded.read_to_string(&mut text)?;
    if bounded.limit() == 0 { Err(std::io::Error::other("too large for a key")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::signature::SigningKey;

    #[test]
    fn a_key_given_twice_is_refused_in_whatever_form() {
        let key = SigningKey::generate().public_key().to_base64();
        let wrapped = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
        let failure = read(&[key, wrapped]).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("key 2"), "{failure}");
    }

    #[test]
    fn a_private_key_is_refused_without_being_repeated() {
        let pem = SigningKey::generate().to_pem();
        let failure = read(std::slice::from_ref(&pem)).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("private key"), "{failure}");
        assert!(pem.lines().all(|line| !failure.to_string().contains(line)));
    }

    #[test]
    fn eleven_keys_are_too_many_and_a_missing_file_is_named() {
        let keys: Vec<String> = (0..11).map(|_| SigningKey::generate().public_key().to_base64()).collect();
        assert_eq!(read(&keys[..10]).unwrap().len(), 10);
        assert_eq!(read(&keys).unwrap_err().code, 2);
        let failure = read(&["@/nowhere/key.pem".to_owned()]).unwrap_err();
        assert!(failure.to_string().contains("/nowhere/key.pem"), "{failure}");
    }
}
