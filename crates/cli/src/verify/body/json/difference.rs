//! What was done to a JSON text, told from how it was written and how it is written now.

use super::super::super::mistake::Mistake;
use super::tree::{Order, Style, Tree};

/// How white space is used outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    None,
    CrLfBetweenEvents,
    LfBetweenEvents,
    Spaced,
    Indented,
    Other,
}

/// What is seen of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    layout: Layout,
    /// Whether there are escapes of, and such characters as they are.
    non_ascii: Written,
    markup: Written,
    slashes: Written,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Written {
    escaped: bool,
    plain: bool,
}

/// White space outside strings, by kind.
#[derive(Clone, Copy, Debug, Default)]
struct Spaces {
    cr_lf: bool,
    lf: bool,
    spaced: bool,
    indented: bool,
    other: bool,
}

/// What made `received`, which is `tree`, of `original`, which is `tree` in this style.
pub(super) fn mistakes(received: &str, tree: &Tree<'_>, style: Style, original: &str) -> Vec<Mistake> {
    let (now, then) = (seen(received), seen(original));
    let mut mistakes = Vec::new();
    if now.layout == then.layout {
        mistakes.extend(end(received, original));
    } else {
        mistakes.push(match now.layout {
            Layout::None => Mistake::JsonCompact,
            Layout::LfBetweenEvents => Mistake::LineFeedsOnly,
            Layout::Spaced => Mistake::JsonSpaced,
            Layout::Indented => Mistake::JsonIndented,
            Layout::CrLfBetweenEvents | Layout::Other => Mistake::JsonLayout,
        });
    }
    let with = |order| tree.write(Style { order, ..style });
    if style.order != Order::Kept && with(Order::Kept) != original {
        let sorted = with(Order::Kept) == with(Order::Sorted);
        mistakes.push(if sorted { Mistake::KeysSorted } else { Mistake::KeysReordered });
    }
    for (now, then, escaped, unescaped) in [
        (now.non_ascii, then.non_ascii, Mistake::NonAsciiEscaped, Mistake::NonAsciiUnescaped),
        (now.markup, then.markup, Mistake::MarkupEscaped, Mistake::MarkupUnescaped),
        (now.slashes, then.slashes, Mistake::SlashesEscaped, Mistake::SlashesUnescaped),
    ] {
        if now.escaped && then.plain && !then.escaped {
            mistakes.push(escaped);
        } else if now.plain && then.escaped && !now.escaped {
            mistakes.push(unescaped);
        }
    }
    if mistakes.is_empty() {
        mistakes.push(Mistake::EscapesRewritten);
    }
    mistakes
}

/// What happened to the end, where nothing else happened to the white space.
fn end(received: &str, original: &str) -> Option<Mistake> {
    let end = |text: &str| text.len() - text.trim_end().len();
    match (end(received), end(original)) {
        (now, then) if now < then => Some(Mistake::EndTrimmed),
        (now, then) if now > then => Some(Mistake::EndAdded),
        _ => None,
    }
}

fn seen(text: &str) -> Seen {
    let mut seen = Seen {
        layout: Layout::None,
        non_ascii: Written::default(),
        markup: Written::default(),
        slashes: Written::default(),
    };
    let (bytes, mut spaces) = (text.trim_ascii_end().as_bytes(), Spaces::default());
    let (mut at, mut depth, mut before) = (0, 0_usize, b' ');
    while let Some(byte) = bytes.get(at) {
        let next = match byte {
            b'"' => in_string(bytes, at + 1, &mut seen),
            b' ' | b'\t' | b'\r' | b'\n' => in_space(bytes, at, depth, before, &mut spaces),
            _ => at + 1,
        };
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = *byte;
        at = next;
    }
    seen.layout = spaces.layout();
    seen
}

/// Looks at a string whose content begins at `at`; returns where it is over.
fn in_string(bytes: &[u8], mut at: usize, seen: &mut Seen) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => {
                match bytes.get(at + 1) {
                    Some(b'u') => match bytes.get(at + 2..at + 6) {
                        Some(b"003c" | b"003e" | b"0026" | b"003C" | b"003E") => seen.markup.escaped = true,
                        // What is below 0x80 and not markup is a control character, which needs its escape.
                        Some(digits)
                            if !digits.starts_with(b"00")
                                || digits.get(2).is_some_and(|digit| *digit >= b'8') =>
                        {
                            seen.non_ascii.escaped = true;
                        }
                        _ => {}
                    },
                    Some(b'/') => seen.slashes.escaped = true,
                    _ => {}
                }
                at += 1;
            }
            b'<' | b'>' | b'&' => seen.markup.plain = true,
            b'/' => seen.slashes.plain = true,
            byte if !byte.is_ascii() => seen.non_ascii.plain = true,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Looks at white space that begins at `at`; returns where it is over.
fn in_space(bytes: &[u8], at: usize, depth: usize, before: u8, spaces: &mut Spaces) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.iter().position(|byte| !b" \t\r\n".contains(byte)).unwrap_or(rest.len());
    match rest.get(..length).unwrap_or_default() {
        b"\r\n" if depth == 1 && before == b',' => spaces.cr_lf = true,
        b"\n" if depth == 1 && before == b',' => spaces.lf = true,
        run if run.contains(&b'\n') => spaces.indented = true,
        b" " if matches!(before, b',' | b':') => spaces.spaced = true,
        _ => spaces.other = true,
    }
    at + length
}

impl Spaces {
    const fn layout(self) -> Layout {
        match self {
            Self { indented: true, .. } => Layout::Indented,
            Self { other: true, .. } => Layout::Other,
            Self { spaced: true, .. } => Layout::Spaced,
            Self { cr_lf: true, .. } => Layout::CrLfBetweenEvents,
            Self { lf: true, .. } => Layout::LfBetweenEvents,
            _ => Layout::None,
        }
    }
}
