//! The command line: what can be asked, with help and examples. Doing it is elsewhere.

mod demo;
mod endpoint;
mod generate;
mod listen;
mod look;
mod source;

pub(crate) use demo::DemoArgs;
pub(crate) use endpoint::{EndpointAdd, EndpointCommand};
pub(crate) use generate::GenerateArgs;
pub(crate) use listen::ListenArgs;
pub(crate) use look::{
    BatchCommand, BatchShow, MessageCommand, MessageShow, RecipientCommand, RecipientShow,
};
pub(crate) use source::{SourceAdd, SourceCommand};

use crate::settings::Global;
use clap::{Parser, Subcommand};

/// Set up, look into and try out a Sendstate pipeline.
///
/// Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 a check failed, 2 usage, 4 not found,
/// 64 configuration, 69 PostgreSQL or ingest unreachable.
#[derive(Debug, Parser)]
#[command(
    name = "sendstate",
    version,
    after_help = "\
Examples:
  sendstate migrate
  sendstate source add newsletter --public-key @sendgrid.pem
  sendstate endpoint add https://example.com/hooks/mail
  sendstate message show LRzXl_NHStOGhQ4kofSm_A --json
  sendstate audit
"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the database to this release's schema.
    ///
    /// Runs as the connecting user, who needs to own the database and to be allowed to make roles. Safe to run again and
    /// from several places at once.
    #[command(after_help = "\
Examples:
  SENDSTATE_DATABASE_URL=postgres://owner@db/sendstate sendstate migrate
")]
    Migrate,
    /// SendGrid Event Webhooks that are accepted.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Consumers that are told.
    #[command(subcommand)]
    Endpoint(EndpointCommand),
    /// One accepted POST and how its elements ended.
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Messages: status, timeline, notifications.
    #[command(subcommand)]
    Message(MessageCommand),
    /// Addresses and their standing.
    #[command(subcommand)]
    Recipient(RecipientCommand),
    /// Recompute the ledger from what is stored, and say where it disagrees.
    ///
    /// Walks over every batch in one snapshot of the database, counts its rows again and compares. Batches from before
    /// the retention of events cannot be recomputed and are counted as `too_old`. Exits with 1 if any batch disagrees.
    #[command(after_help = "\
Examples:
  sendstate audit
  sendstate audit --json | jq .ok
")]
    Audit,
    /// Make signed batches as SendGrid sends them: to a URL, into files, or as curl commands.
    Generate(GenerateArgs),
    /// Be a consumer: verify and print the notifications that arrive.
    Listen(ListenArgs),
    /// Run the whole scenario against a running stack and account for everything.
    Demo(DemoArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_that_does_something_has_examples() {
        fn check(command: &clap::Command) {
            let parts: Vec<_> = command.get_subcommands().filter(|part| part.get_name() != "help").collect();
            if parts.is_empty() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:\n  "), "{} has no examples", command.get_name());
            }
            parts.into_iter().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn usage_mistakes_are_found_before_anything_runs() {
        for line in [
            "sendstate source add x",
            "sendstate source add x --unsigned --public-key k",
            "sendstate source add x --unsigned --max-age 90",
            "sendstate message show",
            "sendstate batch show not-an-id",
            "sendstate generate --private-key k.pem",
            "sendstate generate --private-key k.pem --curl --out d",
            "sendstate generate --private-key k.pem --curl --events opened",
            "sendstate listen",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert!(error.use_stderr(), "{line}");
        }
    }
}
