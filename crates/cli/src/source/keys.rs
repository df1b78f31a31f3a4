//! Verification keys as they are given on the command line: base64, PEM, or a file that holds either, or the bare DER.

use crate::failure::Failure;
use crate::output;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use store::source::key::{ACCEPTED_MAX, NewKey};
use wire::signature::{KeyError, PublicKey};

/// A PEM key has 200 bytes. What is larger is another file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A key that was given and can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// SubjectPublicKeyInfo, DER.
    spki: Vec<u8>,
    sha256: String,
}

impl Given {
    /// As it is stored.
    pub(crate) fn labelled<'a>(&'a self, label: Option<&'a str>) -> NewKey<'a> {
        NewKey { spki: &self.spki, sha256: &self.sha256, label }
    }
}

impl From<&PublicKey> for Given {
    fn from(key: &PublicKey) -> Self {
        Self { spki: key.to_spki_der(), sha256: key.fingerprint() }
    }
}

/// Reads the keys of a new source, in the order given.
pub(crate) fn read(given: &[String]) -> Result<Vec<Given>, Failure> {
    if given.len() > ACCEPTED_MAX {
        return Err(Failure::usage(format!(
            "{} keys are too many: a source has at most {ACCEPTED_MAX}",
            given.len()
        )));
    }
    let mut keys: Vec<Given> = Vec::new();
    for (position, text) in given.iter().enumerate() {
        let place = if given.len() == 1 { "the key".to_owned() } else { format!("key {}", position + 1) };
        let key = read_one(&place, text)?;
        if keys.contains(&key) {
            return Err(refused(&place, text, "it was given before").next("give each key once"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Reads a key; `place` is what an error calls it.
pub(crate) fn read_one(place: &str, text: &str) -> Result<Given, Failure> {
    let key = match text.strip_prefix('@') {
        Some(path) => {
            let bytes = file(path).map_err(|error| refused(place, text, &error.to_string()))?;
            parse(&bytes).map_err(|why| refused(place, text, &why))?
        }
        None => PublicKey::parse(text)
            .map_err(|error| advised(refused(place, text, &error.to_string()), text, error))?,
    };
    Ok(Given::from(&key))
}

/// Nothing of the text but the name of a file is repeated: it may be a private key.
fn refused(place: &str, text: &str, why: &str) -> Failure {
    let from = text.strip_prefix('@').map(|path| format!(" ({})", output::plain(path))).unwrap_or_default();
    Failure::usage(format!("{place}{from} cannot be used: {why}"))
}

/// What else to do about a text that stood on the command line itself.
fn advised(failure: Failure, text: &str, error: KeyError) -> Failure {
    match error {
        KeyError::PrivateKey | KeyError::ApiKey => failure.next(
            "it stands in this shell's history and stood in the list of processes: if others can read either, replace it",
        ),
        _ if Path::new(text).is_file() => failure.next("to read a file, write @ before its name"),
        _ => failure,
    }
}

fn file(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut bounded = File::open(path)?.take(FILE_BYTES_MAX + 1);
    bounded.read_to_end(&mut bytes)?;
    if bounded.limit() == 0 { Err(std::io::Error::other("it is too large for a key")) } else { Ok(bytes) }
}

fn parse(bytes: &[u8]) -> Result<PublicKey, String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => PublicKey::parse(text).map_err(|error| error.to_string()),
        Err(_) if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) => {
            Err("the file is text in UTF-16; save it in UTF-8".to_owned())
        }
        // Every key's DER has bytes that are no text.
        Err(_) => PublicKey::from_spki_der(bytes).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use wire::signature::SigningKey;

    /// A file of this test's own, removed with it.
    struct Written(PathBuf);

    impl Written {
        fn new(name: &str, content: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("sendstate-keys-{}-{name}", std::process::id()));
            std::fs::write(&path, content).unwrap();
            Self(path)
        }

        fn given(&self) -> String {
            format!("@{}", self.0.display())
        }
    }

    impl Drop for Written {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.0));
        }
    }

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
        let file = Written::new("private", pem.as_bytes());
        for text in [pem.clone(), file.given()] {
            let failure = read(std::slice::from_ref(&text)).unwrap_err();
            assert_eq!(failure.code, 2);
            assert!(failure.to_string().contains("private key"), "{failure}");
            assert!(pem.lines().all(|line| !failure.to_string().contains(line)));
            assert_eq!(failure.to_string().contains("history"), !text.starts_with('@'), "{failure}");
        }
    }

    #[test]
    fn a_file_may_hold_base64_pem_or_the_bare_der() {
        let key = SigningKey::generate().public_key();
        let pem = format!(
            "\u{FEFF}-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n",
            key.to_base64()
        );
        let contents = [key.to_base64().into_bytes(), pem.into_bytes(), key.to_spki_der()];
        for (position, content) in contents.iter().enumerate() {
            let file = Written::new(&format!("form-{position}"), content);
            assert_eq!(read_one("it", &file.given()), Ok(Given::from(&key)), "{position}");
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_named_with_what_it_is() {
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain("MFkw".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (name, content, expected) in [
            ("utf16", utf16, "UTF-16"),
            ("large", vec![b'A'; 64 * 1024 + 1], "too large"),
            ("noise", vec![0xFF; 91], "not a public key"),
            ("empty", Vec::new(), "empty"),
        ] {
            let file = Written::new(name, &content);
            let failure = read_one("the key", &file.given()).unwrap_err().to_string();
            assert!(failure.contains(expected) && failure.contains(name), "{failure}");
        }
    }

    #[test]
    fn a_file_that_was_given_without_its_sign_is_noticed() {
        let file = Written::new("unmarked.pem", b"anything");
        let failure = read_one("the key", &file.0.display().to_string()).unwrap_err();
        assert!(failure.to_string().contains("write @ before its name"), "{failure}");
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
