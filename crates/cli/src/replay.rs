//! `sendstate replay inbound`: choosing messages by when their events were received, and asking the workers to work them
//! out again, a few hundred at a time.
//!
//! Whoever changes messages are the workers; here only a replay's number and its instructions are made. However this ends,
//! what was given is worked out, and giving it again does no harm.

mod account;
mod feed;
mod report;
mod select;
mod until;

use crate::args::ReplayInbound;
use crate::broker::Broker;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use domain::SourceId;
use feed::Feed;
use report::Document;
use std::time::Duration;
use store::Role;
use store::replay::{Replayed, Selection};
use until::{Over, Until};

/// One statement over a step of a ledger of any size.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

pub(crate) async fn inbound(global: &Global, args: &ReplayInbound) -> Result<(), Failure> {
    if args.from >= args.to {
        return Err(Failure::usage(format!("--from ({}) is not before --to ({})", args.from, args.to))
            .next("give the earlier time first"));
    }
    let until = Until::new(args.wait, service::shutdown::on_signal());
    // What is received from now on is applied as it should be anyway, and would let this go on for ever.
    let to = args.to.min(database::now());
    let queue = global.queue()?;
    let pool = database::pool(global, Role::Operator, STATEMENT_TIMEOUT)?;
    let source = SourceId(source::named(&pool.get().await?, &args.source).await?.id);
    let broker = Broker::connect(queue).await?;
    let mut feed = Feed::new(pool, broker, Selection { source, received: args.from..to });
    let ended = feed.run(&until).await;
    let given_until = output::time(feed.given_until().await);
    let over = match ended {
        Ok(over) => over,
        Err(failure) => {
            if feed.replay().is_some() {
                let go_on = report::go_on(&given_until, &output::time(to));
                output::note(&format!("sendstate: what was given is worked out; {go_on}"));
            }
            return Err(failure);
        }
    };
    let document = document(&feed, given_until, output::time(to), over);
    let gave_everything = feed.gave_everything();
    feed.finish().await?;
    output::print(global.json, &document, || report::text(&document))?;
    report::verdict(&document, over, gave_everything)
}

fn document(feed: &Feed, given_until: String, to: String, over: Option<Over>) -> Document {
    let account = feed.account();
    let Replayed { changed, left_alone, told, .. } = account.replayed;
    Document {
        replay: feed.replay(),
        parts: account.parts,
        parts_done: account.parts_done,
        messages: account.messages,
        changed,
        left_alone,
        told,
        given_until,
        to,
        done: over.is_none(),
    }
}
