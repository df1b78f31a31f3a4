//! Names that SendGrid's documentation does not have, and its own in other letters.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "unknown/other_names",
        "an unknown event is stored and counted, and not even proves that there is a message",
        "
        4 = 4 ignored
        ",
    ),
    case(
        "unknown/beside_known",
        "nor does it change one",
        "
        2 = 1 applied + 1 ignored
        anna@example.com known00000000000000000 delivered
            delivered@2
            told delivered@2
        ",
    ),
    case(
        "unknown/capitals",
        "names are compared without regard to case or white space",
        "
        3 = 3 applied
        anna@example.com capital000000000000000 opened
            processed@1 opened@9 complained@10; opens 1
            told processed@1, delivered@9* (opened), seen@9 (opened), complained@10 (opened)
        recipient anna@example.com complained@10
            told suppressed@10 (complained)
        ",
    ),
];
