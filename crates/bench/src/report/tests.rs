use super::*;
use crate::id;
use crate::machine::{Commit, Machine};
use serde_json::Value;
use std::collections::BTreeSet;

fn empty() -> Report {
    Report::new(Mode::Quick, None, Machine::default(), "2026-01-02T03:04:05Z".parse().unwrap())
}

fn with(results: impl IntoIterator<Item = Measurement>) -> Report {
    let mut report = empty();
    for result in results {
        report.add(result).unwrap();
    }
    report
}

/// Tags of a page, as they open and close; panics where they do not.
fn check_balanced(page: &str) {
    // What has no closing tag by its nature.
    const ALONE: [&str; 2] = ["!doctype", "meta"];
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("no end: {piece}"));
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None => {
                let name = tag.split([' ', '\n']).next().unwrap();
                open.extend((!ALONE.contains(&name)).then_some(name));
            }
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

/// What a reader would take for a number that is none.
fn check_numbers(text: &str) {
    for word in ["NaN", "inf", "Infinity"] {
        let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
        assert!(!words.any(|found| found == word), "{word}");
    }
}

#[test]
fn the_document_is_the_contract_to_the_byte() {
    let commit = Commit { hash: "c0ffee".to_owned(), dirty: false };
    let machine = Machine { cores: Some(2), ..Machine::default() };
    let mut report = Report::new(Mode::Full, Some(commit), machine, "2026-01-02T03:04:05Z".parse().unwrap());
    report.took = Duration::from_millis(1_500);
    let floor = Measurement::of_rounds("floor.insert.100", "events/s", vec![40_000.0, 20_000.0]);
    report.add(floor.clone()).unwrap();
    let result = Measurement::of_rounds("e2e.100.w1.dup0", "events/s", vec![20_000.0, 10_000.0]);
    report.add(result.against_rounds_of(&floor).bound_by("the disk").noted("two rounds")).unwrap();
    report.cpu = vec![CpuRun {
        run: "e2e".into(),
        seconds: 1.0,
        cores: 2,
        shares: vec![Share { process: "worker".into(), cpu_s: 0.5 }],
    }];
    report.histograms = vec![Histogram {
        id: "latency.1000".into(),
        unit: "ms",
        count: 2,
        p50: 1.0,
        p90: 2.0,
        p99: 2.0,
        p999: 2.0,
        max: 2.0,
        points: vec![(1.0, 0.5), (2.0, 1.0)],
    }];
    let expected = concat!(
        r#"{"schema":1,"quick":false,"commit":"c0ffee","machine":{"cpu":null,"cores":2,"memory_mib":null,"#,
        r#""kernel":null,"filesystem":null,"versions":{}},"results":["#,
        r#"{"id":"floor.insert.100","value":30000.0,"unit":"events/s","floor_id":null,"ratio":null,"target":null,"#,
        r#""met":null,"binds":null,"goal":null,"no_ratio":null,"ratio_spread":null,"#,
        r#""rounds":[40000.0,20000.0],"note":null},"#,
        r#"{"id":"e2e.100.w1.dup0","value":15000.0,"unit":"events/s","floor_id":"floor.insert.100","ratio":0.5,"#,
        r#""target":{"op":">=","value":0.6,"of":"ratio"},"met":false,"binds":"the disk","#,
        r#""goal":{"op":">=","value":20000.0,"met":false},"no_ratio":null,"#,
        r#""ratio_spread":{"min":0.5,"max":0.5},"rounds":[20000.0,10000.0],"note":"two rounds"}],"#,
        r#""dirty":false,"started_at":"2026-01-02T03:04:05Z","took_s":1.5,"#,
        r#""histograms":[{"id":"latency.1000","unit":"ms","count":2,"p50":1.0,"p90":2.0,"p99":2.0,"p999":2.0,"#,
        r#""max":2.0,"points":[[1.0,0.5],[2.0,1.0]]}],"#,
        r#""cpu":[{"run":"e2e","seconds":1.0,"cores":2,"shares":[{"process":"worker","cpu_s":0.5}]}]}"#,
        "\n"
    );
    assert_eq!(json::render(&report).unwrap(), expected);
}

#[test]
fn what_is_no_number_is_null_in_the_document_and_a_dash_for_people() {
    let mut report = empty();
    for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0] {
        let size = report.results().len();
        let floor = Measurement::new(format!("floor.publish.{size}"), "s", nothing);
        report.add(floor.clone()).unwrap();
        let rounds = vec![nothing, 1.0];
        report
            .add(Measurement::of_rounds(format!("ingest.cpu.{size}"), "s", rounds).against(&floor))
            .unwrap();
        report.add(Measurement::new(format!("growth.{size}.cpu"), "µs/event", nothing)).unwrap();
        report.add(Measurement::new(format!("e2e.{size}.w1.dup0"), "events/s", nothing)).unwrap();
        let share = Share { process: "worker".to_owned(), cpu_s: nothing };
        report.cpu.push(CpuRun {
            run: "e2e".to_owned(),
            seconds: nothing,
            cores: 2,
            shares: vec![share.clone()],
        });
        report.cpu.push(CpuRun { run: "e2e".to_owned(), seconds: 1.0, cores: 2, shares: vec![share] });
    }
    report.add(Measurement::new("rss.worker", "MiB", f64::NAN)).unwrap();
    let text = json::render(&report).unwrap();
    check_numbers(&text);
    let document: Value = serde_json::from_str(&text).unwrap();
    let result = &document["results"][1];
    assert_eq!(
        (&result["value"], &result["ratio"], &result["met"]),
        (&Value::Null, &Value::Null, &Value::Bool(false))
    );
    assert_eq!(result["no_ratio"], "the floor is zero or no number");
    assert_eq!(report.failures().count(), 7, "each ratio, and each growth but that of 0 stored");
    let page = html::render(&report);
    check_numbers(&page);
    check_balanced(&page);
    check_numbers(&table::render(&report));
}

#[test]
fn a_result_is_taken_once_and_only_after_its_floor() {
    let floor = Measurement::new("floor.verify", "µs", 300.0);
    let result = Measurement::new("verify.known_key", "µs", 90.0).against(&floor);
    let mut report = empty();
    assert!(report.add(result.clone()).is_err());
    // A floor of the same name with another figure is another floor.
    report.add(Measurement::new("floor.verify", "µs", 299.0)).unwrap();
    assert!(report.add(result.clone()).is_err());
    let mut report = with([floor, result.clone()]);
    assert!(report.add(result).is_err());
    assert_eq!(report.results().len(), 2);
}

#[test]
fn a_floor_that_was_no_number_is_known_all_the_same() {
    let floor = Measurement::new("floor.verify", "µs", f64::NAN);
    let result = Measurement::new("verify.known_key", "µs", 90.0).against(&floor);
    assert_eq!(
        with([floor, result]).failures().map(Measurement::id).collect::<Vec<_>>(),
        ["verify.known_key"]
    );
}

#[test]
fn the_example_has_every_kind_of_result_and_of_distribution_and_no_other() {
    let report = example::report();
    let result = |result: &Measurement| {
        let (pattern, unit) = id::kind_of(&id::RESULTS, result.id()).unwrap();
        assert_eq!(result.unit(), unit, "{}", result.id());
        pattern
    };
    let distribution = |histogram: &Histogram| {
        let (pattern, unit) = id::kind_of(&id::DISTRIBUTIONS, &histogram.id).unwrap();
        assert_eq!(histogram.unit, unit, "{}", histogram.id);
        pattern
    };
    let patterns = |kinds: &[(&'static str, &str)]| kinds.iter().map(|(pattern, _)| *pattern).collect();
    let results: BTreeSet<&str> = report.results().iter().map(result).collect();
    assert_eq!(results, patterns(&id::RESULTS));
    let distributions: BTreeSet<&str> = report.histograms.iter().map(distribution).collect();
    assert_eq!(distributions, patterns(&id::DISTRIBUTIONS));
}

#[test]
fn a_bad_endpoint_is_shown_by_a_calm_curve_and_a_troubled_one_for_each_case() {
    let page = html::render(&example::report());
    let (_, plot) = page.split_once("<h2>Latency beside a bad endpoint</h2>").unwrap();
    let (plot, _) = plot.split_once("</figure>").unwrap();
    assert_eq!(plot.matches("<polyline").count(), 4);
    for name in ["stall, calm", "stall, troubled", "backlog, calm", "backlog, troubled"] {
        assert!(plot.contains(&format!(">{name}<")), "{name}");
    }
}

#[test]
fn targets_are_counted_by_how_they_came_out() {
    let report = example::report();
    let failures: Vec<_> = report.failures().map(Measurement::id).collect();
    assert_eq!(failures, ["e2e.100.w2.dup0", "isolation.backlog.p99", "growth.20000000.wal"]);
    assert_eq!(report.tally(), Tally { met: 14, missed: 4, failed: 3 });
}

#[test]
fn the_table_has_a_row_for_each_result_and_a_line_for_each_miss() {
    let floor = Measurement::new("floor.publish.1", "s", 1.0);
    let other = Measurement::new("floor.publish.10", "s", 0.0);
    let goal = Measurement::new("floor.insert.100", "events/s", 1_000.0);
    let report = with([
        floor.clone(),
        Measurement::new("ingest.cpu.1", "s", 1.25).against(&floor),
        Measurement::new("ingest.cpu.10", "s", 2.0)
            .against(&floor)
            .bound_by("the broker, which takes 71 % of the CPU.\n\u{1b}[2J"),
        Measurement::new("ingest.cpu.100", "s", 2.0).against(&floor),
        other.clone(),
        Measurement::new("ingest.cpu.1000", "s", 2.0).against(&other),
        Measurement::new("latency.1000.p99", "ms", 1_234.0),
        goal.clone(),
        Measurement::new("e2e.100.w1.dup0", "events/s", 900.0).against(&goal),
    ]);
    let text = table::render(&report);
    assert!(!text.contains('\u{1b}'), "{text}");
    let (rows, lines) = text.split_once("\n\n").unwrap();
    assert_eq!(rows.lines().count(), 2 + report.results().len());
    let row = |id: &str| -> Vec<&str> {
        let row = rows.lines().find(|row| row.split_whitespace().next() == Some(id)).unwrap();
        row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    };
    assert_eq!(row("floor.publish.1"), ["floor.publish.1", "1.00 s", "–", "–", "–", "–"]);
    assert_eq!(row("ingest.cpu.1"), ["ingest.cpu.1", "1.25 s", "1.00 s", "1.25", "≤ 1.5", "ok"]);
    assert_eq!(row("ingest.cpu.10").last(), Some(&"missed: the broker, which takes 71 % of the…"));
    assert_eq!(row("ingest.cpu.1000").last(), Some(&"missed: no ratio"));
    assert_eq!(row("e2e.100.w1.dup0").last(), Some(&"ok, goal missed"));
    assert_eq!(
        lines,
        "ingest.cpu.10: 2.00 × its floor, wanted ≤ 1.5; binds: the broker, which takes 71 % of the CPU.\u{FFFD}\u{FFFD}[2J.\n\
         ingest.cpu.100: 2.00 × its floor, wanted ≤ 1.5; nothing measured says what binds it, which fails the check.\n\
         ingest.cpu.1000: no ratio, wanted ≤ 1.5; the floor is zero or no number, which fails the check.\n\
         latency.1000.p99: 1,234 ms, wanted ≤ 150 ms; a figure of this machine, not judged.\n\
         e2e.100.w1.dup0: 900 events/s, wanted ≥ 20,000 events/s; a figure of this machine, not judged."
    );
}

#[test]
fn the_page_is_whole_and_needs_nothing_else() {
    let page = html::render(&example::report());
    check_balanced(&page);
    check_numbers(&page);
    for foreign in ["<script", "http:", "https:", "url(", "@import", "src=", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for heading in [
        "Ratios against their targets",
        "What a POST costs",
        "Accepting POSTs",
        "End to end",
        "Latency",
        "Latency beside a bad endpoint",
        "Growth",
        "Resident memory",
        "Where the CPU went",
        "All results",
        "How this was measured",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    assert_eq!(page.matches("<figure>").count(), page.matches("<figcaption>").count());
    // Whoever changes the page looks at it: SENDSTATE_BENCH_EXAMPLE says where to.
    if let Some(path) = std::env::var_os("SENDSTATE_BENCH_EXAMPLE") {
        html::write(&example::report(), std::path::Path::new(&path)).unwrap();
    }
}

#[test]
fn a_plot_without_results_is_left_out() {
    let page = html::render(&empty());
    check_balanced(&page);
    assert!(!page.contains("<figure>") && !page.contains("<svg"));
    assert!(!page.contains("How this was measured"));
    let page = html::render(&with([Measurement::new("rss.worker", "MiB", 100.0)]));
    assert_eq!(page.matches("<figure>").count(), 1);
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    const HOSTILE: &str = "</style><script>alert('x')</script>\"'><img src=x onerror=y>&lt;\u{0}";
    let mut report = example::report();
    let commit = report.commit.as_mut().unwrap();
    commit.hash = HOSTILE.to_owned();
    report.machine.cpu = Some(HOSTILE.to_owned());
    report.machine.versions.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    report.method.push((HOSTILE.to_owned(), HOSTILE.to_owned()));
    report.cpu[0].run = HOSTILE.to_owned();
    report.cpu[0].shares[0].process = HOSTILE.to_owned();
    report.histograms[0].id = format!("latency.{HOSTILE}");
    report.add(Measurement::new(format!("rss.{HOSTILE}"), "MiB", 1.0).noted(HOSTILE)).unwrap();
    report.add(Measurement::new("verify.known_keys", "<b>", 1.0).bound_by(HOSTILE)).unwrap();
    let page = html::render(&report);
    check_balanced(&page);
    assert!(
        !page.contains("<script")
            && !page.contains("<img")
            && !page.contains("<b>")
            && !page.contains('\u{0}')
    );
    assert!(page.contains(
        "&lt;/style&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x"
    ));
    let text = json::render(&report).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["commit"], HOSTILE);
}

#[test]
fn more_processes_than_colours_share_the_last_one() {
    let mut report = empty();
    let shares = (0..20).map(|index| Share { process: format!("process {index}"), cpu_s: 0.1 }).collect();
    report.cpu = vec![CpuRun { run: "busy".to_owned(), seconds: 2.0, cores: 1, shares }];
    let page = html::render(&report);
    assert!(page.contains(">process 7<") && !page.contains(">process 8<") && page.contains(">others<"));
    assert!(page.contains(">2.00 of 2.00 s<"));
}
