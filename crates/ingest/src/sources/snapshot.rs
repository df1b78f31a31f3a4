//! The file that lets ingest start while the database is away.
//!
//! One JSON document: a version, the checksum of the list's own text, the list. A file of another version counts as none,
//! and so does one that lacks a field: one of version 1 cannot say which sources ask for OAuth tokens, and taking that for
//! "none does" would let requests through that have none. It is written beside its place, flushed and renamed, so that a
//! reader sees the old one or the new one whole. The checksum is against damage, not against forgery, for which the
//! file's mode (0600) and its directory have to do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use store::source::oauth::{ListedClient, ListedOldSecret};
use store::source::{ListedKey, ListedSource};

/// 2: keys have an end and sources may ask for tokens, which a reader of 1 would not heed.
const VERSION: u32 = 2;

/// Largest file that is read: tens of thousands of sources. A larger one is not ours.
const BYTES_MAX: u64 = 32 << 20;

/// Why a snapshot counts as none.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotError {
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    #[error("it is larger than any snapshot of ours")]
    TooLarge,
    #[error("it is not a snapshot, or only a part of one")]
    Malformed,
    #[error("it is of version {0}, known is {VERSION}")]
    UnknownVersion(u32),
    #[error("its checksum does not match")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Document<'a> {
    version: u32,
    /// Hex SHA-256 of the text of `list`.
    sha256: String,
    #[serde(borrow)]
    list: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct StoredList {
    /// When the database gave this list, RFC 3339.
    confirmed_at: String,
    sources: Vec<StoredSource>,
}

#[derive(Serialize, Deserialize)]
struct StoredSource {
    id: i32,
    path: String,
    max_age_s: i32,
    signed: bool,
    keys: Vec<StoredKey>,
    #[serde(deserialize_with = "present")]
    oauth: Option<StoredClient>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    /// Base64 of SubjectPublicKeyInfo.
    spki: String,
    /// RFC 3339; null: no end is known.
    #[serde(deserialize_with = "present")]
    retires_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredClient {
    client_id: String,
    /// Base64.
    secret_sha256: String,
    #[serde(deserialize_with = "present")]
    old: Option<StoredOldSecret>,
}

#[derive(Serialize, Deserialize)]
struct StoredOldSecret {
    /// Base64.
    sha256: String,
    /// RFC 3339.
    until: String,
}

/// A value or null: with a function of its own, serde takes an absent field for a mistake and not for null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(field)
}

/// The sources of the file and when the database gave them; `None` if there is no file.
///
/// # Errors
///
/// Anything but a whole snapshot of a known version.
pub(super) fn read(path: &Path) -> Result<Option<(Vec<ListedSource>, Timestamp)>, SnapshotError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    decode(&bytes).map(Some)
}

/// Puts a new snapshot in the place of the old one, or fails and leaves the old one.
///
/// # Errors
///
/// As the file system gives them.
pub(super) fn write(path: &Path, sources: &[&ListedSource], confirmed_at: Timestamp) -> io::Result<()> {
    let text = encode(sources, confirmed_at)?;
    let beside = beside(path);
    // Left by a process that died while writing.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The rename itself lives in the directory.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// Own to this process, so that two that were given one path do not write into each other's file.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    PathBuf::from(name)
}

fn encode(sources: &[&ListedSource], confirmed_at: Timestamp) -> io::Result<String> {
    let sources = sources.iter().map(|source| StoredSource {
        id: source.id,
        path: source.path.clone(),
        max_age_s: source.max_age_s,
        signed: source.signed,
        keys: source.keys.iter().map(store_key).collect(),
        oauth: source.oauth.as_ref().map(store_client),
    });
    let list = StoredList { confirmed_at: confirmed_at.to_string(), sources: sources.collect() };
    let list = serde_json::value::to_raw_value(&list)?;
    let document = Document { version: VERSION, sha256: checksum(list.get()), list: &list };
    Ok(serde_json::to_string(&document)?)
}

fn decode(bytes: &[u8]) -> Result<(Vec<ListedSource>, Timestamp), SnapshotError> {
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(|_| SnapshotError::Malformed)?;
    if document.version != VERSION {
        return Err(SnapshotError::UnknownVersion(document.version));
    }
    if checksum(document.list.get()) != document.sha256 {
        return Err(SnapshotError::Damaged);
    }
    let list: StoredList = serde_json::from_str(document.list.get()).map_err(|_| SnapshotError::Malformed)?;
    let confirmed_at = list.confirmed_at.parse().map_err(|_| SnapshotError::Malformed)?;
    let sources = list.sources.into_iter().map(restore).collect::<Option<_>>();
    Ok((sources.ok_or(SnapshotError::Malformed)?, confirmed_at))
}

fn restore(stored: StoredSource) -> Option<ListedSource> {
    let keys = stored.keys.iter().map(restore_key).collect::<Option<_>>()?;
    // One that cannot be read is not one that is not there.
    let oauth = stored.oauth.map(|client| restore_client(client).ok_or(())).transpose().ok()?;
    let StoredSource { id, path, max_age_s, signed, .. } = stored;
    Some(ListedSource { id, path, max_age_s, signed, keys, oauth })
}

fn store_client(client: &ListedClient) -> StoredClient {
    let old = |old: &ListedOldSecret| StoredOldSecret {
        sha256: BASE64.encode(&old.sha256),
        until: old.until.to_string(),
    };
    StoredClient {
        client_id: client.client_id.clone(),
        secret_sha256: BASE64.encode(&client.secret_sha256),
        old: client.old.as_ref().map(old),
    }
}

fn restore_client(stored: StoredClient) -> Option<ListedClient> {
    let old = match stored.old {
        Some(old) => {
            Some(ListedOldSecret { sha256: BASE64.decode(old.sha256).ok()?, until: old.until.parse().ok()? })
        }
        None => None,
    };
    let secret_sha256 = BASE64.decode(stored.secret_sha256).ok()?;
    Some(ListedClient { client_id: stored.client_id, secret_sha256, old })
}

fn store_key(key: &ListedKey) -> StoredKey {
    StoredKey { spki: BASE64.encode(&key.spki), retires_at: key.retires_at.map(|end| end.to_string()) }
}

/// A key whose end cannot be read is not one without an end: the snapshot counts as none.
fn restore_key(stored: &StoredKey) -> Option<ListedKey> {
    let retires_at = stored.retires_at.as_ref().map(|end| end.parse()).transpose().ok()?;
    Some(ListedKey { spki: BASE64.decode(&stored.spki).ok()?, retires_at })
}

fn checksum(text: &str) -> String {
    wire::hex::encode(&Sha256::digest(text))
}

#[cfg(test)]
mod tests;
