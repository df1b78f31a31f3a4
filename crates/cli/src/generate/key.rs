//! The private key file of generated traffic.

use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use wire::signature::SigningKey;

const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Reads the key, or makes one that only its owner can read.
pub(crate) fn load_or_make(path: &Path) -> Result<SigningKey, Failure> {
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::usage(format!("--private-key {} cannot be {what}: {error}", path.display()))
    };
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let key = SigningKey::generate();
            file.write_all(key.to_pem().as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| cannot("written", &error))?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut pem = String::new();
            File::open(path)
                .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut pem))
                .map_err(|error| cannot("read", &error))?;
            SigningKey::from_pem(&pem).map_err(|error| cannot("used", &error))
        }
        Err(error) => Err(cannot("made", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_for_its_owner_only_and_then_kept() {
        let path = std::env::temp_dir().join(format!("sendstate-key-{}.pem", std::process::id()));
        let made = load_or_make(&path).unwrap().public_key();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        let kept = load_or_make(&path).unwrap().public_key();
        std::fs::write(&path, "nonsense").unwrap();
        let broken = load_or_make(&path).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(made, kept);
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(broken.code, 2);
    }
}
