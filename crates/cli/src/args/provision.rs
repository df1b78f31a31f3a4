//! `sendstate source provision`, `deprovision`, `status` and `rotate-key`: what is done in SendGrid itself.

use super::account::AccountArgs;
use super::operate::overlap;
use super::wait;
use clap::Args;
use sendgrid::webhook::{Toggle, WebhookId};
use std::time::Duration;

#[derive(Args, Debug)]
pub(crate) struct SourceProvision {
    /// The source's name; made if there is none of it yet.
    pub name: String,

    /// Where SendGrid reaches ingest from outside: https, with the prefix that a proxy takes away. The source's path is
    /// appended unless the URL ends with it.
    #[arg(long, value_name = "URL")]
    pub url: String,

    /// Accept a plain http URL. Everybody on the way can then read the addresses of your recipients.
    #[arg(long)]
    pub allow_http: bool,

    /// Exactly these events are switched on, comma separated. Without it: all that there are.
    #[arg(long, value_delimiter = ',', value_name = "EVENT,...", value_parser = toggle)]
    pub events: Vec<Toggle>,

    /// Ask each request for an OAuth token, too, and have SendGrid get them from ingest: at the URL's /oauth/token, which the
    /// proxy has to pass on. Where a source asks for tokens already, that is so without this flag.
    #[arg(long)]
    pub oauth: bool,

    /// Take over the webhook with this id, whatever it posts to until now, instead of looking for one by its URL. Whoever
    /// receives its events today will not any more.
    #[arg(long, value_name = "ID", value_parser = webhook_id)]
    pub webhook: Option<WebhookId>,

    #[command(flatten)]
    pub trial: TrialArgs,

    /// Look at everything and change nothing, neither in SendGrid nor here.
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub account: AccountArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SourceDeprovision {
    /// The source's name.
    pub name: String,

    #[command(flatten)]
    pub which: WebhookArgs,

    /// Switch the webhook off and leave it where it is, with its key pair.
    #[arg(long)]
    pub keep: bool,

    /// Look at everything and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub account: AccountArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SourceStatus {
    /// The source's name.
    pub name: String,

    #[command(flatten)]
    pub which: WebhookArgs,

    /// The events that should be on, comma separated, if they are not all.
    #[arg(long, value_delimiter = ',', value_name = "EVENT,...", value_parser = toggle)]
    pub events: Vec<Toggle>,

    #[command(flatten)]
    pub account: AccountArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SourceRotateKey {
    /// The source's name.
    pub name: String,

    #[command(flatten)]
    pub which: WebhookArgs,

    /// How long the old key is accepted beside the new one: up to 30d. SendGrid repeats what was not accepted for 24 hours.
    /// Its end is set once SendGrid's test has arrived with the new key; without that proof with --no-test and --wait 0s.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
    pub overlap: Duration,

    #[command(flatten)]
    pub trial: TrialArgs,

    /// Look at everything and change nothing.
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub account: AccountArgs,
}

/// Whether and how long to try whether events get through.
#[derive(Args, Debug)]
pub(crate) struct TrialArgs {
    /// Do not have SendGrid send its test. It is about a message to example@test.com, which your consumers are told of.
    #[arg(long, conflicts_with = "wait")]
    pub no_test: bool,

    /// How long to wait for the test to be in the ledger.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = wait)]
    pub wait: Duration,
}

/// Which of the account's webhooks is meant, where the source's path alone does not say it.
#[derive(Args, Debug)]
pub(crate) struct WebhookArgs {
    /// The webhook that posts to this URL; the source's path is appended unless the URL ends with it.
    #[arg(long, value_name = "URL", conflicts_with = "webhook")]
    pub url: Option<String>,

    /// The webhook with this id.
    #[arg(long, value_name = "ID", value_parser = webhook_id)]
    pub webhook: Option<WebhookId>,
}

/// The switch of a kind of event, by its name in SendGrid's settings or by that of the event.
fn toggle(text: &str) -> Result<Toggle, String> {
    Toggle::named(text.trim()).ok_or_else(|| {
        let names: Vec<&str> = Toggle::ALL.into_iter().map(Toggle::as_str).collect();
        format!("give some of {}", names.join(", "))
    })
}

fn webhook_id(text: &str) -> Result<WebhookId, String> {
    WebhookId::parse(text.trim()).ok_or_else(|| "give an id as `source status` shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::Parser as _;

    #[test]
    fn a_kind_of_event_goes_by_both_its_names() {
        assert_eq!(toggle("spam_report"), Ok(Toggle::SpamReport));
        assert_eq!(toggle(" spamreport"), Ok(Toggle::SpamReport));
        assert!(toggle("blocked").unwrap_err().contains("group_unsubscribe"));
    }

    #[test]
    fn commands_about_sendgrid_are_read_and_mistakes_are_found_before_anything_is_asked() {
        for line in [
            "sendstate source provision x --url https://x --events spam_report,open --dry-run --region eu",
            "sendstate source provision x --url https://x --webhook 77d4a5da-7015 --on-behalf-of y --no-test",
            "sendstate source deprovision x --keep --url https://x --json",
            "sendstate source status x --webhook 77d4a5da-7015 --events open",
            "sendstate source rotate-key x --overlap 0s --wait 5s",
        ] {
            Cli::try_parse_from(line.split(' ')).expect(line);
        }
        for line in [
            "sendstate source provision x",
            "sendstate source provision x --url https://x --events blocked",
            "sendstate source provision x --url https://x --no-test --wait 5s",
            "sendstate source provision x --url https://x --api-key SG.x",
            "sendstate source deprovision x --url https://x --webhook y",
            "sendstate source status x --webhook ../all",
            "sendstate source rotate-key x --overlap 31d",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err_and(|error| error.use_stderr()), "{line}");
        }
    }

    #[test]
    fn an_id_is_no_path() {
        assert!(webhook_id("77d4a5da-7015-11ed-a1eb-0242ac120002").is_ok());
        assert!(webhook_id("all/..").is_err());
    }
}
