//! Figures as people read them: three digits that mean something, and units.

use crate::target::{Of, Target};

/// What stands where nothing was measured.
pub const NOTHING: &str = "–";

/// Three significant digits, or all of the whole ones, grouped by thousands.
#[must_use]
pub fn plain(figure: f64) -> String {
    if !figure.is_finite() {
        return NOTHING.to_owned();
    }
    let size = figure.abs();
    if size >= 1e15 || (size > 0.0 && size < 1e-4) {
        return format!("{figure:.2e}");
    }
    // Compared with what would be rounded up, so that 99.95 is 100 and not 100.0.
    let decimals = match size {
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        0.09995.. => 3,
        0.009_995.. => 4,
        _ if size > 0.0 => 5,
        _ => 0,
    };
    grouped(&format!("{figure:.decimals$}"))
}

/// With its unit, where it has one.
#[must_use]
pub fn with_unit(figure: f64, unit: &str) -> String {
    match (figure.is_finite(), unit) {
        (false, _) | (true, "") => plain(figure),
        (true, unit) => format!("{} {unit}", plain(figure)),
    }
}

/// As short as fits above a column.
#[must_use]
pub fn compact(figure: f64) -> String {
    let (scaled, suffix) = match figure.abs() {
        size if !size.is_finite() => return NOTHING.to_owned(),
        999_500_000.0.. => return plain(figure),
        999_500.0.. => (figure / 1e6, "M"),
        9_995.0.. => (figure / 1e3, "k"),
        _ => return plain(figure),
    };
    format!("{}{suffix}", plain(scaled))
}

/// A round number without what was added only to align it: 20M, not 20.0M.
#[must_use]
pub fn round(figure: f64) -> String {
    let (scaled, suffix) = match figure.abs() {
        1e6..1e9 => (figure / 1e6, "M"),
        1e4..1e6 => (figure / 1e3, "k"),
        _ => (figure, ""),
    };
    format!("{}{suffix}", trimmed(scaled))
}

/// A target with its sign, and its unit when it is one of figures.
#[must_use]
pub fn target(target: Target, unit: &str) -> String {
    let (sign, value) = (target.op.sign(), trimmed(target.value));
    match target.of {
        Of::Value if !unit.is_empty() => format!("{sign} {value} {unit}"),
        Of::Value | Of::Ratio => format!("{sign} {value}"),
    }
}

fn trimmed(figure: f64) -> String {
    let text = plain(figure);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Commas between thousands of the whole part.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::rule;

    #[test]
    fn figures_have_three_digits_that_mean_something() {
        for (figure, shown) in [
            (0.0, "0"),
            (0.000_012, "1.20e-5"),
            (0.001_234, "0.00123"),
            (0.033_333, "0.0333"),
            (0.333_333, "0.333"),
            (1.0, "1.00"),
            (12.34, "12.3"),
            (99.96, "100"),
            (999.6, "1,000"),
            (23_412.4, "23,412"),
            (-1_234_567.0, "-1,234,567"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "–"),
        ] {
            assert_eq!(plain(figure), shown);
        }
        assert_eq!(with_unit(71.25, "µs"), "71.2 µs");
        assert_eq!(with_unit(f64::NAN, "µs"), "–");
    }

    #[test]
    fn what_stands_above_a_column_is_short() {
        let shown = [412.0, 9_870.0, 23_412.0, 999_600.0, 20_000_000.0, f64::INFINITY].map(compact);
        assert_eq!(shown, ["412", "9,870", "23.4k", "1.00M", "20.0M", "–"]);
    }

    #[test]
    fn marks_of_a_scale_are_round() {
        let shown = [0.0, 0.5, 1.2, 10.0, 100.0, 2_500.0, 20_000.0, 5e6].map(round);
        assert_eq!(shown, ["0", "0.5", "1.2", "10", "100", "2,500", "20k", "5M"]);
    }

    #[test]
    fn targets_are_shown_with_the_unit_of_what_they_hold() {
        let shown = |id, unit| target(rule(id).unwrap().target, unit);
        assert_eq!(shown("verify.known_key", "µs"), "≤ 0.333");
        assert_eq!(shown("latency.1000.p50", "ms"), "≤ 30 ms");
        assert_eq!(shown("dispatch.rate", "deliveries/s"), "≥ 3,000 deliveries/s");
        assert_eq!(target(rule("e2e.100.w1.dup0").unwrap().goal.unwrap(), "events/s"), "≥ 20,000 events/s");
    }
}
