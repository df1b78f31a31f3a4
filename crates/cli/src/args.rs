//! The command line: what can be asked, with help and examples. Doing it is elsewhere.

mod account;
mod delivery;
mod demo;
mod endpoint;
mod generate;
mod key;
mod listen;
mod look;
mod manner;
mod oauth;
mod operate;
mod provision;
mod quarantine;
mod reconcile;
mod replay;
mod source;
mod time;
mod verify;

pub(crate) use account::{AccountArgs, RegionArg};
pub(crate) use delivery::{
    DeliveryCommand, DeliveryList, DeliveryReplay, DeliveryShow, DeliverySkip, StateArg,
};
pub(crate) use demo::DemoArgs;
pub(crate) use endpoint::{EndpointAdd, EndpointCommand, EndpointSet, SettingArg, SignArg};
pub(crate) use generate::GenerateArgs;
pub(crate) use key::{KeyAdd, KeyCommand, KeyRetire};
pub(crate) use listen::ListenArgs;
pub(crate) use look::{
    BatchCommand, BatchShow, MessageCommand, MessageShow, RecipientCommand, RecipientList, RecipientShow,
};
pub(crate) use manner::HeaderText;
pub(crate) use oauth::{OauthArg, SourceOauth};
pub(crate) use operate::{EndpointId, EndpointResume, EndpointRotate, EndpointTest, Release, SchemeArg};
pub(crate) use provision::{SourceDeprovision, SourceProvision, SourceRotateKey, SourceStatus, WebhookArgs};
pub(crate) use quarantine::{
    Filters, QuarantineCommand, QuarantineDiscard, QuarantineList, QuarantineRelease, QuarantineShow, Which,
};
pub(crate) use reconcile::{ApiArg, Reconcile};
pub(crate) use replay::{ReplayCommand, ReplayInbound};
pub(crate) use source::{SourceAdd, SourceCommand, SourceSet};
pub(crate) use verify::VerifyArgs;

use crate::settings::Global;
use clap::{Parser, Subcommand};
use look::wait;

/// Set up, look into and try out a Sendstate pipeline.
///
/// Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 a check failed, 2 usage, 4 not found,
/// 64 configuration, 69 PostgreSQL, RabbitMQ or ingest unreachable.
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
    /// What consumers are and were owed: looking at it, giving it up, sending it again.
    #[command(subcommand)]
    Delivery(DeliveryCommand),
    /// One accepted POST and how its elements ended.
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Messages: status, timeline, notifications.
    #[command(subcommand)]
    Message(MessageCommand),
    /// Addresses and their standing.
    #[command(subcommand)]
    Recipient(RecipientCommand),
    /// Input that could not be applied: looking at it, giving it back, or setting it aside for good.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Working out again what was received.
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Fill gaps from SendGrid's own records: find out what the webhook never told, and recover it.
    ///
    /// Reads Email Activity (or Email Logs) for messages with an event since --from, compares them with what is stored, and
    /// gives the facts between --from and --to that are missing to the workers, who apply them like any other: they move
    /// statuses and are told to consumers. A fact counts as known when the message has one of that name within a second; if
    /// the webhook tells it later after all, it is a duplicate. In `message show` its origin is `reconcile`.
    ///
    /// SendGrid lets its records be read slowly (six requests in a minute, one for each message that differs) and keeps them
    /// for days. Interrupted, it goes on where it stopped when it is run again. The records are a minute or so behind, say
    /// nothing of opens by machines, and list no more than 1,000 messages of one second: then it exits with 1, as it does when
    /// facts that were given to the workers are held in the quarantine.
    ///
    /// Give the key of the account whose webhook the source accepts (or --on-behalf-of): what its records list is taken for
    /// the source's, and a message that was never heard of is made. If the source was told of none of the first messages
    /// and SendGrid knows none that it was told of, nothing is recovered and it exits with 1. A dry run shows how many
    /// facts there would be.
    Reconcile(Reconcile),
    /// Recompute the ledger from what is stored, and say where it disagrees.
    ///
    /// Walks over every batch in one snapshot of the database, counts its rows again and compares. Batches from before
    /// the retention of events cannot be recomputed and are counted as `too_old`. `pending` is how many bounces that name
    /// no message wait for the one they may be of. Exits with 1 if any batch disagrees.
    #[command(after_help = "\
Examples:
  sendstate audit
  sendstate audit --json | jq .ok
")]
    Audit,
    /// Make signed batches as SendGrid sends them: to a URL, into files, or as curl commands.
    Generate(GenerateArgs),
    /// Say whether a saved request is rightly signed, and if not, why.
    Verify(VerifyArgs),
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
    fn what_is_quarantined_is_chosen_by_ids_or_by_filters() {
        for line in [
            "sendstate quarantine list",
            "sendstate quarantine release 1 2 3 --wait 0",
            "sendstate quarantine release --source x --reason y --limit 5",
            "sendstate --json quarantine discard --batch 0196b2c8-6b1e-7d0a-9c3f-2a8f0f5f7f11",
            "sendstate quarantine show 1 --json",
            "sendstate source set x --max-age 6h --machine-opens ignore",
            "sendstate source key add x --public-key -----BEGIN --label y",
            "sendstate source key retire x 3",
            "sendstate source key retire x f0fe1f9c --now --force --json",
            "sendstate source key retire x 3 --after 7d",
            "sendstate source key list x",
            "sendstate replay inbound --source x --from 7d --to 1d",
            "sendstate reconcile --source x --from 7d --to now --api logs --dry-run --suppressions --thorough --all-new --json",
            "sendstate reconcile --source x --from 7d --to 1d --api-key-file k --region eu --on-behalf-of sub",
            "sendstate replay inbound --source x --from 2026-03-01T12:00:00.5Z --to now --wait 1s",
        ] {
            Cli::try_parse_from(line.split(' ')).expect(line);
        }
    }

    #[test]
    fn endpoints_and_deliveries_are_set_up_looked_at_and_moved() {
        for line in [
            "sendstate endpoint add https://x/ --timeout 5s --concurrency 4 --rate 20/s --schedule 0s,5s,7d --sign v1,v1a",
            "sendstate endpoint add https://x/ --secret @file --header @headers --header x-a:b",
            "sendstate endpoint set 3 --default timeout,allow-http --no-headers",
            "sendstate endpoint resume 3",
            "sendstate endpoint resume 3 --release since=6h",
            "sendstate endpoint rotate-secret 3 --overlap 0s --scheme v1a",
            "sendstate endpoint test 3 --wait 5s --json",
            "sendstate endpoint reseal",
            "sendstate delivery list --state pending,held --recipient a@example.com",
            "sendstate delivery replay 1 2 --rate 5",
            "sendstate delivery replay --endpoint 3 --since 1d --state delivered,exhausted --type message.seen",
        ] {
            Cli::try_parse_from(line.split(' ')).expect(line);
        }
    }

    #[test]
    fn mistakes_about_endpoints_and_deliveries_are_found_before_anything_runs() {
        for line in [
            "sendstate endpoint add https://x/ --timeout 61s",
            "sendstate endpoint add https://x/ --concurrency 0",
            "sendstate endpoint add https://x/ --rate 10001",
            "sendstate endpoint add https://x/ --schedule 5s",
            "sendstate endpoint add https://x/ --sign v1a",
            "sendstate endpoint set 3",
            "sendstate endpoint set 3 --no-headers --header @x",
            "sendstate endpoint set 3 --default url",
            "sendstate endpoint show 0",
            "sendstate endpoint resume 3 --release some",
            "sendstate endpoint rotate-secret 3 --overlap 31d",
            "sendstate endpoint rotate-secret 3 --scheme v2",
            "sendstate delivery list --state gone",
            "sendstate delivery list --recipient a --message b",
            "sendstate delivery list --limit 0",
            "sendstate delivery skip",
            "sendstate delivery replay",
            "sendstate delivery replay --endpoint 3",
            "sendstate delivery replay --since 1d",
            "sendstate delivery replay 1 --endpoint 3 --since 1d",
            "sendstate delivery replay 1 --state delivered",
            "sendstate delivery replay --endpoint 3 --since 1d --state pending",
            "sendstate delivery replay 1 --rate 0",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert!(error.use_stderr(), "{line}");
        }
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
            "sendstate generate --private-key k.pem --curl --scenario none",
            "sendstate generate --private-key k.pem --curl --scenario life --events open",
            "sendstate generate --private-key k.pem --curl --body f --scenario life",
            "sendstate generate --private-key k.pem --curl --custom-arg novalue",
            "sendstate generate --private-key k.pem --curl --custom-arg =x",
            "sendstate verify --source x",
            "sendstate verify --curl -",
            "sendstate verify --headers h --source x",
            "sendstate verify --body b --source x",
            "sendstate verify --headers h --body b --curl - --source x",
            "sendstate verify --curl - --source x --max-age 5m",
            "sendstate verify --curl - --source x --at soon",
            "sendstate listen",
            "sendstate source set x",
            "sendstate source key add x",
            "sendstate source key add x --public-key k --label",
            "sendstate source key retire x",
            "sendstate source key retire x 3 --now --after 1h",
            "sendstate source key retire x 3 --after 31d",
            "sendstate source key list",
            "sendstate quarantine show 0",
            "sendstate quarantine show 1 --raw --json",
            "sendstate quarantine list --state gone",
            "sendstate quarantine release",
            "sendstate quarantine release --limit 5",
            "sendstate quarantine release 1 --source x",
            "sendstate quarantine release 1 --limit 5",
            "sendstate quarantine release 1 --wait 2",
            "sendstate quarantine discard --batch x",
            "sendstate recipient list --csv --json",
            "sendstate recipient list --limit 0",
            "sendstate recipient list --standing fine",
            "sendstate replay inbound --source x --from 7d",
            "sendstate reconcile --source x --from 7d",
            "sendstate reconcile --source x --from 7d --to now --api both",
            "sendstate reconcile --source x --from 7d --to now --api-key SG.x",
            "sendstate replay inbound --source x --from 7d --to now --wait 0",
            "sendstate replay inbound --source x --from yesterday --to now",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert!(error.use_stderr(), "{line}");
        }
    }
}
