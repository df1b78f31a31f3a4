//! What a result has to say for itself, in words: the same in the table and on the page.

use super::figure;
use crate::result::{Measurement, Verdict};
use crate::target::Of;

/// What is wanted of it, in its unit.
pub(super) fn wanted(result: &Measurement) -> Option<String> {
    let target = figure::target(result.target()?, result.unit());
    let goal = result.goal().map(|(goal, _)| figure::target(goal, result.unit()));
    Some(goal.map_or_else(|| target.clone(), |goal| format!("{target}; {goal}")))
}

/// Sentences on the target and the goal that were missed; `None` where none was.
pub(super) fn misses(result: &Measurement) -> Option<String> {
    let misses: Vec<_> = [target(result), goal(result)].into_iter().flatten().collect();
    (!misses.is_empty()).then(|| misses.join(" "))
}

fn target(result: &Measurement) -> Option<String> {
    let target = result.target().filter(|_| result.is_met() == Some(false))?;
    let found = match target.of {
        Of::Ratio => result.ratio().map_or_else(
            || "no ratio".to_owned(),
            |ratio| format!("{} × its floor", figure::plain(ratio.value)),
        ),
        Of::Value => figure::with_unit(result.value(), result.unit()),
    };
    let why = match result.verdict() {
        Verdict::Unformed(reason) => format!("{reason}, which fails the check"),
        Verdict::Missed { binds: Some(binds) } => format!("binds: {binds}"),
        _ if result.fails_check() => "nothing measured says what binds it, which fails the check".to_owned(),
        _ => "a figure of this machine, not judged".to_owned(),
    };
    let wanted = figure::target(target, result.unit());
    Some(format!("{found}, wanted {wanted}; {}.", why.trim_end().trim_end_matches('.')))
}

fn goal(result: &Measurement) -> Option<String> {
    let (goal, _) = result.goal().filter(|(_, met)| !met)?;
    let found = figure::with_unit(result.value(), result.unit());
    let wanted = figure::target(goal, result.unit());
    Some(format!("{found}, wanted {wanted}; a figure of this machine, not judged."))
}
