//! Horizontal bars with a mark where each should end or begin: results against their targets.

use super::markup::Element;
use super::scale::Scale;
use super::text::{Anchor, LETTER, drawing, line, rectangle, text};
use crate::report::figure;
use crate::statistics::Spread;

const WIDTH: f64 = 760.0;
const ROW: f64 = 26.0;
/// Room for what stands behind the bars.
const BEHIND: f64 = 150.0;
const TOP: f64 = 8.0;

/// How a bar is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Met,
    Missed,
    /// Nothing was wanted.
    Plain,
}

#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    /// No number: there is only the text.
    pub(super) value: f64,
    pub(super) spread: Option<Spread>,
    pub(super) target: Option<f64>,
    pub(super) outcome: Outcome,
    /// The figure, and what is wanted of it.
    pub(super) shown: (String, String),
}

/// The scale reaches no further than twice the greatest target: one result that misses by far must not hide the others.
fn scale_of(bars: &[Bar], left: f64) -> Scale {
    let finite = |figure: &f64| figure.is_finite();
    let greatest = bars.iter().map(|bar| bar.value).filter(finite).fold(0.0, f64::max);
    let target = bars.iter().filter_map(|bar| bar.target).filter(finite).fold(0.0, f64::max);
    let greatest = if target > 0.0 { greatest.min(target * 2.0).max(target) } else { greatest };
    Scale::new(greatest, left, WIDTH - BEHIND)
}

/// Room for the labels: drawings above each other line up when they are given the greatest.
pub(super) fn room(bars: &[Bar]) -> f64 {
    let longest = bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or_default();
    f64::from(u16::try_from(longest).unwrap_or(u16::MAX)).mul_add(LETTER, 16.0).min(WIDTH / 3.0)
}

pub(super) fn horizontal(title: &str, unit: &str, bars: &[Bar], left: f64) -> Element {
    let scale = scale_of(bars, left);
    let rows = f64::from(u32::try_from(bars.len()).unwrap_or(u32::MAX));
    let bottom = ROW.mul_add(rows, TOP);
    let mut svg = drawing(title, WIDTH, bottom + 24.0);
    for mark in scale.marks() {
        let x = scale.place(mark);
        svg = svg.child(line("grid", (x, TOP), (x, bottom)));
        svg = svg.child(text(x, bottom + 15.0, Anchor::Middle, &figure::round(mark)).class("quiet"));
    }
    svg = svg.child(text(WIDTH - BEHIND + 14.0, bottom + 15.0, Anchor::Start, unit).class("quiet"));
    let mut y = TOP;
    for bar in bars {
        svg = svg.children(row(bar, &scale, y, left));
        y += ROW;
    }
    svg.child(line("axis", (left, TOP), (left, bottom)))
}

fn row(bar: &Bar, scale: &Scale, y: f64, left: f64) -> Vec<Element> {
    let middle = y + ROW / 2.0;
    let class = match bar.outcome {
        Outcome::Met => "met",
        Outcome::Missed => "missed",
        Outcome::Plain => "floor",
    };
    let mut row = vec![text(left - 8.0, middle + 4.0, Anchor::End, &bar.label)];
    if bar.value.is_finite() {
        let end = scale.place(bar.value);
        row.push(rectangle(class, (left, middle - 7.0), end - left, 14.0));
        if !scale.reaches(bar.value) {
            // It goes on beyond the scale.
            let points = format!(
                "{:.1},{:.1} {:.1},{middle:.1} {:.1},{:.1}",
                end + 2.0,
                middle - 7.0,
                end + 9.0,
                end + 2.0,
                middle + 7.0
            );
            row.push(Element::new("polygon").class(class).attribute("points", points));
        }
    }
    if let Some(Spread { min, max }) = bar.spread.filter(|spread| spread.max > spread.min) {
        let (from, to) = (scale.place(min), scale.place(max));
        row.push(line("spread", (from, middle), (to, middle)));
        for end in [from, to] {
            row.push(line("spread", (end, middle - 3.0), (end, middle + 3.0)));
        }
    }
    if let Some(target) = bar.target.filter(|target| target.is_finite()) {
        let x = scale.place(target);
        row.push(line("target", (x, y + 2.0), (x, y + ROW - 2.0)));
    }
    // Colour alone must not tell a miss.
    let (class, missed) = if bar.outcome == Outcome::Missed { ("strong", " missed") } else { ("plain", "") };
    let (figure, wanted) = &bar.shown;
    row.push(text(WIDTH - BEHIND + 50.0, middle + 4.0, Anchor::End, figure).class(class));
    row.push(
        text(WIDTH - BEHIND + 58.0, middle + 4.0, Anchor::Start, &format!("{wanted}{missed}")).class(class),
    );
    row
}
