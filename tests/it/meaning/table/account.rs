//! What concerns the account and no mail.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "account/suspended",
        "an account has neither address nor message",
        "
        1 = 1 applied
        account told status_changed@5 (compliance_suspend)
        ",
    ),
    case(
        "account/without_id",
        "the type tells two changes of one second apart; the same again is a duplicate",
        "
        3 = 2 applied + 1 duplicate
        account told status_changed@5 (compliance_suspend), status_changed@5 (reactivate)
        ",
    ),
];
