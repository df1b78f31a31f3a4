//! Line breaks of a body: those between events, and the one at the end.

use super::super::mistake::Mistake;
use Mistake::{CarriageReturnsAdded, EndAdded, EndTrimmed, LineFeedsOnly};

/// What the breaks within the body may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaks {
    AsTheyAre,
    CrLf,
    Lf,
}

/// What the body may have ended in; `None`: what it ends in now, its breaks changed like the others.
const ENDS: [Option<&[u8]>; 4] = [None, Some(b"\r\n"), Some(b""), Some(b"\n")];

/// As [`super::search`], for line breaks alone.
pub(super) fn search<T>(
    body: &[u8],
    attempt: &mut impl FnMut(&[u8]) -> Option<T>,
) -> Option<(Vec<Mistake>, T)> {
    let at = body.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
    let (text, end) = body.split_at(at);
    let mut ways = Vec::new();
    for breaks in [Breaks::AsTheyAre, Breaks::CrLf, Breaks::Lf] {
        for wanted in ENDS {
            ways.push((mistakes(text, end, breaks, wanted), breaks, wanted));
        }
    }
    ways.sort_by_key(|(mistakes, ..)| mistakes.len());
    ways.into_iter().find_map(|(mistakes, breaks, wanted)| {
        let mut candidate = converted(text, breaks);
        candidate.extend(wanted.map_or_else(|| converted(end, breaks), <[u8]>::to_vec));
        attempt(&candidate).map(|found| (mistakes, found))
    })
}

/// What has happened if `text` and its `end` had such breaks and ended as wanted.
fn mistakes(text: &[u8], end: &[u8], breaks: Breaks, wanted: Option<&[u8]>) -> Vec<Mistake> {
    let (changed_end, single) = (converted(end, breaks), !text.contains(&b'\n'));
    let within = converted(text, breaks) != text || (single && changed_end != end);
    let mut mistakes = Vec::new();
    match breaks {
        Breaks::CrLf if within => mistakes.push(LineFeedsOnly),
        Breaks::Lf if within => mistakes.push(CarriageReturnsAdded),
        // All breaks within are as they were, so the end did not change with them.
        _ if changed_end != end => mistakes.extend([EndTrimmed, EndAdded]),
        _ => {}
    }
    mistakes.extend(of_end(&changed_end, wanted));
    mistakes
}

/// What has happened to an end that was as wanted and is `end` now.
fn of_end(end: &[u8], wanted: Option<&[u8]>) -> &'static [Mistake] {
    match wanted {
        None => &[],
        Some(wanted) if wanted == end => &[],
        Some(wanted) if end.starts_with(wanted) => &[EndAdded],
        Some(_) if end.is_empty() => &[EndTrimmed],
        Some(_) => &[EndTrimmed, EndAdded],
    }
}

fn converted(text: &[u8], breaks: Breaks) -> Vec<u8> {
    let lines = || text.split(|byte| *byte == b'\n');
    let bare = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
    match breaks {
        Breaks::AsTheyAre => text.to_vec(),
        // What follows the last break is no line of its own: a carriage return there is left alone.
        Breaks::CrLf | Breaks::Lf => {
            let count = lines().count();
            let each = lines()
                .enumerate()
                .map(|(number, line)| if number + 1 < count { bare(line) } else { line.to_vec() });
            each.collect::<Vec<_>>().join(if breaks == Breaks::CrLf { b"\r\n".as_slice() } else { b"\n" })
        }
    }
}
