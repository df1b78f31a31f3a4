//! `sendstate source add`, `list`, `set`, `key` and `oauth`.

mod alone;
pub(crate) mod key;
pub(crate) mod keys;
mod oauth;
mod provision;

pub(crate) use oauth::oauth;
pub(crate) use provision::{SAMPLE_ADDRESS, deprovision, provision, rotate_key, status};

use crate::args::{SourceAdd, SourceSet};
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use deadpool_postgres::GenericClient;
use key::KeyDocument;
use oauth::{Credentials, OauthDocument};
use serde::Serialize;
use store::source::key::SourceKey;
use store::source::{Created, NewSource, Source};
use wire::oauth::ClientSecret;

/// Bytes of an unsigned source's path: as hard to guess as a key.
const SECRET_PATH_BYTES: usize = 16;

const NAME_BYTES_MAX: usize = 64;

#[derive(Serialize)]
struct Document<'a> {
    id: i32,
    name: &'a str,
    path: String,
    signed: bool,
    max_age_s: i32,
    machine_opens: &'static str,
    /// Active and retiring ones.
    keys: Vec<KeyDocument<'a>>,
    /// Null: no token is asked for.
    oauth: Option<OauthDocument<'a>>,
}

impl<'a> From<&'a Source> for Document<'a> {
    fn from(source: &'a Source) -> Self {
        Self::with_secret(source, None)
    }
}

impl<'a> Document<'a> {
    /// `secret`: of its OAuth client, where it was made.
    fn with_secret(source: &'a Source, secret: Option<&'a ClientSecret>) -> Self {
        Self {
            id: source.id,
            name: &source.name,
            path: inbound_path(&source.path),
            signed: source.signed,
            max_age_s: source.max_age_s,
            machine_opens: source.machine_opens.as_str(),
            keys: source.keys.iter().map(KeyDocument::from).collect(),
            oauth: source.oauth.as_ref().map(|client| OauthDocument::new(client, secret)),
        }
    }
}

/// What to POST to, for a source whose last path segment is `segment`.
fn inbound_path(segment: &str) -> String {
    format!("/webhooks/sendgrid/{segment}")
}

pub(crate) async fn add(global: &Global, args: &SourceAdd) -> Result<(), Failure> {
    check_name(&args.name)?;
    let given = keys::read(&args.public_key)?;
    let keys: Vec<_> = given.iter().map(|key| key.labelled(None)).collect();
    let path = if args.unsigned { secret_segment() } else { args.name.clone() };
    let new = NewSource {
        name: &args.name,
        path: &path,
        signed: !args.unsigned,
        // Parsing bounded it far below.
        max_age_s: i32::try_from(args.max_age.as_secs()).unwrap_or(i32::MAX),
        machine_opens: args.machine_opens.into(),
        keys: &keys,
        created_at: database::now(),
    };
    let mut client = database::operator(global).await?;
    let transaction = client.transaction().await?;
    let mut source = create(&transaction, &new).await?;
    let credentials = if args.oauth { oauth::switch_on(&transaction, source.id).await? } else { None };
    transaction.commit().await?;
    if credentials.is_some() {
        source = named(&client, &args.name).await?;
    }
    let document = Document::with_secret(&source, credentials.as_ref().map(|made| &made.secret));
    output::print(global.json, &document, || added(&source, credentials.as_ref()))
}

/// Makes a source and reads it back as it is stored.
pub(crate) async fn create(client: &impl GenericClient, new: &NewSource<'_>) -> Result<Source, Failure> {
    let id = match store::source::create(client, new).await? {
        Created::New(id) => id,
        Created::Taken => {
            return Err(Failure::failed(format!("there is a source named `{}` already", new.name))
                .next("choose another name, or see `sendstate source list`"));
        }
    };
    let sources = store::source::list(client).await?;
    sources
        .into_iter()
        .find(|source| source.id == id)
        .ok_or_else(|| Failure::failed(format!("source {id} was made and is gone again")))
}

pub(crate) async fn list(global: &Global) -> Result<(), Failure> {
    let sources = store::source::list(&database::operator(global).await?).await?;
    let documents: Vec<Document<'_>> = sources.iter().map(Document::from).collect();
    output::print(global.json, &documents, || table(&sources))
}

pub(crate) async fn set(global: &Global, args: &SourceSet) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    // Parsing bounded it far below.
    let max_age_s = args.max_age.map(|age| i32::try_from(age.as_secs()).unwrap_or(i32::MAX));
    store::source::change(&client, &args.name, max_age_s, args.machine_opens.map(Into::into)).await?;
    // Also says that there is no such source.
    let source = named(&client, &args.name).await?;
    output::print(global.json, &Document::from(&source), || table(std::slice::from_ref(&source)))
}

fn table(sources: &[Source]) -> String {
    let mut table = output::table(&[
        "id",
        "name",
        "path",
        "signed",
        "max age",
        "machine opens",
        "oauth",
        "keys (sha256)",
    ]);
    for source in sources {
        let keys: Vec<String> = source.keys.iter().map(key_cell).collect();
        table.add_row([
            source.id.to_string(),
            source.name.clone(),
            inbound_path(&source.path),
            if source.signed { "yes" } else { "no" }.to_owned(),
            age(source.max_age_s),
            source.machine_opens.as_str().to_owned(),
            oauth::cell(source.oauth.as_ref()),
            keys.join("\n"),
        ]);
    }
    table.trim_fmt()
}

fn key_cell(key: &SourceKey) -> String {
    match key.retires_at {
        Some(end) => format!("{} until {}", key.sha256, output::time(end)),
        None => key.sha256.clone(),
    }
}

/// The sources a command is about: all, or the one named.
pub(crate) async fn chosen(client: &store::Client, name: Option<&str>) -> Result<Vec<Source>, Failure> {
    match name {
        Some(name) => Ok(vec![named(client, name).await?]),
        None => Ok(store::source::list(client).await?),
    }
}

/// The source with this name.
pub(crate) async fn named(client: &store::Client, name: &str) -> Result<Source, Failure> {
    let sources = store::source::list(client).await?;
    sources.into_iter().find(|source| source.name == name).ok_or_else(|| {
        Failure::not_found(format!("there is no source named `{}`", output::plain(name)))
            .next("see `sendstate source list`")
    })
}

fn added(source: &Source, credentials: Option<&Credentials>) -> String {
    let what = if source.signed {
        format!("signed requests only, signatures up to {} old", age(source.max_age_s))
    } else {
        "UNSIGNED: keep the path secret".to_owned()
    };
    let mut text = format!(
        "Source {} `{}` ({what}).\nGive SendGrid this address at your ingest's public host:\n  {}",
        source.id,
        source.name,
        inbound_path(&source.path)
    );
    for key in &source.keys {
        text.push_str(&format!("\n  key {} sha256 {}", key.id, key.sha256));
    }
    if let Some(credentials) = credentials {
        text.push_str(&format!("\n{}", oauth::to_enter(credentials)));
    }
    text
}

fn age(seconds: i32) -> String {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string()
}

/// A name has to stand in a URL path as it is.
fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`{}` cannot be a source's name: it becomes part of a URL",
        output::plain(name)
    ))
    .next(format!(
        "use 1 to {NAME_BYTES_MAX} of the characters a-z A-Z 0-9 . _ - beginning with a letter or a digit"
    )))
}

fn secret_segment() -> String {
    wire::hex::encode(&rand::random::<[u8; SECRET_PATH_BYTES]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_url_takes_as_it_is() {
        for good in ["a", "newsletter", "eu-1.prod_2", "7", &"x".repeat(64)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-x", "a/b", "a b", "ä", "a?b", "a%20", &"x".repeat(65)] {
            assert_eq!(check_name(bad).unwrap_err().code, 2, "{bad}");
        }
    }

    #[test]
    fn an_unsigned_path_has_128_random_bits() {
        let (one, other) = (secret_segment(), secret_segment());
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }
}
