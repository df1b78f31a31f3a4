//! Groups of columns side by side: how figures depend on a size.

use super::markup::Element;
use super::scale::Scale;
use super::text::{Anchor, drawing, legend, line, rectangle, text};
use crate::report::figure;

const LEFT: f64 = 44.0;
const HEIGHT: f64 = 190.0;

/// One colour, and its figure in each group; no number where there is none.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

#[derive(Clone, Debug)]
pub(super) struct Columns<'a> {
    pub(super) title: &'a str,
    /// Of the upright axis.
    pub(super) unit: &'a str,
    /// What the groups are.
    pub(super) across: &'a str,
    pub(super) groups: Vec<String>,
    pub(super) series: Vec<Series>,
    /// A figure that is wanted, drawn across.
    pub(super) wanted: Option<(f64, String)>,
    pub(super) width: f64,
}

impl Columns<'_> {
    pub(super) fn draw(&self) -> Element {
        let entries = self.series.iter().map(|series| (series.class.clone(), series.name.as_str()));
        let (legend, legend_height) = legend(entries, LEFT, self.width);
        // Above the topmost mark stand the unit and the figures of the highest columns.
        let top = legend_height + 26.0;
        let bottom = top + HEIGHT;
        let finite = |figure: &f64| figure.is_finite();
        let figures = self.series.iter().flat_map(|series| series.values.iter().copied());
        let wanted = self.wanted.iter().map(|(figure, _)| *figure);
        let greatest = figures.chain(wanted).filter(finite).fold(0.0, f64::max);
        let scale = Scale::new(greatest, bottom, top);
        let mut svg = drawing(self.title, self.width, bottom + 38.0).children(legend);
        for mark in scale.marks() {
            let y = scale.place(mark);
            svg = svg.child(line("grid", (LEFT, y), (self.width, y)));
            svg = svg.child(text(LEFT - 6.0, y + 4.0, Anchor::End, &figure::round(mark)).class("quiet"));
        }
        svg = svg.child(text(LEFT, top - 13.0, Anchor::Start, self.unit).class("quiet"));
        let (columns, words) = self.groups(&scale, bottom);
        svg = svg.children(columns);
        if let Some((figure, shown)) = &self.wanted {
            let y = scale.place(*figure);
            svg = svg.child(line("target dashes", (LEFT, y), (self.width, y)));
            svg = svg.child(text(LEFT + 4.0, y - 5.0, Anchor::Start, shown).class("strong"));
        }
        // Words last: nothing is drawn across them.
        svg.children(words)
            .child(line("axis", (LEFT, bottom), (self.width, bottom)))
            .child(text((LEFT + self.width) / 2.0, bottom + 34.0, Anchor::Middle, self.across).class("quiet"))
    }

    /// The columns, and what is written at them.
    fn groups(&self, scale: &Scale, bottom: f64) -> (Vec<Element>, Vec<Element>) {
        let count = |length: usize| f64::from(u32::try_from(length.max(1)).unwrap_or(u32::MAX));
        let room = (self.width - LEFT) / count(self.groups.len());
        let column = (room * 0.82 / count(self.series.len())).min(46.0);
        let (mut columns, mut words) = (Vec::new(), Vec::new());
        let mut group_left = LEFT;
        for (index, group) in self.groups.iter().enumerate() {
            let middle = group_left + room / 2.0;
            words.push(text(middle, bottom + 16.0, Anchor::Middle, group));
            let present = self.series.iter().filter_map(|series| {
                series.values.get(index).filter(|figure| figure.is_finite()).map(|figure| (series, *figure))
            });
            let present: Vec<_> = present.collect();
            let mut x = middle - column * count(present.len()) / 2.0;
            for (series, figure) in present {
                let y = scale.place(figure);
                columns.push(rectangle(&series.class, (x + 1.0, y), column - 2.0, bottom - y));
                // Narrow columns have no room for their figures; the table has them.
                if column >= 22.0 {
                    let shown = figure::compact(figure);
                    words.push(text(x + column / 2.0, y - 4.0, Anchor::Middle, &shown).class("small"));
                }
                x += column;
            }
            group_left += room;
        }
        (columns, words)
    }
}
