//! Files that hold one secret, as orchestrators mount them.

use super::size;
use secrecy::SecretString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Largest secret file that is read. A key or a URL is far below; a wrong path may name a device or a log.
const BYTES_MAX: u64 = 64 * 1024;

/// Why a file gives no secret. No text repeats what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("cannot be opened ({0})")]
    Open(#[source] io::Error),
    /// Also what is not UTF-8.
    #[error("cannot be read ({0})")]
    Read(#[source] io::Error),
    #[error("is longer than {}", size::show(BYTES_MAX))]
    TooLong,
    #[error("is empty")]
    Empty,
}

/// The file's text without one newline at its end, which editors add and secrets do not have.
///
/// # Errors
///
/// [`SecretFileError`], as what it says of the setting that names the file.
pub fn read(path: &Path) -> Result<SecretString, SecretFileError> {
    let file = File::open(path).map_err(SecretFileError::Open)?;
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(SecretFileError::Read)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(SecretFileError::TooLong);
    }
    let line_end = if text.ends_with("\r\n") { 2 } else { usize::from(text.ends_with('\n')) };
    text.truncate(text.len() - line_end);
    if text.is_empty() { Err(SecretFileError::Empty) } else { Ok(text.into()) }
}
