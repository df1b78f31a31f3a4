//! Markdown tables: made from columns, found in a page, taken apart.

/// A column: what it is about, and its cells from top to bottom.
pub(crate) struct Column {
    pub(crate) labels: Vec<String>,
    pub(crate) cells: Vec<String>,
}

/// Columns that say the same in every row become one, in the place of the first.
pub(crate) fn merge(columns: impl IntoIterator<Item = Column>) -> Vec<Column> {
    let mut merged: Vec<Column> = Vec::new();
    for column in columns {
        match merged.iter_mut().find(|known| known.cells == column.cells) {
            Some(known) => known.labels.extend(column.labels),
            None => merged.push(column),
        }
    }
    merged
}

/// The table with these columns, ending in a line break.
pub(crate) fn render(columns: &[Column]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut page = line(columns.iter().map(|column| column.labels.join(", ")).collect());
    page.push_str(&format!("|{}\n", "---|".repeat(columns.len())));
    for row in 0..columns[0].cells.len() {
        page.push_str(&line(columns.iter().map(|column| column.cells[row].clone()).collect()));
    }
    page
}

/// Compares what this crate's page shows between the comments of this name with `expected`.
pub(crate) fn assert_shown(name: &str, expected: &str) {
    let page = include_str!("../../README.md");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let shown = page.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(shown, _)| shown);
    let shown = shown.unwrap_or_else(|| panic!("crates/domain/README.md has no `{begin}` … `{end}`"));
    assert!(
        shown == expected,
        "crates/domain/README.md: put this between its comments of `{name}`:\n{expected}"
    );
}

/// The rows of the first table after a heading, without its head, cell by cell.
pub(crate) fn rows_after<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = page.split_once(&format!("\n{heading}\n")).expect("the page has this heading");
    let table = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands in code spans, in order.
pub(crate) fn code_spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
