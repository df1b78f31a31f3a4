//! `sendstate reconcile`: filling gaps from SendGrid's own records of what happened.
//!
//! Whoever changes events or messages are the workers: what the records have and the ledger has not goes to them over the
//! queue, marked as recovered (`domain::origin`). Here is decided what to ask SendGrid and what of the answer is missing.
//! How far it is, is written down (`store::reconcile`), so that an interrupted run goes on where it stopped.

mod ask;
mod compare;
mod element;
mod publish;
mod records;
mod report;
mod resume;
mod run;
mod slices;
mod suppressions;

use crate::args::{ApiArg, Reconcile};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{account, database, output, source};
use ask::{Asker, NoAnswer};
use domain::SourceId;
use jiff::{SignedDuration, Timestamp};
use records::Api;
use report::{Document, Unknowns};
use run::{Comparison, Target};
use sendgrid::Error;
use std::ops::Range;
use store::reconcile::{self, Asked, Run, Sums};

pub(crate) async fn run(global: &Global, args: &Reconcile) -> Result<(), Failure> {
    let now = database::now();
    let span = span(args, now)?;
    let asking = account::client(&args.account)?;
    let queue = if args.dry_run { None } else { Some(global.queue()?) };
    let client = database::operator(global).await?;
    let source = SourceId(source::named(&client, &args.source).await?.id);
    let mut asker = Asker::new(asking, service::shutdown::on_signal());
    let target = match queue {
        None => Target::DryRun,
        Some(queue) => {
            alone(&client, source, &args.source).await?;
            Target::Workers(Box::new(Broker::connect(queue).await?), args.wait)
        }
    };
    let api = choose(args.api, &mut asker, span.start).await?;
    // First, because it is soon done or refused, and the rest may take hours.
    let suppressions = match args.suppressions {
        true => Some(suppressions::compare(&mut asker, &client, source).await?),
        false => None,
    };
    let subuser = args.account.on_behalf_of.clone().filter(|name| !name.trim().is_empty());
    let asked = Asked { source, api: api.as_str(), subuser, span };
    let (run, resumed) = begin(&client, api, &asked, &target, now).await?;
    let unknowns = Unknowns::default();
    let mut comparison =
        Comparison { client: &client, asker, api, source, run, target, unknowns, missing: 0 };
    comparison.run().await?;
    let Comparison { mut asker, run, unknowns, missing, target, .. } = comparison;
    if let Target::Workers(broker, _) = target {
        broker.finish().await?;
    }
    asker.watch.clear();
    let Sums { messages, found, known, recovered, unknown, overfull, requests, .. } = run.sums;
    let document = Document {
        source: &args.source,
        from: output::time(run.span.start),
        to: output::time(run.span.end),
        api: api.as_str(),
        dry_run: args.dry_run,
        messages,
        found,
        known,
        recovered,
        missing,
        unknown,
        unknown_rows: unknowns.named(),
        overfull,
        suppressions: suppressions.as_ref(),
        requests: requests + asker.requests,
        resumed,
    };
    output::print(global.json, &document, || report::text(&document))?;
    report::verdict(&document)
}

/// When the facts happened: in whole seconds, as SendGrid's clock has them.
fn span(args: &Reconcile, now: Timestamp) -> Result<Range<Timestamp>, Failure> {
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let (from, to) = (second(args.from), args.to.min(now));
    let to = if second(to) == to { to } else { second(to) + SignedDuration::from_secs(1) };
    if from < to {
        return Ok(from..to);
    }
    Err(Failure::usage(format!("--from ({}) is not before --to ({}), or not before now", args.from, args.to))
        .next("give the earlier time first"))
}

/// Two at once would recover nothing twice, but each would ask SendGrid for everything, against one rate limit.
async fn alone(client: &store::Client, source: SourceId, name: &str) -> Result<(), Failure> {
    if reconcile::lock(client, source).await? {
        return Ok(());
    }
    Err(Failure::failed(format!("another `sendstate reconcile` of the source `{name}` is under way"))
        .next("wait until it has ended, or end it: this one then goes on from there"))
}

/// Which records to read. Email Activity is preferred: it is listed by what happened last and says how often, so that most
/// messages cost no request of their own.
async fn choose(arg: ApiArg, asker: &mut Asker, from: Timestamp) -> Result<Api, Failure> {
    let candidates: &[Api] = match arg {
        ApiArg::Activity => &[Api::Activity],
        ApiArg::Logs => &[Api::Logs],
        ApiArg::Auto => &[Api::Activity, Api::Logs],
    };
    let mut refusals = Vec::new();
    for api in candidates {
        // The shortest question there is.
        let until = from + SignedDuration::from_secs(1);
        match asker.ask(async |client| api.list(client, from..until).await).await {
            Ok(_) => return Ok(*api),
            Err(NoAnswer::SendGrid(error)) if error.is_not_available() => refusals.push((*api, error)),
            Err(other) => return Err(other.into()),
        }
    }
    Err(unavailable(&refusals))
}

fn unavailable(refusals: &[(Api, Error)]) -> Failure {
    let said: Vec<String> = refusals
        .iter()
        .map(|(api, error)| format!("{}: {}", api.name(), output::plain(&error.to_string())))
        .collect();
    Failure::configuration(format!("SendGrid does not let its records be read; {}", said.join("; "))).next(
        "give the API key the permission Email Activity (messages.read), and see in SendGrid whether the plan includes the history; subusers in the EU have none",
    )
}

/// A new run, or the one before if that was interrupted and was the same; whether it was.
async fn begin(
    client: &store::Client,
    api: Api,
    asked: &Asked,
    target: &Target,
    now: Timestamp,
) -> Result<(Run, bool), Failure> {
    let first = api.read_from(asked.span.start);
    if matches!(target, Target::DryRun) {
        let (span, sums) = (asked.span.clone(), Sums::default());
        return Ok((Run { id: 0, span, started_at: now, reached_at: first, sums }, false));
    }
    let since = now - reconcile::RESUMED_WITHIN;
    let before = reconcile::unfinished(client, asked, since).await?;
    if let Some(run) = before.and_then(|run| resume::go_on(run, &asked.span, now)) {
        return Ok((run, true));
    }
    Ok((reconcile::begin(client, asked, first, now).await?, false))
}

/// By Ctrl-C or SIGTERM.
fn stopped() -> Failure {
    Failure::failed("stopped before the end of the records")
        .next("run the same again: it goes on where it was stopped")
}
