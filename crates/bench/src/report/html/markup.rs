//! Elements of HTML and SVG as a tree: what is written from it is balanced and escaped.

use std::fmt::Display;

#[derive(Clone, Debug)]
enum Node {
    Element(Element),
    Text(String),
}

/// Has a closing tag always; elements that may have none, such as `meta`, are not for it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

impl Element {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    pub(super) fn attribute(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// A coordinate or a length: a tenth of a pixel is finer than anybody sees.
    pub(super) fn at(self, name: &'static str, value: f64) -> Self {
        let value = (value * 10.0).round() / 10.0;
        // What cannot be placed stands at the origin; who places knows it beforehand.
        self.attribute(name, if value.is_finite() { value } else { 0.0 })
    }

    pub(super) fn class(self, class: impl Display) -> Self {
        self.attribute("class", class)
    }

    pub(super) fn text(mut self, text: impl Display) -> Self {
        self.children.push(Node::Text(text.to_string()));
        self
    }

    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(super) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    pub(super) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (attribute, value) in &self.attributes {
            out.push_str(&format!(" {attribute}=\"{}\"", escaped(value)));
        }
        out.push('>');
        for child in &self.children {
            match child {
                Node::Element(element) => element.write(out),
                Node::Text(text) => out.push_str(&escaped(text)),
            }
        }
        out.push_str(&format!("</{}>", self.name));
    }
}

/// Safe as text and within a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() && letter != '\n' => escaped.push('\u{FFFD}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_stay_what_they_are() {
        let element = Element::new("p").class("\" onload='x'").text("<script>&\u{0}\n</p>");
        let mut out = String::new();
        element.write(&mut out);
        assert_eq!(out, "<p class=\"&quot; onload=&#39;x&#39;\">&lt;script&gt;&amp;\u{FFFD}\n&lt;/p&gt;</p>");
    }

    #[test]
    fn coordinates_are_short_numbers_always() {
        let mut out = String::new();
        let element = Element::new("g").at("x", 1.0 / 3.0).at("y", f64::NAN).at("r", 12.0).at("z", -0.04);
        element.write(&mut out);
        assert_eq!(out, "<g x=\"0.3\" y=\"0\" r=\"12\" z=\"-0\"></g>");
    }
}
