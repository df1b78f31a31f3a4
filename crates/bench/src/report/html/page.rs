//! The page around the plots: what was measured where, how it came out, all results, and how they were measured.

use super::markup::Element;
use super::plots;
use crate::report::{Mode, Report, account, figure};
use crate::result::{Measurement, Verdict};
use crate::target::Of;

const STYLE: &str = include_str!("style.css");

pub(super) fn render(report: &Report) -> String {
    let main = Element::new("main")
        .child(header(report))
        .child(summary(report))
        .children(missed(report))
        .children(plots::all(report))
        .child(results(report))
        .children(method(report));
    // What has no closing tag, or is no text, is written by hand.
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Sendstate, measured</title>\n<style>\n",
    );
    page.push_str(STYLE);
    page.push_str("</style>\n</head>\n<body>\n");
    main.write(&mut page);
    page.push_str("\n</body>\n</html>\n");
    page
}

fn header(report: &Report) -> Element {
    let machine = &report.machine;
    let commit = report.commit.as_ref().map(|commit| {
        let short: String = commit.hash.chars().take(12).collect();
        if commit.dirty { format!("{short}, with changes") } else { short }
    });
    let mode = match report.mode {
        Mode::Full => "full",
        Mode::Quick => "quick: fewer rounds, shorter stretches, no end to end with 1 or 10 events a POST",
    };
    let memory = machine.memory_mib.map(|mib| figure::with_unit(mib as f64 / 1024.0, "GiB"));
    let took = figure::with_unit(report.took.as_secs_f64() / 60.0, "min");
    let mut facts = vec![
        ("Run", Some(format!("{mode}; {took}"))),
        ("Began", Some(report.started_at.strftime("%Y-%m-%d %H:%M UTC").to_string())),
        ("Commit", commit),
        ("CPU", machine.cpu.clone()),
        ("Cores", machine.cores.map(|cores| cores.to_string())),
        ("Memory", memory),
        ("Kernel", machine.kernel.clone()),
        ("Filesystem", machine.filesystem.clone()),
    ];
    facts.extend(machine.versions.iter().map(|(name, version)| (name.as_str(), Some(version.clone()))));
    let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let rows = known.map(|(name, value)| {
        let name = Element::new("dt").text(name);
        Element::new("div").child(name).child(Element::new("dd").text(value))
    });
    Element::new("header")
        .child(Element::new("h1").text("Sendstate, measured"))
        .child(Element::new("dl").children(rows))
}

fn summary(report: &Report) -> Element {
    let tally = report.tally();
    let all = tally.met + tally.missed + tally.failed;
    let mut text = format!("{} of {all} targets met.", tally.met);
    if tally.missed > 0 {
        text.push_str(&format!(
            " {} missed: what binds them was measured, or they are not judged.",
            tally.missed
        ));
    }
    if tally.failed > 0 {
        text.push_str(&format!(" {} missed, and nothing measured says why.", tally.failed));
    }
    Element::new("p").class("summary").text(text)
}

/// The targets that were missed, with what stands in the way.
fn missed(report: &Report) -> Option<Element> {
    let items: Vec<_> = report.results().iter().filter_map(miss).collect();
    (!items.is_empty()).then(|| Element::new("ul").class("misses").children(items))
}

fn miss(result: &Measurement) -> Option<Element> {
    let told = account::misses(result)?;
    let id = Element::new("code").text(result.id());
    let item = Element::new("li").child(id).text(format_args!(" {told}"));
    Some(if result.fails_check() { item.class("failed") } else { item })
}

fn results(report: &Report) -> Element {
    let head = ["id", "value", "", "rounds", "floor", "ratio", "target", "verdict"];
    let head = Element::new("tr").children(head.map(|name| Element::new("th").text(name)));
    let rows = report.results().iter().map(row);
    let table = Element::new("table")
        .child(Element::new("thead").child(head))
        .child(Element::new("tbody").children(rows));
    Element::new("section")
        .child(Element::new("h2").text("All results"))
        .child(Element::new("div").class("wide").child(table))
}

fn row(result: &Measurement) -> Element {
    let cell = |class: &str, text: String| Element::new("td").class(class).text(text);
    let spread = result.spread().filter(|spread| spread.max > spread.min);
    let spread =
        spread.map(|spread| format!("{} to {}", figure::plain(spread.min), figure::plain(spread.max)));
    let floor = result.floor().map(|floor| figure::plain(floor.value));
    let ratio = result.ratio().map(|ratio| figure::plain(ratio.value));
    let (class, verdict) = match (result.verdict(), result.goal()) {
        (Verdict::Untargeted, _) => ("quiet", String::new()),
        (Verdict::Met, Some((_, false))) => ("met", "ok, goal missed".to_owned()),
        (Verdict::Met, _) => ("met", "ok".to_owned()),
        (Verdict::Unformed(_), _) => ("missed", "no ratio".to_owned()),
        (Verdict::Missed { .. }, _) => ("missed", "missed".to_owned()),
    };
    let mut id = Element::new("td").child(Element::new("code").text(result.id()));
    if let Some(note) = result.note() {
        id = id.child(Element::new("small").text(note));
    }
    // The unit stands beside the figure.
    let wanted = result.target().into_iter().chain(result.goal().map(|(goal, _)| goal));
    let wanted: Vec<_> = wanted.map(|wanted| figure::target(wanted, "")).collect();
    let is_judged = result.target().is_some_and(|target| target.of == Of::Ratio);
    Element::new("tr")
        .child(id)
        .child(cell("figure", figure::plain(result.value())))
        .child(cell("unit", result.unit().to_owned()))
        .child(cell("figure quiet", spread.unwrap_or_default()))
        .child(cell("figure", floor.unwrap_or_default()))
        .child(cell("figure", ratio.unwrap_or_default()))
        .child(cell(if is_judged { "" } else { "quiet" }, wanted.join("; ")))
        .child(cell(class, verdict))
}

fn method(report: &Report) -> Option<Element> {
    if report.method.is_empty() {
        return None;
    }
    let parts = report.method.iter().map(|(heading, text)| {
        let paragraphs = text.split("\n\n").map(|paragraph| Element::new("p").text(paragraph.trim()));
        Element::new("div").child(Element::new("h3").text(heading)).children(paragraphs)
    });
    let heading = Element::new("h2").text("How this was measured");
    Some(Element::new("section").class("method").child(heading).children(parts))
}
