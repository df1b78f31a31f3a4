//! The SendGrid account of a command: who asks, where, and what the answers mean to whoever runs it.
//!
//! The key comes from the environment or from a file and goes nowhere but into requests. Failures say what to do in
//! SendGrid; which permission is missing is known to the command that asked, and said there.

use crate::args::{AccountArgs, RegionArg};
use crate::failure::Failure;
use crate::output;
use secrecy::SecretString;
use sendgrid::{AccessError, ApiKey, Base, Client, Error, OnBehalfOf, Region, Settings};
use service::config::{Environment as _, ProcessEnvironment, secret_file};
use std::time::Duration;

const KEY: &str = "SENDSTATE_SENDGRID_API_KEY";
const URL: &str = "SENDSTATE_SENDGRID_URL";

/// A client for the account that the flags and the environment name. Nothing is asked of it yet.
pub(crate) fn client(args: &AccountArgs) -> Result<Client, Failure> {
    let refused =
        |name: &str, error: AccessError| Failure::configuration(format!("{name} cannot be used: {error}"));
    let key = ApiKey::parse(&key(args)?).map_err(|error| {
        refused(key_source(args), error)
            .next("give a key of Settings → API Keys in SendGrid; it begins with `SG.`")
    })?;
    let on_behalf_of = args.on_behalf_of.as_deref().filter(|name| !name.trim().is_empty());
    let on_behalf_of = on_behalf_of
        .map(OnBehalfOf::parse)
        .transpose()
        .map_err(|error| refused("--on-behalf-of", error).next("give the name of a subuser"))?;
    let other = args.sendgrid_url.as_deref().filter(|url| !url.trim().is_empty());
    let base = match other {
        Some(url) => Base::parse(url).map_err(|error| refused(URL, error))?,
        None => Base::from(match args.region {
            RegionArg::Global => Region::Global,
            RegionArg::Eu => Region::Eu,
        }),
    };
    let client = Client::new(Settings { on_behalf_of, ..Settings::new(base, key) })
        .map_err(|error| Failure::failed(format!("no HTTP client can be made: {error}")))?;
    Ok(client.on_pause(|pause| {
        let pause = humantime::format_duration(Duration::from_secs(pause.as_secs().max(1)));
        output::note(&format!("sendstate: SendGrid's rate limit is reached; waiting {pause}"));
    }))
}

fn key_source(args: &AccountArgs) -> &'static str {
    if args.api_key_file.is_some() { "the key in --api-key-file" } else { KEY }
}

/// Both places at once are refused: whoever changes one expects it to count.
fn key(args: &AccountArgs) -> Result<SecretString, Failure> {
    let value = ProcessEnvironment.get(KEY).filter(|key| !key.is_empty()).map(SecretString::from);
    let file = args.api_key_file.as_deref().filter(|path| !path.as_os_str().is_empty());
    match (value, file) {
        (Some(_), Some(_)) => {
            Err(Failure::configuration(format!("{KEY} and --api-key-file ({KEY}_FILE) are both set"))
                .next("keep one of them"))
        }
        (Some(key), None) => Ok(key),
        (None, Some(path)) => secret_file::read(path).map_err(|error| {
            Failure::configuration(format!("--api-key-file {}: {error}", path.display()))
                .next("name a readable file that holds the key")
        }),
        (None, None) => Err(Failure::configuration("there is no API key of SendGrid").next(format!(
            "set {KEY}, or give --api-key-file; a key is made in SendGrid under Settings → API Keys"
        ))),
    }
}

/// What an answer of SendGrid means to the user; `asked` says what for, e.g. `listing the webhooks`.
pub(crate) fn failure(asked: &str, error: &Error) -> Failure {
    let what = format!("{asked}: {}", output::plain(&error.to_string()));
    match error {
        Error::Unreachable { .. } | Error::Timeout { .. } => Failure::unreachable(what)
            .next("see whether SendGrid can be reached from here, then run this again; it goes on where it ended"),
        Error::Unauthorized { .. } => Failure::configuration(what).next(
            "check that the whole API key was given, that it was not deleted, and that --region is the account's",
        ),
        Error::Forbidden { .. } => Failure::configuration(what)
            .next("give the API key the permission, or use the key of an account that has it"),
        Error::RateLimited { .. } => {
            Failure::unreachable(what).next("wait for that long, then run this again; it goes on where it ended")
        }
        Error::Refused { status, .. } if *status >= 500 => {
            Failure::unreachable(what).next("this is SendGrid's own trouble: run this again in a while")
        }
        Error::Unreadable { .. } => Failure::failed(what)
            .next("see whether a proxy answers in SendGrid's place, then look with `sendstate source status`"),
        Error::NotFound { .. }
        | Error::AlreadyExists { .. }
        | Error::PlanLimit { .. }
        | Error::Refused { .. } => Failure::failed(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        account: AccountArgs,
    }

    fn args(words: &[&str]) -> AccountArgs {
        Line::parse_from(std::iter::once("line").chain(words.iter().copied())).account
    }

    #[test]
    fn a_key_comes_out_of_a_file_and_a_wrong_one_is_not_repeated() {
        let path = std::env::temp_dir().join(format!("sendstate-account-{}", std::process::id()));
        let file = format!("--api-key-file={}", path.display());
        std::fs::write(&path, "SG.hidden\n").unwrap();
        let good = client(&args(&[&file, "--region=eu", "--on-behalf-of=sub"]));
        std::fs::write(&path, "SG.hidden SG.hidden\n").unwrap();
        let two = client(&args(&[&file])).map(drop).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(good.unwrap().base().to_string(), "https://api.eu.sendgrid.com");
        assert_eq!(two.code, 64);
        assert!(!two.to_string().contains("hidden"), "{two}");
        let gone = client(&args(&[&file])).map(drop).unwrap_err();
        assert!(gone.to_string().contains("--api-key-file"), "{gone}");
    }

    #[test]
    fn what_to_do_follows_from_what_sendgrid_answered() {
        let said = sendgrid::Said::default;
        for (error, code) in [
            (Error::Unreachable { why: "refused".to_owned() }, 69),
            (Error::Unauthorized { said: said() }, 64),
            (Error::Forbidden { said: said() }, 64),
            (Error::Refused { status: 503, said: said() }, 69),
            (Error::Refused { status: 400, said: said() }, 1),
            (Error::PlanLimit { said: said() }, 1),
        ] {
            assert_eq!(failure("listing the webhooks", &error).code, code, "{error}");
        }
    }
}
