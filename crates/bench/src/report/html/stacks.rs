//! Rows divided among several: where something went.

use super::markup::Element;
use super::scale::Scale;
use super::text::{Anchor, LETTER, drawing, legend, line, rectangle, text};

const WIDTH: f64 = 760.0;
const ROW: f64 = 28.0;
const BEHIND: f64 = 110.0;

/// One row: shares of the whole from 0 to 1, by the index of their name.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    pub(super) label: String,
    pub(super) shares: Vec<(usize, f64)>,
    pub(super) shown: String,
}

pub(super) fn stacked(title: &str, names: &[(String, String)], stacks: &[Stack]) -> Element {
    let longest = stacks.iter().map(|stack| stack.label.chars().count()).max().unwrap_or_default();
    let left = f64::from(u16::try_from(longest).unwrap_or(u16::MAX)).mul_add(LETTER, 16.0).min(WIDTH / 3.0);
    let entries = names.iter().map(|(class, name)| (class.clone(), name.as_str()));
    let (legend, legend_height) = legend(entries, left, WIDTH);
    let top = legend_height + 8.0;
    let rows = f64::from(u32::try_from(stacks.len()).unwrap_or(u32::MAX));
    let bottom = ROW.mul_add(rows, top);
    let scale = Scale::ending(1.0, left, WIDTH - BEHIND);
    let mut svg = drawing(title, WIDTH, bottom + 24.0).children(legend);
    let mut y = top;
    for stack in stacks {
        let middle = y + ROW / 2.0;
        svg = svg.child(text(left - 8.0, middle + 4.0, Anchor::End, &stack.label));
        svg = svg.child(rectangle("idle", (left, middle - 8.0), WIDTH - BEHIND - left, 16.0));
        let mut taken = 0.0;
        for (name, share) in stack.shares.iter().filter(|(_, share)| share.is_finite() && *share > 0.0) {
            let Some((class, _)) = names.get(*name) else { continue };
            let (from, to) = (scale.place(taken), scale.place(taken + share));
            // A hair between neighbours, where there is room for one.
            let gap = if to - from > 3.0 { 1.0 } else { 0.0 };
            svg = svg.child(rectangle(class, (from, middle - 8.0), to - from - gap, 16.0));
            taken += share;
        }
        svg = svg.child(text(WIDTH - BEHIND + 14.0, middle + 4.0, Anchor::Start, &stack.shown));
        y += ROW;
    }
    for (share, shown) in [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")] {
        let x = scale.place(share);
        svg = svg.child(line("grid", (x, top), (x, bottom)));
        svg = svg.child(text(x, bottom + 15.0, Anchor::Middle, shown).class("quiet"));
    }
    svg
}
