//! The private key file of generated traffic.

use crate::failure::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use wire::signature::SigningKey;

const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Reads the key, or makes one that only its owner can read. Of several who make one at once, all get that of the first.
pub(crate) fn load_or_make(path: &Path) -> Result<SigningKey, Failure> {
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::usage(format!("--private-key {} cannot be {what}: {error}", path.display()))
    };
    if !path.try_exists().map_err(|error| cannot("looked for", &error))? {
        make(path).map_err(|error| cannot("made", &error))?;
    }
    let mut pem = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut pem))
        .map_err(|error| cannot("read", &error))?;
    SigningKey::from_pem(&pem).map_err(|error| cannot("used", &error))
}

/// Whole or not at all: written beside its place, and linked there unless somebody else was first.
fn make(path: &Path) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = file.write_all(SigningKey::generate().to_pem().as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        done => done,
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

    #[test]
    fn of_several_who_make_it_at_once_all_get_the_same() {
        let path = std::env::temp_dir().join(format!("sendstate-key-{}-at-once.pem", std::process::id()));
        let first = load_or_make(&path).unwrap().public_key();
        // What a second one finds that looked before the first had made it.
        make(&path).unwrap();
        assert_eq!(load_or_make(&path).unwrap().public_key(), first);
        assert!(make(Path::new("/proc/none/key.pem")).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
