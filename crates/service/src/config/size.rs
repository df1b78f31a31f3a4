//! Sizes in bytes as people write them: `5MiB`, `64 KiB`, `1048576`.

const UNITS: [(&str, u64); 5] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];

/// Binary units only: `MB` means different things to different tools, so it is refused.
pub(super) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The largest unit that divides the number, so that `show` and [`parse`] agree exactly.
pub(super) fn show(bytes: u64) -> String {
    let (unit, factor) = match bytes {
        0 => ("B", 1),
        _ if bytes.is_multiple_of(1 << 30) => ("GiB", 1 << 30),
        _ if bytes.is_multiple_of(1 << 20) => ("MiB", 1 << 20),
        _ if bytes.is_multiple_of(1 << 10) => ("KiB", 1 << 10),
        _ => ("B", 1),
    };
    format!("{}{unit}", bytes / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_binary_units_or_none() {
        for (text, bytes) in
            [("0", 0), ("17", 17), ("17B", 17), ("64 KiB", 65_536), ("5MiB", 5_242_880), (" 2GiB ", 2 << 30)]
        {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_means_different_things_to_different_tools_is_refused() {
        for text in ["", "MiB", "5MB", "5M", "-1", "1.5MiB", "5mib", "99999999999999999999", "17179869184GiB"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_shown_size_reads_back_as_itself() {
        for bytes in [0, 1, 1023, 1024, 5 << 20, (5 << 20) + 1, 3 << 30, u64::MAX] {
            assert_eq!(parse(&show(bytes)), Some(bytes));
        }
    }
}
