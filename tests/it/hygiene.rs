//! Rules about the tree itself, each held here because nothing else would notice when it is broken.

mod commands;
mod tree;

use crate::harness::environment;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use tree::{File, root, rust_sources, texts};

/// Above it a file has more than one reason to change; every exception would have to be argued here.
const SOURCE_LINES_MAX: usize = 300;
/// Tests of one subject may be longer than a file of the product.
const TEST_LINES_MAX: usize = 500;
const SOURCE_LINES_MEDIAN_MAX: usize = 150;

#[test]
fn each_crate_uses_what_the_code_map_says_and_nothing_else() {
    let map = std::fs::read_to_string(root().join("crates/README.md")).unwrap();
    let documented: BTreeMap<String, BTreeSet<String>> = map.lines().filter_map(row).collect();
    assert_eq!(documented, dependencies(), "left: crates/README.md; right: cargo metadata");
}

/// A line of the code map: | `crate` | purpose | uses |.
fn row(line: &str) -> Option<(String, BTreeSet<String>)> {
    let mut cells = line.strip_prefix("| `")?.trim_end_matches(" |").split(" | ");
    let name = cells.next()?.strip_suffix('`')?.to_owned();
    let uses = cells.nth(1).unwrap_or_default().trim_matches(|c: char| c == '|' || c.is_whitespace());
    // The second table of the page is about other things.
    root().join("crates").join(&name).is_dir().then_some(())?;
    Some((name, uses.split(", ").filter(|used| !used.is_empty()).map(str::to_owned).collect()))
}

/// What each package under crates/ needs, of ours, to be built and used.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let product = packages.filter(|package| package["name"] != "tests");
    let of_ours = |package: &Value| {
        let needed = package["dependencies"].as_array().unwrap().iter();
        let needed = needed.filter(|needed| needed["path"].is_string() && needed["kind"] != "dev");
        needed.map(|needed| needed["name"].as_str().unwrap().to_owned()).collect()
    };
    product.map(|package| (package["name"].as_str().unwrap().to_owned(), of_ours(package))).collect()
}

#[test]
fn folders_are_named_as_their_packages() {
    for package in dependencies().keys() {
        assert!(root().join("crates").join(package).join("Cargo.toml").is_file(), "{package}");
    }
}

#[test]
fn files_stay_small_enough_to_read() {
    let sources = rust_sources();
    let long: Vec<_> = sources
        .iter()
        .filter(|file| file.lines() > if file.is_test() { TEST_LINES_MAX } else { SOURCE_LINES_MAX })
        .map(|file| format!("{}: {}", file.name, file.lines()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
    let mut lines: Vec<_> = sources.iter().filter(|file| !file.is_test()).map(File::lines).collect();
    lines.sort_unstable();
    assert!(lines[lines.len() / 2] <= SOURCE_LINES_MEDIAN_MAX, "median {}", lines[lines.len() / 2]);
}

/// Clippy measures them; this holds that nobody has moved or silenced its measure.
#[test]
fn functions_stay_within_a_screen() {
    let clippy = std::fs::read_to_string(root().join(".clippy.toml")).unwrap();
    assert!(clippy.contains("too-many-lines-threshold = 70\n"));
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    // In pieces, so that this file does not hold what it looks for.
    let lint = ["too_many", "_lines"].concat();
    assert!(manifest.contains(&format!("{lint} = \"warn\"\n")));
    let silencing = rust_sources().into_iter().filter(|file| file.text.contains(&lint));
    let silent: Vec<_> = silencing.map(|file| file.name).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn every_package_is_held_to_the_lints_of_the_workspace() {
    for file in texts().into_iter().filter(|file| file.name.ends_with("/Cargo.toml")) {
        assert!(file.text.contains("[lints]\nworkspace = true\n"), "{}", file.name);
    }
}

#[test]
fn every_module_opens_with_what_it_owns() {
    // A module's own tests are told by the module they test.
    let silent: Vec<_> = rust_sources()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! ") && !file.name.ends_with("/tests.rs"))
        .map(|file| file.name)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn nothing_is_left_unfinished_or_tied_to_one_machine() {
    // In pieces, so that this file does not hold what it looks for.
    let unfinished =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["for", " now"], ["to", "do!("], ["unimple", "mented!("]];
    let mut forbidden: Vec<_> = unfinished.map(|word| word.concat()).into();
    forbidden.push(format!("{}/", root().display()));
    let mut found = Vec::new();
    for file in texts() {
        for (number, line) in file.text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", file.name, number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_test_is_switched_off_or_made_to_sleep() {
    let forbidden =
        [["#[ig", "nore"], ["#[should", "_panic"], ["thread::", "sleep"]].map(|word| word.concat());
    let tests = rust_sources()
        .into_iter()
        .filter(|file| file.name.starts_with("tests/") || file.name.ends_with("/tests.rs"));
    let found: Vec<_> = tests
        .filter(|file| forbidden.iter().any(|word| file.text.contains(word)))
        .map(|file| file.name)
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn metrics_that_are_shown_or_alerted_on_exist() {
    let sources = rust_sources();
    let metrics = sources.iter().filter(|file| file.name.ends_with("/metrics.rs"));
    let declared: BTreeSet<_> = metrics.flat_map(|file| metric_names(&file.text)).collect();
    assert!(!declared.is_empty());
    for file in texts().iter().filter(|file| file.name.starts_with("deploy/")) {
        for name in metric_names(&file.text) {
            let stem = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            let known = declared.contains(&name) || stem.is_some_and(|stem| declared.contains(stem));
            assert!(known, "{} uses {name}, which nothing measures", file.name);
        }
    }
}

/// Names by the grammar `sendstate_<crate>_<noun>`; roles and databases are named by other ones.
fn metric_names(text: &str) -> BTreeSet<String> {
    let crates = ["ingest", "worker", "dispatcher", "queue", "service", "store"];
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let is_metric = |word: &&str| {
        let rest = word.strip_prefix("sendstate_").and_then(|rest| rest.split_once('_'));
        rest.is_some_and(|(owner, noun)| crates.contains(&owner) && !noun.is_empty())
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

#[test]
fn commands_that_the_pages_show_exist_with_their_flags() {
    let programs = &environment().programs;
    let mut shown = 0;
    for page in texts().into_iter().filter(|file| file.name.ends_with(".md")) {
        for command in commands::shown(&page.text) {
            shown += 1;
            commands::check(programs, &command)
                .unwrap_or_else(|error| panic!("{}: {command}: {error}", page.name));
        }
    }
    assert!(shown > 0, "no page shows a command");
}
