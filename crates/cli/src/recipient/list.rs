//! `sendstate recipient list`: all recipients that match, a page at a time.

use super::document::Document;
use super::write::{Form, Writer};
use crate::args::RecipientList;
use crate::failure::Failure;
use crate::output::{self, Progress, Reader, written};
use crate::settings::Global;
use crate::{database, source};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::time::Duration;
use store::Role;
use store::look::{self, RecipientFilter};
use uuid::Uuid;

/// Recipients fetched together: with the longest reasons some megabytes.
const PAGE: u64 = 1_000;
/// Rows of a table for which nobody asked for a number.
const TABLE_ROWS: u64 = 1_000;
/// A page may have to look through everybody.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Before every recipient that can be stored.
const BEFORE_ALL: (i32, Uuid) = (i32::MIN, Uuid::nil());

pub(crate) async fn list(global: &Global, args: &RecipientList) -> Result<(), Failure> {
    let pool = database::pool(global, Role::Operator, STATEMENT_TIMEOUT)?;
    let client = pool.get().await?;
    let sources = source_ids(&client, &args.source).await?;
    let filter =
        RecipientFilter { sources: &sources, standing: args.standing.map(Into::into), group: args.group };
    let form = form(global.json, args.csv);
    let limit = args.limit.or((form == Form::Table).then_some(TABLE_ROWS));
    let listed = stream(&client, filter, limit, form, BufWriter::new(std::io::stdout())).await?;
    if let (Listed::CutOff, Some(limit)) = (listed, limit) {
        output::note(&format!("sendstate: only {limit} are listed; --limit lists more"));
    }
    Ok(())
}

fn form(json: bool, csv: bool) -> Form {
    match (json, csv) {
        (true, _) => Form::Json,
        (false, true) => Form::Csv,
        (false, false) => Form::Table,
    }
}

/// How a listing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Everybody,
    /// There are more than the limit.
    CutOff,
    /// The reader has left.
    Unread,
}

async fn stream(
    client: &store::Client,
    filter: RecipientFilter<'_>,
    limit: Option<u64>,
    form: Form,
    out: impl Write,
) -> Result<Listed, Failure> {
    let mut left = limit.unwrap_or(u64::MAX);
    let mut progress = Progress::new();
    let (mut after, mut count) = (BEFORE_ALL, 0_u64);
    let mut writer = match Writer::begin(form, out) {
        Ok(writer) => writer,
        Err(error) => return written(Err(error)).map(|_| Listed::Unread),
    };
    // A line that is written over and over would wipe out what is streamed to the same terminal.
    let watched = form == Form::Table || !std::io::stdout().is_terminal();
    let ended = 'pages: loop {
        // One more than may be written, to know whether there is more.
        let wanted = PAGE.min(left.saturating_add(1));
        let page = look::recipients_page(client, filter, after, wanted.cast_signed()).await?;
        let all = (page.len() as u64) < wanted;
        for (key, recipient) in page {
            if left == 0 {
                break 'pages Listed::CutOff;
            }
            if written(writer.write(&Document::from(&recipient)))? == Reader::Gone {
                return Ok(Listed::Unread);
            }
            (after, left, count) = (key, left - 1, count + 1);
        }
        if written(writer.flush())? == Reader::Gone {
            return Ok(Listed::Unread);
        }
        if all {
            break Listed::Everybody;
        }
        if watched {
            progress.show(&format!("{count} recipients so far"));
        }
    };
    progress.clear();
    written(writer.finish())?;
    Ok(ended)
}

async fn source_ids(client: &store::Client, names: &[String]) -> Result<Vec<i32>, Failure> {
    if names.is_empty() {
        return Ok(source::chosen(client, None).await?.iter().map(|source| source.id).collect());
    }
    let mut ids = Vec::new();
    for name in names {
        ids.push(source::named(client, name).await?.id);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_what_was_asked_for() {
        assert_eq!(form(true, false), Form::Json);
        assert_eq!(form(false, true), Form::Csv);
        assert_eq!(form(false, false), Form::Table);
    }
}
