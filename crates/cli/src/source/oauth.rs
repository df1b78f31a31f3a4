//! `sendstate source oauth`: the OAuth client that SendGrid is for a source, and its secret, which is shown once and kept
//! as a hash.
//!
//! [`switch_on`] and [`rotate`] give the [`Credentials`] to whoever hands them to SendGrid. Ingest follows at once for
//! clients and secrets that it does not know, within its refresh for what it does; without the database it does not follow
//! at all, which has to be said where a secret has leaked.

use super::alone::alone;
use super::{Document, named, table};
use crate::args::{OauthArg, SourceOauth};
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use store::source::Source;
use store::source::oauth::{Client, SwitchedOn};
use wire::oauth::{ClientSecret, TOKEN_PATH};

/// How long the secret before counts unless said otherwise.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// What is said of every change that makes ingest stricter or less strict.
const FOLLOWS: &str = "Ingest follows within its refresh, 5 s by default.";

/// What SendGrid has to be given. This is the only time that the secret is known.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) secret: ClientSecret,
}

#[derive(Serialize)]
pub(super) struct OauthDocument<'a> {
    client_id: &'a str,
    token_path: &'static str,
    /// While the secret is replaced: when the one before stops counting.
    old_secret_until: Option<String>,
    /// Only where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

impl<'a> OauthDocument<'a> {
    pub(super) fn new(client: &'a Client, secret: Option<&'a ClientSecret>) -> Self {
        Self {
            client_id: &client.id,
            token_path: TOKEN_PATH,
            old_secret_until: client.old_secret_until.map(output::time),
            client_secret: secret.map(ClientSecret::reveal),
        }
    }
}

pub(crate) async fn oauth(global: &Global, args: &SourceOauth) -> Result<(), Failure> {
    if args.overlap.is_some() && args.action != OauthArg::Rotate {
        return Err(
            Failure::usage("--overlap is about a secret that is replaced").next("give it with `rotate`")
        );
    }
    let mut client = database::operator(global).await?;
    alone(&client, &args.name).await?;
    let source = named(&client, &args.name).await?;
    let (credentials, said) = match args.action {
        OauthArg::On => {
            let made = switch_on(&client, source.id).await?.ok_or_else(|| on_already(&source.name))?;
            (Some(made), format!("Source `{}` asks each request for an OAuth token. {FOLLOWS}", source.name))
        }
        OauthArg::Rotate => {
            let overlap = args.overlap.unwrap_or(OVERLAP);
            let (made, until) = rotate(&mut client, &source, overlap).await?;
            (Some(made), replaced(until))
        }
        OauthArg::Off => {
            store::source::oauth::switch_off(&client, source.id).await?;
            (None, format!("Source `{}` asks for no token. {FOLLOWS}", source.name))
        }
    };
    let source = named(&client, &args.name).await?;
    let document = Document::with_secret(&source, credentials.as_ref().map(|made| &made.secret));
    output::print(global.json, &document, || match &credentials {
        Some(credentials) => format!("{said}\n{}", to_enter(credentials)),
        None => format!("{said}\n{}", table(std::slice::from_ref(&source))),
    })
}

/// Makes a source ask for tokens; `None`: it does already, and its secret cannot be shown again.
pub(crate) async fn switch_on(
    client: &impl GenericClient,
    source_id: i32,
) -> Result<Option<Credentials>, Failure> {
    let client_id = wire::oauth::client_id(rand::random());
    let secret = ClientSecret::generate(rand::random());
    let hash = secret.hash();
    let switched = store::source::oauth::switch_on(client, source_id, &client_id, hash.as_bytes()).await?;
    Ok(match switched {
        SwitchedOn::New => Some(Credentials { client_id, secret }),
        SwitchedOn::Already => None,
    })
}

/// Gives a source's client a new secret. The one before counts for as long as `overlap`: until when, by the database's clock.
pub(crate) async fn rotate(
    client: &mut store::Client,
    source: &Source,
    overlap: Duration,
) -> Result<(Credentials, Option<Timestamp>), Failure> {
    let secret = ClientSecret::generate(rand::random());
    let transaction = client.transaction().await?;
    let known = store::source::oauth::lock(&transaction, source.id).await?;
    let known = known.ok_or_else(|| {
        Failure::failed(format!("source `{}` asks for no OAuth token", source.name))
            .next(format!("begin with `sendstate source oauth {} on`", source.name))
    })?;
    check_third(&known, overlap)?;
    // Parsing bounded it far below.
    let overlap_s = i32::try_from(overlap.as_secs()).unwrap_or(i32::MAX);
    let hash = secret.hash();
    let until =
        store::source::oauth::replace_secret(&transaction, source.id, hash.as_bytes(), overlap_s).await?;
    transaction.commit().await?;
    Ok((Credentials { client_id: known.id, secret }, until))
}

/// Of two secrets nobody knows which one SendGrid has, so a third one does not quietly end either.
fn check_third(known: &Client, overlap: Duration) -> Result<(), Failure> {
    match known.old_secret_until {
        Some(until) if !overlap.is_zero() => {
            let until = output::time(until);
            Err(Failure::failed(format!("a secret is being replaced already, until {until}"))
                .next("wait for that, or end both that count now with --overlap 0s"))
        }
        Some(_) | None => Ok(()),
    }
}

fn on_already(name: &str) -> Failure {
    Failure::failed(format!(
        "source `{name}` asks for OAuth tokens already; its secret cannot be shown again"
    ))
    .next(format!("make a new one with `sendstate source oauth {name} rotate`"))
}

/// `until`: when the secret before stops counting.
fn replaced(until: Option<Timestamp>) -> String {
    match until {
        Some(until) => format!("The secret before counts, too, until {}.", output::time(until)),
        None => format!(
            "The secret before and every token that was given for it end. {FOLLOWS}\nAn ingest that cannot reach PostgreSQL \
             goes on believing them and giving tokens for them: stop it, or remove the file of its SENDSTATE_INGEST_SNAPSHOT \
             and start it again. It then answers 503 until it has read the list, and SendGrid repeats that for 24 hours."
        ),
    }
}

/// What a person has to do with them.
pub(super) fn to_enter(credentials: &Credentials) -> String {
    let Credentials { client_id, secret } = credentials;
    [
        "Enter these at SendGrid, in the webhook's security features under OAuth. The secret is shown this once.",
        &format!("  Client ID      {client_id}"),
        &format!("  Client Secret  {}", secret.reveal()),
        &format!("  Token URL      https://your.host{TOKEN_PATH}"),
        "Every ingest needs SENDSTATE_OAUTH_KEY; one without it refuses this source's requests.",
    ]
    .join("\n")
}

/// The cell of a table.
pub(super) fn cell(client: Option<&Client>) -> String {
    let Some(client) = client else { return "no".to_owned() };
    match client.old_secret_until {
        Some(until) => format!("{}\nold secret until {}", client.id, output::time(until)),
        None => client.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn client(old_secret_until: Option<Timestamp>) -> Client {
        Client { id: "oaid_x".to_owned(), old_secret_until }
    }

    #[test]
    fn a_third_secret_ends_the_others_only_if_that_is_said() {
        let rotating = client(Some(at(60)));
        let failure = check_third(&rotating, OVERLAP).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("until 2023-11-14T22:14:20Z"), "{failure}");
        assert_eq!(check_third(&rotating, Duration::ZERO), Ok(()));
        assert_eq!(check_third(&client(None), OVERLAP), Ok(()));
    }

    #[test]
    fn whoever_cuts_a_secret_off_is_told_when_and_where_it_still_counts() {
        for part in ["within its refresh", "cannot reach PostgreSQL", "SENDSTATE_INGEST_SNAPSHOT", "503"] {
            assert!(replaced(None).contains(part), "{}", replaced(None));
        }
        let overlapping = replaced(Some(at(60)));
        assert!(overlapping.contains("until 2023-11-14T22:14:20Z"), "{overlapping}");
    }

    #[test]
    fn what_has_to_be_entered_is_shown_and_a_debugger_is_not_told() {
        let secret = ClientSecret::generate([7; 32]);
        let credentials = Credentials { client_id: "oaid_x".to_owned(), secret };
        let shown = to_enter(&credentials);
        for part in ["oaid_x", credentials.secret.reveal(), "/oauth/token", "SENDSTATE_OAUTH_KEY"] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(!format!("{credentials:?}").contains(credentials.secret.reveal()));
    }

    #[test]
    fn a_source_is_shown_with_its_client_and_a_secret_only_where_it_was_made() {
        let secret = ClientSecret::generate([7; 32]);
        let document = |secret| serde_json::to_value(OauthDocument::new(&client(None), secret)).unwrap();
        let expected = serde_json::json!({
            "client_id": "oaid_x", "token_path": "/oauth/token", "old_secret_until": null,
        });
        assert_eq!(document(None), expected);
        assert_eq!(document(Some(&secret))["client_secret"], secret.reveal());
        assert_eq!((cell(None), cell(Some(&client(None)))), ("no".to_owned(), "oaid_x".to_owned()));
    }
}
