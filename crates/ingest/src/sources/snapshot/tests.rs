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
            oauth: None,
        },
        ListedSource {
            id: 2,
            path: "f00d".repeat(8),
            max_age_s: 60,
            signed: false,
            keys: vec![],
            oauth: Some(client(None)),
        },
        ListedSource {
            id: 3,
            path: "changing".to_owned(),
            max_age_s: 60,
            signed: true,
            keys: vec![],
            oauth: Some(client(Some(ListedOldSecret { sha256: vec![9; 32], until: at() }))),
        },
    ]
}

fn client(old: Option<ListedOldSecret>) -> ListedClient {
    ListedClient { client_id: "oaid_x".to_owned(), secret_sha256: vec![7; 32], old }
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
fn a_version_from_the_future_or_from_before_oauth_is_refused_by_name() {
    for version in [1, 3] {
        let text = text().replacen("\"version\":2", &format!("\"version\":{version}"), 1);
        let read = decode(text.as_bytes());
        assert!(matches!(read, Err(SnapshotError::UnknownVersion(found)) if found == version));
    }
}

/// The text of these sources, with a right checksum.
fn forged(sources: serde_json::Value) -> String {
    let list = serde_json::json!({ "confirmed_at": at().to_string(), "sources": sources });
    let list = serde_json::value::to_raw_value(&list).unwrap();
    let document = Document { version: VERSION, sha256: checksum(list.get()), list: &list };
    serde_json::to_string(&document).unwrap()
}

#[test]
fn a_client_that_cannot_be_read_is_not_taken_for_none() {
    let source = |oauth: serde_json::Value| serde_json::json!([{"id": 1, "path": "a", "max_age_s": 1, "signed": true, "keys": [], "oauth": oauth}]);
    let client = |secret: &str, old: serde_json::Value| {
        source(serde_json::json!({"client_id": "x", "secret_sha256": secret, "old": old}))
    };
    let null = serde_json::Value::Null;
    for good in [source(null.clone()), client("AAAA", null.clone())] {
        decode(forged(good).as_bytes()).unwrap();
    }
    for bad in [
        source(serde_json::json!({})),
        source(serde_json::json!("x")),
        client("!", null),
        client("AAAA", serde_json::json!({"sha256": "!", "until": "2026-03-04T05:06:07Z"})),
        client("AAAA", serde_json::json!({"sha256": "AAAA", "until": "later"})),
    ] {
        assert!(matches!(decode(forged(bad).as_bytes()), Err(SnapshotError::Malformed)));
    }
}

#[test]
fn a_field_that_is_not_there_is_not_taken_for_null() {
    let whole = serde_json::json!([{
        "id": 1, "path": "a", "max_age_s": 1, "signed": true,
        "keys": [{"spki": "AAAA", "retires_at": null}],
        "oauth": {"client_id": "x", "secret_sha256": "AAAA", "old": null},
    }]);
    decode(forged(whole.clone()).as_bytes()).unwrap();
    for (object, field) in
        [("/0", "oauth"), ("/0", "keys"), ("/0", "signed"), ("/0/keys/0", "retires_at"), ("/0/oauth", "old")]
    {
        let mut lacking = whole.clone();
        lacking.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        assert!(matches!(decode(forged(lacking).as_bytes()), Err(SnapshotError::Malformed)), "{field}");
    }
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
