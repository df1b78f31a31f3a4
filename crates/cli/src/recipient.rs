//! `sendstate recipient show` and `list`.

mod document;
mod list;
mod write;

pub(crate) use list::list;

use crate::args::RecipientShow;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use document::Document;
use domain::SourceId;
use uuid::Uuid;

pub(crate) async fn show(global: &Global, args: &RecipientShow) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let sources = source::chosen(&client, args.source.as_deref()).await?;
    let asked: Vec<(i32, Uuid)> = sources
        .iter()
        .map(|source| (source.id, Uuid::from_bytes(wire::key::address(SourceId(source.id), &args.address))))
        .collect();
    let known = store::look::recipients(&client, &asked).await?;
    let recipient = match known.as_slice() {
        [] => {
            return Err(Failure::not_found(format!("nothing lasting is known of {}", output::plain(&args.address)))
                .next("only bounces, complaints and unsubscribes are kept; see `sendstate message show --recipient`"));
        }
        [one] => one,
        several => {
            let names: Vec<&str> = several.iter().filter_map(|one| one.source.as_deref()).collect();
            return Err(Failure::usage(format!(
                "{} sources know this address: {}",
                several.len(),
                names.join(", ")
            ))
            .next("choose one with --source"));
        }
    };
    let document = Document::from(recipient);
    output::print(global.json, &document, || table(&document))
}

fn table(document: &Document<'_>) -> String {
    let mut table = output::table(&["recipient", &output::plain(document.address)]);
    table.add_row(["source", document.source.unwrap_or("-")]);
    table.add_row(["standing", document.standing]);
    table.add_row(["since", document.since.as_deref().unwrap_or("-")]);
    table.add_row(["reason", &document.reason.map_or_else(|| "-".to_owned(), output::plain)]);
    for group in &document.groups {
        table.add_row([format!("group {}", group.id), format!("{} since {}", group.standing, group.since)]);
    }
    table.trim_fmt()
}
