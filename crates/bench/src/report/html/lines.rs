//! Curves of a figure over something that grows.

use super::markup::Element;
use super::scale::Scale;
use super::text::{Anchor, drawing, legend, line, text};
use crate::report::figure;

const LEFT: f64 = 44.0;
const RIGHT: f64 = 24.0;
const HEIGHT: f64 = 200.0;

#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// One of the colours of the style, by number.
    pub(super) colour: usize,
    pub(super) name: String,
    /// From left to right. Across, from 0 to 1 of the width; upwards, a figure.
    pub(super) points: Vec<(f64, f64)>,
}

/// Something that is wanted there; across the whole width where it has no place.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) across: Option<f64>,
    pub(super) figure: f64,
    pub(super) shown: String,
}

#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    pub(super) across: &'a str,
    /// Places across, from 0 to 1, and what is written there.
    pub(super) marks: Vec<(f64, String)>,
    pub(super) curves: Vec<Curve>,
    pub(super) wanted: Vec<Wanted>,
    pub(super) width: f64,
    /// Whether each point was measured and is shown, or is one of many that make a curve.
    pub(super) dots: Dots,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dots {
    Shown,
    Hidden,
}

impl Lines<'_> {
    fn x(&self, share: f64) -> f64 {
        (self.width - LEFT - RIGHT).mul_add(share.clamp(0.0, 1.0), LEFT)
    }

    pub(super) fn draw(&self) -> Element {
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty());
        let entries: Vec<_> =
            named.map(|curve| (format!("s{}", curve.colour), curve.name.as_str())).collect();
        let (legend, legend_height) =
            if entries.is_empty() { (Vec::new(), 0.0) } else { legend(entries, LEFT, self.width) };
        let top = legend_height + 24.0;
        let bottom = top + HEIGHT;
        let figures = self.curves.iter().flat_map(|curve| curve.points.iter().map(|(_, figure)| *figure));
        let figures = figures.chain(self.wanted.iter().map(|wanted| wanted.figure));
        let scale = Scale::new(figures.filter(|figure| figure.is_finite()).fold(0.0, f64::max), bottom, top);
        let mut svg = drawing(self.title, self.width, bottom + 38.0).children(legend);
        for mark in scale.marks() {
            let y = scale.place(mark);
            svg = svg.child(line("grid", (LEFT, y), (self.x(1.0), y)));
            svg = svg.child(text(LEFT - 6.0, y + 4.0, Anchor::End, &figure::round(mark)).class("quiet"));
        }
        svg = svg.child(text(LEFT, top - 10.0, Anchor::Start, self.unit).class("quiet"));
        for (share, shown) in &self.marks {
            let x = self.x(*share);
            svg = svg.child(line("axis", (x, bottom), (x, bottom + 4.0)));
            svg = svg.child(text(x, bottom + 16.0, Anchor::Middle, shown).class("quiet"));
        }
        svg = svg.child(line("axis", (LEFT, bottom), (self.x(1.0), bottom)));
        svg = svg.children(self.wanted.iter().flat_map(|wanted| self.wanted(wanted, &scale)));
        svg = svg.children(self.curves.iter().flat_map(|curve| self.curve(curve, &scale)));
        let middle = f64::midpoint(self.x(0.0), self.x(1.0));
        svg.child(text(middle, bottom + 34.0, Anchor::Middle, self.across).class("quiet"))
    }

    fn wanted(&self, wanted: &Wanted, scale: &Scale) -> [Element; 2] {
        let y = scale.place(wanted.figure);
        let (class, from, to, label) = match wanted.across {
            None => ("target dashes", self.x(0.0), self.x(1.0), Anchor::Start),
            Some(share) => ("target", self.x(share) - 26.0, self.x(share) + 26.0, Anchor::Middle),
        };
        let x = if wanted.across.is_some() { f64::midpoint(from, to) } else { from + 4.0 };
        [line(class, (from, y), (to, y)), text(x, y - 5.0, label, &wanted.shown).class("strong")]
    }

    fn curve(&self, curve: &Curve, scale: &Scale) -> Vec<Element> {
        let points = curve.points.iter().filter(|(share, figure)| share.is_finite() && figure.is_finite());
        let placed = points.map(|(share, figure)| (self.x(*share), scale.place(*figure), *figure));
        let placed: Vec<_> = placed.collect();
        let path: Vec<_> = placed.iter().map(|(x, y, _)| format!("{x:.1},{y:.1}")).collect();
        let class = format!("curve c{}", curve.colour);
        let mut elements = vec![Element::new("polyline").class(class).attribute("points", path.join(" "))];
        if self.dots == Dots::Shown {
            elements.extend(placed.iter().map(|(x, y, figure)| {
                let dot = Element::new("circle").class(format_args!("s{}", curve.colour));
                let shown = Element::new("title").text(figure::plain(*figure));
                dot.at("cx", *x).at("cy", *y).at("r", 3.5).child(shown)
            }));
        }
        elements
    }
}
