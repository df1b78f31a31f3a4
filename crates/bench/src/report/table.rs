//! The report for the terminal: one table, then a line for each target that was missed.

use super::{Report, account, figure};
use crate::result::{Measurement, Verdict};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// One line under the header: narrow, and easy to copy from.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Letters of what binds a result that fit into its row; the whole of it follows below the table.
const BINDS_SHOWN: usize = 36;

/// The columns whose figures stand in line.
const FIGURES: [usize; 3] = [1, 2, 3];

/// The table and what follows it, without a line break at the end.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["id", "value", "floor", "ratio", "target", "verdict"]);
    for index in FIGURES {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for result in report.results() {
        table.add_row(row(result));
    }
    let mut text = table.trim_fmt();
    let told = |result: &Measurement| Some(safe(&format!("{}: {}", result.id(), account::misses(result)?)));
    let missed: Vec<_> = report.results().iter().filter_map(told).collect();
    if !missed.is_empty() {
        text.push_str("\n\n");
        text.push_str(&missed.join("\n"));
    }
    text
}

fn row(result: &Measurement) -> [String; 6] {
    let unit = result.unit();
    let ratio = result.ratio().map(|ratio| figure::plain(ratio.value));
    let nothing = || figure::NOTHING.to_owned();
    [
        safe(result.id()),
        figure::with_unit(result.value(), unit),
        result.floor().map_or_else(nothing, |floor| figure::with_unit(floor.value, unit)),
        ratio.unwrap_or_else(nothing),
        account::wanted(result).unwrap_or_else(nothing),
        verdict(result),
    ]
}

fn verdict(result: &Measurement) -> String {
    let short = match result.verdict() {
        Verdict::Untargeted => figure::NOTHING.to_owned(),
        Verdict::Met => "ok".to_owned(),
        Verdict::Missed { binds: Some(binds) } => format!("missed: {}", cut(&safe(binds))),
        Verdict::Missed { binds: None } => "missed".to_owned(),
        Verdict::Unformed(_) => "missed: no ratio".to_owned(),
    };
    match result.goal() {
        Some((_, false)) if result.is_met() == Some(true) => format!("{short}, goal missed"),
        _ => short,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(BINDS_SHOWN) {
        Some((end, _)) => format!("{}…", text.split_at(end).0.trim_end()),
        None => text.to_owned(),
    }
}

/// Text from elsewhere must not steer the terminal or break a row.
fn safe(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if steers(letter) { '\u{FFFD}' } else { letter }).collect()
}
