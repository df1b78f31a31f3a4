//! `sendstate reconcile`: filling gaps from SendGrid's own records of what happened.
//!
//! Whoever changes events or messages are the workers: what the records have and the ledger has not goes to them over the
//! queue, marked as recovered (`domain::origin`). Here is decided what to ask SendGrid and what of the answer is missing.
//! How far it is, is written down (`store::reconcile`), so that an interrupted run goes on where it stopped.

mod ask;
mod choose;
mod compare;
mod element;
mod horizon;
mod lately;
mod lists;
mod publish;
mod records;
mod report;
mod resume;
mod run;
mod slices;
mod suppressions;
mod whose;

use crate::args::Reconcile;
use crate::broker::Broker;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{account, database, output, source};
use ask::Asker;
use choose::choose;
use domain::SourceId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lately::{LOOKED_FOR_IN_LISTS, Lately, NOT_LOOKED_FOR};
use records::Api;
use report::{Document, Unknowns};
use run::{Comparison, Target};
use std::ops::Range;
use store::reconcile::{self, Asked, Run, Sums};
use suppressions::Suppressions;
use whose::Owner;

pub(crate) async fn run(global: &Global, args: &Reconcile) -> Result<(), Failure> {
    let now = database::now();
    let span = span(args, now)?;
    let asking = account::client(&args.account)?;
    let queue = if args.dry_run { None } else { Some(global.queue()?) };
    let client = database::operator(global).await?;
    let source = SourceId(source::named(&client, &args.source).await?.id);
    kept(&client, span.start).await?;
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
    // Email Logs says too little of a message to pass it over.
    let thorough = args.thorough || api == Api::Logs;
    let subuser = args.account.on_behalf_of.clone().filter(|name| !name.trim().is_empty());
    let asked = Asked { source, api: api.as_str(), subuser: subuser.clone(), thorough, span };
    let (run, resumed) = begin(&client, api, &asked, &target, now).await?;
    // Of the time of the run: one that goes on began earlier than was asked this time.
    let lately = if thorough { None } else { Some(Lately::read(&mut asker, source, &run.span).await?) };
    let mut comparison = Comparison {
        client: &client,
        asker,
        api,
        source,
        name: &args.source,
        subuser,
        owner: if args.all_new { Owner::Settled } else { Owner::Unknown },
        lately,
        run,
        target,
        unknowns: Unknowns::default(),
        missing: 0,
        caught_up: true,
    };
    comparison.run().await?;
    comparison.asker.watch.clear();
    let document = document(&comparison, suppressions.as_ref(), resumed);
    output::print(global.json, &document, || report::text(&document))?;
    let verdict = report::verdict(&document);
    if let Target::Workers(broker, _) = comparison.target {
        broker.finish().await?;
    }
    verdict
}

fn document<'a>(
    comparison: &'a Comparison<'_>,
    suppressions: Option<&'a Suppressions>,
    resumed: bool,
) -> Document<'a> {
    let Comparison { api, run, .. } = comparison;
    let Sums { messages, found, known, recovered, unknown, withheld, quarantined, overfull, requests } =
        run.sums;
    Document {
        source: comparison.name,
        from: output::time(run.span.start),
        to: output::time(run.span.end),
        api: api.as_str(),
        accepted_from: api.accepted_from(run.span.start).map(output::time),
        thorough: comparison.lately.is_none(),
        not_looked_for: if comparison.lately.is_none() { &[] } else { &NOT_LOOKED_FOR },
        looked_for_in_lists: if comparison.lately.is_none() { &[] } else { &LOOKED_FOR_IN_LISTS },
        dry_run: matches!(comparison.target, Target::DryRun),
        messages,
        found,
        known,
        recovered,
        missing: comparison.missing,
        unknown,
        unknown_rows: comparison.unknowns.named(),
        withheld,
        quarantined,
        overfull,
        caught_up: comparison.caught_up,
        suppressions,
        requests: requests + comparison.asker.requests,
        resumed,
    }
}

/// What happened before the events that are kept could only be recovered a second time: nothing tells any more that it was
/// known.
async fn kept(client: &store::Client, from: Timestamp) -> Result<(), Failure> {
    let Some(kept_from) = kept_later(client, from).await? else { return Ok(()) };
    Err(Failure::usage(format!(
        "--from ({from}) is before the events that are kept: what happened until then would be recovered although it was known"
    ))
    .next(format!("give --from {kept_from} or later")))
}

/// From which day on events are kept, if `from` is before.
async fn kept_later(client: &store::Client, from: Timestamp) -> Result<Option<Date>, Failure> {
    let kept_from = store::audit::events_kept_from(client).await?;
    Ok(kept_from.filter(|kept_from| from.to_zoned(TimeZone::UTC).date() < *kept_from))
}

/// By how much SendGrid's records may be behind: "a minute or so", and as much again. What happened later may not be listed
/// yet; it is left to a run that begins where this one ends.
const BEHIND: SignedDuration = SignedDuration::from_mins(2);

/// When the facts happened: in whole seconds, as SendGrid's clock has them.
fn span(args: &Reconcile, now: Timestamp) -> Result<Range<Timestamp>, Failure> {
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let (from, to) = (second(args.from), args.to.min(second(now - BEHIND)));
    let to = if second(to) == to { to } else { second(to) + SignedDuration::from_secs(1) };
    if from < to {
        return Ok(from..to);
    }
    Err(Failure::usage(format!(
        "--from ({}) is not before --to ({}), or not before two minutes ago: the records are that far behind",
        args.from, args.to
    ))
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
    if let Some(run) = before.and_then(|run| resume::go_on(run, &asked.span, now))
        // Its beginning may be gone since.
        && kept_later(client, run.span.start).await?.is_none()
    {
        return Ok((run, true));
    }
    Ok((reconcile::begin(client, asked, first, now).await?, false))
}

/// By Ctrl-C or SIGTERM.
fn stopped() -> Failure {
    Failure::failed("stopped before the end of the records")
        .next("run the same again: it goes on where it was stopped")
}
