//! `sendstate source oauth`: the OAuth client that SendGrid is for a source, and its secret, which is shown once and kept
//! as a hash.
//!
//! [`switch_on`] and [`rotate`] give the [`Credentials`] to whoever hands them to SendGrid. Ingest follows at once for
//! clients and secrets that it does not know, within its refresh for what it does.

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
use store::source::oauth::{Before, Client, SwitchedOn};
use wire::oauth::{ClientSecret, TOKEN_PATH};

/// How long the secret before counts unless said otherwise.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

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
            old_secret_until: old_secret_until(client, database::now()).map(output::time),
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
            (
                Some(made),
                format!("Source `{}` asks each request for an OAuth token from now on.", source.name),
            )
        }
        OauthArg::Rotate => {
            let overlap = args.overlap.unwrap_or(OVERLAP);
            let (made, before) = rotate(&mut client, &source, overlap).await?;
            (Some(made), replaced(before))
        }
        OauthArg::Off => {
            store::source::oauth::switch_off(&client, source.id).await?;
            (None, format!("Source `{}` asks for no token.", source.name))
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
    let switched =
        store::source::oauth::switch_on(client, source_id, &client_id, hash.as_bytes(), database::now())
            .await?;
    Ok(match switched {
        SwitchedOn::New => Some(Credentials { client_id, secret }),
        SwitchedOn::Already => None,
    })
}

/// Gives a source's client a new secret. The one before counts for as long as `overlap`.
pub(crate) async fn rotate(
    client: &mut store::Client,
    source: &Source,
    overlap: Duration,
) -> Result<(Credentials, Before), Failure> {
    let secret = ClientSecret::generate(rand::random());
    let transaction = client.transaction().await?;
    let known = store::source::oauth::lock(&transaction, source.id).await?;
    let known = known.ok_or_else(|| {
        Failure::failed(format!("source `{}` asks for no OAuth token", source.name))
            .next(format!("begin with `sendstate source oauth {} on`", source.name))
    })?;
    let before = before(&known, overlap, database::now())?;
    store::source::oauth::replace_secret(&transaction, source.id, secret.hash().as_bytes(), before).await?;
    transaction.commit().await?;
    Ok((Credentials { client_id: known.id, secret }, before))
}

/// Of two secrets nobody knows which one SendGrid has, so a third one does not quietly end either.
fn before(known: &Client, overlap: Duration, now: Timestamp) -> Result<Before, Failure> {
    if overlap.is_zero() {
        return Ok(Before::Ends);
    }
    if let Some(until) = old_secret_until(known, now) {
        let until = output::time(until);
        return Err(Failure::failed(format!("a secret is being replaced already, until {until}"))
            .next("wait for that, or end both that count now with --overlap 0s"));
    }
    let end = now.checked_add(overlap).map_err(|error| Failure::failed(error.to_string()))?;
    // A full second is easier to read and to announce.
    Ok(Before::CountsUntil(Timestamp::from_second(end.as_second()).unwrap_or(end)))
}

fn old_secret_until(client: &Client, now: Timestamp) -> Option<Timestamp> {
    client.old_secret_until.filter(|until| now < *until)
}

fn on_already(name: &str) -> Failure {
    Failure::failed(format!(
        "source `{name}` asks for OAuth tokens already; its secret cannot be shown again"
    ))
    .next(format!("make a new one with `sendstate source oauth {name} rotate`"))
}

fn replaced(before: Before) -> String {
    match before {
        Before::CountsUntil(until) => {
            format!("The secret before counts, too, until {}.", output::time(until))
        }
        Before::Ends => "The secret before and every token that was given for it count no more.".to_owned(),
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
    match old_secret_until(client, database::now()) {
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
    fn the_secret_before_counts_to_a_full_second_or_no_more() {
        let now = Timestamp::new(1_700_000_000, 700_000_000).unwrap();
        let minute = Duration::from_secs(60);
        assert_eq!(before(&client(None), minute, now), Ok(Before::CountsUntil(at(60))));
        assert_eq!(before(&client(None), Duration::ZERO, now), Ok(Before::Ends));
        assert_eq!(before(&client(Some(at(0))), minute, now), Ok(Before::CountsUntil(at(60))));
    }

    #[test]
    fn a_third_secret_ends_the_others_only_if_that_is_said() {
        let rotating = client(Some(at(60)));
        let failure = before(&rotating, OVERLAP, at(59)).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("until 2023-11-14T22:14:20Z"), "{failure}");
        assert_eq!(before(&rotating, Duration::ZERO, at(59)), Ok(Before::Ends));
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
