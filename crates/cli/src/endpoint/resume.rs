//! `sendstate endpoint resume`: what was held is skipped or told, then the endpoint is told again.
//!
//! Skipping may be long, so it is done in steps that each commit, while the endpoint still holds. If it is broken off, what
//! was skipped is skipped, the rest is held, and nothing has been told.

use super::find;
use crate::args::{EndpointResume, Release};
use crate::database;
use crate::failure::Failure;
use crate::output::{self, Progress};
use crate::settings::Global;
use jiff::Timestamp;
use serde::Serialize;
use store::look;

/// Deliveries skipped in one transaction: it locks them and wakes their followers.
const STEP: i64 = 1_000;

#[derive(Serialize)]
struct Document {
    id: i32,
    state: &'static str,
    /// Deliveries that are not told.
    skipped: u64,
    /// Deliveries that should have been skipped and were being sent at that moment. They end by themselves.
    sending: u64,
    /// Deliveries that are told now.
    released: i64,
}

pub(crate) async fn resume(global: &Global, args: &EndpointResume) -> Result<(), Failure> {
    let mut client = database::operator(global).await?;
    let begun = database::now();
    let endpoint = find(&client, args.id).await?;
    if endpoint.state == "active" {
        output::note(&format!("sendstate: endpoint {} is active already; nothing was changed", args.id));
        return print(
            global,
            &Document { id: args.id, state: "active", skipped: 0, sending: 0, released: 0 },
        );
    }
    let release = decided(args.release, look::unfinished_of(&client, args.id).await?)?;
    let (skipped, sending) = match before(release, begun) {
        None => (0, 0),
        Some(before) => skip(&mut client, args.id, before).await?,
    };
    let transaction = client.transaction().await?;
    // Nothing can have taken it away; the lock is against another change of its state.
    store::endpoint::lock(&transaction, args.id).await?.ok_or_else(|| super::no_such(args.id))?;
    store::endpoint::set_state(&transaction, args.id, "active", database::now()).await?;
    transaction.commit().await?;
    database::hint(&client).await;
    let released = look::unfinished_of(&client, args.id).await?;
    print(global, &Document { id: args.id, state: "active", skipped, sending, released })
}

/// What is to be released, if that need not be asked.
fn decided(given: Option<Release>, held: i64) -> Result<Release, Failure> {
    match given {
        Some(release) => Ok(release),
        None if held == 0 => Ok(Release::All),
        None => Err(Failure::usage(format!("{held} deliveries are held: say what becomes of them"))
            .next("add --release all, --release none, or --release since=TIME")),
    }
}

/// What came to be owed before this is skipped. What came after the command began, nobody could mean.
fn before(release: Release, begun: Timestamp) -> Option<Timestamp> {
    match release {
        Release::All => None,
        Release::None => Some(begun),
        Release::Since(at) => Some(at.min(begun)),
    }
}

/// Returns how many were skipped, and how many were being sent.
async fn skip(client: &mut store::Client, id: i32, before: Timestamp) -> Result<(u64, u64), Failure> {
    let mut progress = Progress::new();
    let (mut skipped, mut sending, mut after) = (0_u64, 0_u64, 0);
    loop {
        let transaction = client.transaction().await?;
        // Locked, so that nobody makes it active meanwhile: what is to be skipped would be sent.
        let endpoint = store::endpoint::lock(&transaction, id).await?.ok_or_else(|| super::no_such(id))?;
        if endpoint.state == "active" {
            return Err(Failure::failed(format!(
                "endpoint {id} was made active by somebody else after {skipped} deliveries were skipped"
            ))
            .next("see `sendstate delivery list`; pause it and resume it again to skip the rest"));
        }
        let held = store::delivery::held(&transaction, id, after, Some(before), STEP).await?;
        let Some(last) = held.last().copied() else { break };
        let gone = store::delivery::skip(&transaction, &held, database::now()).await?;
        transaction.commit().await?;
        skipped += gone.len() as u64;
        sending += (held.len() - gone.len()) as u64;
        after = last;
        progress.show(&format!("{skipped} deliveries skipped"));
    }
    Ok((skipped, sending))
}

fn print(global: &Global, document: &Document) -> Result<(), Failure> {
    output::print(global.json, document, || text(document))
}

fn text(document: &Document) -> String {
    let Document { id, skipped, sending, released, .. } = document;
    let mut text =
        format!("Endpoint {id} is active: {released} deliveries are released, {skipped} were skipped.");
    if *sending > 0 {
        text.push_str(&format!(
            "\n{sending} were being sent and could not be skipped; they end by themselves."
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_held_deliveries_has_to_be_said_and_of_none_need_not() {
        assert_eq!(decided(None, 0).unwrap(), Release::All);
        assert_eq!(decided(None, 1).unwrap_err().code, 2);
        assert_eq!(decided(Some(Release::None), 1).unwrap(), Release::None);
    }

    #[test]
    fn nothing_that_came_after_the_command_began_is_skipped() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        assert_eq!(before(Release::All, at(0)), None);
        assert_eq!(before(Release::None, at(0)), Some(at(0)));
        assert_eq!(before(Release::Since(at(-5)), at(0)), Some(at(-5)));
        assert_eq!(before(Release::Since(at(5)), at(0)), Some(at(0)));
    }

    #[test]
    fn what_could_not_be_skipped_is_said() {
        let document = Document { id: 3, state: "active", skipped: 7, sending: 2, released: 9 };
        assert!(text(&document).contains("9 deliveries are released, 7 were skipped"));
        assert!(text(&document).contains("2 were being sent"));
    }
}
