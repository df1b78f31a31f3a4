//! Saved requests: a file of headers and one of the body, a curl command, or what went over the wire.
//!
//! Files are read within bounds, and none but those that are named by the user or by his curl command.

mod curl;
mod http;
mod shell;

use super::saved::{BODY_BYTES_MAX, Saved};
use crate::args::VerifyArgs;
use crate::failure::Failure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A body as base64 or percent-encoded takes more room than it has bytes.
const FILE_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// Why an input is no request, as a sentence without its subject and full stop.
type Unreadable = String;

pub(super) fn read(args: &VerifyArgs) -> Result<Saved, Failure> {
    let saved = match (&args.curl, &args.headers, &args.body) {
        (Some(path), ..) => whole(path)?,
        (None, Some(headers), Some(body)) => Saved {
            headers: http::headers(&file("--headers", headers)?)
                .map_err(|why| refused("--headers", headers, &why))?,
            body: file("--body", body)?,
        },
        _ => return Err(Failure::usage("give the request as --headers and --body, or as --curl")),
    };
    if saved.body.len() > BODY_BYTES_MAX {
        return Err(Failure::usage(format!(
            "the body has {} bytes, and at most {BODY_BYTES_MAX} are looked into here",
            saved.body.len()
        ))
        .next(
            "SendGrid sends 768 KB at most: is this the body of one request? An ingest whose SENDSTATE_INGEST_BODY_MAX \
             it exceeds (5MiB, if nobody set it) answers 413 body_too_large",
        ));
    }
    Ok(saved)
}

/// A request that is all in one file.
fn whole(path: &Path) -> Result<Saved, Failure> {
    let text = if path == Path::new("-") {
        bounded(std::io::stdin().lock()).map_err(|error| refused("--curl", path, &error.to_string()))?
    } else {
        file("--curl", path)?
    };
    let saved = if http::is_request(&text) { http::request(&text) } else { requested(&text) };
    saved.map_err(|why| {
        refused("--curl", path, &why).next(
            "give one curl command with its -H and --data-binary, or the request as it went over the wire",
        )
    })
}

/// What the one curl command in a text sends.
fn requested(text: &[u8]) -> Result<Saved, Unreadable> {
    let open = |path: &str| {
        bounded(File::open(path).map_err(|error| format!("names {path}, which cannot be read: {error}"))?)
            .map_err(|error| format!("names {path}, which cannot be read: {error}"))
    };
    curl::request(&shell::pipelines(text)?, &open)
}

fn file(flag: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    File::open(path).and_then(bounded).map_err(|error| refused(flag, path, &error.to_string()))
}

fn bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut bounded = from.take(FILE_BYTES_MAX as u64 + 1);
    bounded.read_to_end(&mut bytes)?;
    if bytes.len() > FILE_BYTES_MAX {
        Err(std::io::Error::other("too large for a request"))
    } else {
        Ok(bytes)
    }
}

fn refused(flag: &str, path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{flag} {} cannot be used: {}", path.display(), crate::output::plain(why)))
}

#[cfg(test)]
mod tests;
