//! The pieces all drawings are put together from.

use super::markup::Element;

/// Where text hangs on its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Width of a letter of the drawings' text, about: for leaving room, not for exact fits.
pub(super) const LETTER: f64 = 6.6;

/// A drawing that fills the width it is given, and says to those who do not see it what it is.
pub(super) fn drawing(title: &str, width: f64, height: f64) -> Element {
    Element::new("svg")
        .attribute("viewBox", format_args!("0 0 {width:.0} {height:.0}"))
        .attribute("role", "img")
        .attribute("aria-label", title)
}

pub(super) fn text(x: f64, y: f64, anchor: Anchor, text: &str) -> Element {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    Element::new("text").at("x", x).at("y", y).attribute("text-anchor", anchor).text(text)
}

pub(super) fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Element {
    Element::new("line").class(class).at("x1", x1).at("y1", y1).at("x2", x2).at("y2", y2)
}

pub(super) fn rectangle(class: &str, (x, y): (f64, f64), width: f64, height: f64) -> Element {
    let element = Element::new("rect").class(class).at("x", x).at("y", y);
    element.at("width", width.max(0.0)).at("height", height.max(0.0))
}

/// What the colours mean, in one row of a drawing; wraps where the row ends. Returns the rows' height, too.
pub(super) fn legend<'a>(
    entries: impl IntoIterator<Item = (String, &'a str)>,
    left: f64,
    width: f64,
) -> (Vec<Element>, f64) {
    const ROW: f64 = 18.0;
    let mut elements = Vec::new();
    let (mut x, mut y) = (left, 12.0);
    for (class, name) in entries {
        let letters = u16::try_from(name.chars().count()).unwrap_or(u16::MAX);
        let room = f64::from(letters).mul_add(LETTER, 32.0);
        if x > left && x + room > width {
            (x, y) = (left, y + ROW);
        }
        elements.push(rectangle(&class, (x, y - 9.0), 10.0, 10.0));
        elements.push(text(x + 15.0, y, Anchor::Start, name).class("quiet"));
        x += room;
    }
    (elements, y + 6.0)
}
