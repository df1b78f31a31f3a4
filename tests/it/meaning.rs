//! What SendGrid's events mean, as a table that a reader can hold against the specification.

mod case;
mod property;
mod render;
mod run;
mod show;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn every_body_means_what_the_table_says() {
    run::hold(&table::all()).await;
}

#[test]
fn every_fixture_has_its_row_and_every_row_its_name() {
    let cases = table::all();
    let sent: BTreeSet<_> = cases.iter().flat_map(case::Case::fixtures).map(str::to_owned).collect();
    assert_eq!(files(&run::fixtures()), sent, "left: files; right: fixtures that a row sends");
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two rows have one name");
}

/// Bodies in a folder and those below it, as the table names them.
fn files(root: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for subject in
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(&subject).unwrap() {
            let name = file.unwrap().path().with_extension("");
            files.insert(name.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
    files
}
