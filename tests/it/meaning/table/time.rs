//! What counts as a time.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "time/forms",
        "seconds or milliseconds, whole or not, as numbers or strings",
        "
        7 = 7 applied
        anna@example.com clock00000000000000000 opened
            opened@0; opens 7
            told delivered@0* (opened), seen@0 (opened)
        ",
    ),
    case(
        "time/fraction",
        "fractions of a second are kept",
        "
        1 = 1 applied
        anna@example.com fraction00000000000000 delivered
            delivered@3.250
            told delivered@3.250
        ",
    ),
    case(
        "time/impossible",
        "no time, no number, before 2009, or more than a day ahead of the receipt",
        "
        13 = 13 quarantined
        held missing_timestamp 0 1 2
        held bad_timestamp 3 4 5 6 7 8 9 10 11 12
        ",
    ),
    case(
        "time/oldest",
        "SendGrid has sent mail since 2009",
        "
        1 = 1 applied
        anna@example.com oldest0000000000000000 opened
            opened@2009-01-01T00:00:00Z; opens 1
            told delivered@2009-01-01T00:00:00Z* (opened), seen@2009-01-01T00:00:00Z (opened)
        ",
    ),
];
