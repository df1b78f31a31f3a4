use super::*;
use std::os::unix::fs::PermissionsExt as _;

/// A directory of this test's own, removed with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sendstate-snapshot-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("sources.json")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn sources() -> Vec<ListedSource> {
    vec![
        ListedSource {
            id: 1,
            path: "main".to_owned(),
            max_age_s: 600,
            signed: true,
            keys: vec![
                ListedKey { spki: vec![0, 255], retires_at: Some(at()) },
                ListedKey { spki: vec![], retires_at: None },
            ],
        },
        ListedSource { id: 2, path: "f00d".repeat(8), max_age_s: 60, signed: false, keys: vec![] },
    ]
}

fn at() -> Timestamp {
    "2026-03-04T05:06:07.089123Z".parse().unwrap()
}

fn text() -> String {
    encode(&sources().iter().collect::<Vec<_>>(), at()).unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    let directory = Directory::new("round-trip");
    let listed = sources();
    write(&directory.file(), &listed.iter().collect::<Vec<_>>(), at()).unwrap();
    assert_eq!(read(&directory.file()).unwrap(), Some((listed, at())));
}

#[test]
fn a_new_snapshot_replaces_the_old_one_and_leaves_nothing_beside_it() {
    let directory = Directory::new("replace");
    write(&directory.file(), &[], Timestamp::UNIX_EPOCH).unwrap();
    fs::write(beside(&directory.file()), "left by a process that died").unwrap();
    write(&directory.file(), &[], at()).unwrap();
    assert_eq!(read(&directory.file()).unwrap(), Some((vec![], at())));
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 1);
}

#[test]
fn only_its_owner_may_read_it() {
    let directory = Directory::new("mode");
    write(&directory.file(), &[], at()).unwrap();
    assert_eq!(fs::metadata(directory.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn no_file_is_no_snapshot_and_no_error() {
    let directory = Directory::new("none");
    assert_eq!(read(&directory.file()).unwrap(), None);
}

#[test]
fn a_directory_that_is_not_there_fails_and_is_not_made() {
    let directory = Directory::new("absent");
    assert!(write(&directory.0.join("absent/sources.json"), &[], at()).is_err());
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}

#[test]
fn every_cut_and_every_flipped_bit_counts_as_none() {
    let whole = text();
    decode(whole.as_bytes()).unwrap();
    for length in 0..whole.len() {
        assert!(decode(&whole.as_bytes()[..length]).is_err(), "cut to {length}");
    }
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let read = decode(&bytes);
            assert!(read.is_err(), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn a_version_from_the_future_is_refused_by_name() {
    let text = text().replacen("\"version\":2", "\"version\":3", 1);
    assert!(matches!(decode(text.as_bytes()), Err(SnapshotError::UnknownVersion(3))));
}

#[test]
fn an_end_that_cannot_be_read_is_not_taken_for_none() {
    let listed = sources();
    let stored = store_key(&listed[0].keys[0]);
    assert_eq!(restore_key(&stored).as_ref(), Some(&listed[0].keys[0]));
    for end in ["", "later", "2026-03-04"] {
        let stored = StoredKey { retires_at: Some(end.to_owned()), ..store_key(&listed[0].keys[0]) };
        assert_eq!(restore_key(&stored), None, "{end}");
    }
}

#[test]
fn a_device_that_never_ends_is_too_large() {
    assert!(matches!(read(Path::new("/dev/zero")), Err(SnapshotError::TooLarge)));
}
