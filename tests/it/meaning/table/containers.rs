//! Bodies and elements of every shape: one odd element never harms its neighbours, and nothing is thrown away.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "containers/bare_object",
        "a bare object is a batch of one",
        "
        1 = 1 applied
        anna@example.com bare000000000000000000 delivered
            delivered@2
            told delivered@2
        ",
    ),
    case("containers/empty_array", "an empty array is a batch of none", "0 = nothing"),
    case(
        "containers/crlf",
        "SendGrid ends its lines with CRLF, and signs them",
        "
        2 = 2 applied
        anna@example.com crlf000000000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        ",
    ),
    case(
        "containers/byte_order_mark",
        "a byte order mark is not part of the body",
        "
        1 = 1 applied
        anna@example.com bom0000000000000000000 delivered
            delivered@2
            told delivered@2
        ",
    ),
    case(
        "containers/pairs",
        "lists of keys and values are no events",
        "
        2 = 2 quarantined
        held not_an_object 0 1
        ",
    ),
    case(
        "containers/scalars",
        "what is no object is no event, and an object without a name is none either",
        "
        8 = 1 applied + 7 quarantined
        held not_an_object 0 1 2 3 7
        held missing_event 4 5
        anna@example.com among-scalars000000000 delivered
            delivered@2
            told delivered@2
        ",
    ),
    case(
        "containers/blank_names",
        "an event has a name, and it is a text",
        "
        6 = 6 quarantined
        held missing_event 0 1 2 3 4 5
        ",
    ),
    case(
        "containers/activity_row",
        "a row of the Email Activity API is no event",
        "
        1 = 1 quarantined
        held missing_event 0
        ",
    ),
    case(
        "containers/mail_to_send",
        "nor is a request to send mail",
        "
        1 = 1 quarantined
        held missing_event 0
        ",
    ),
    case(
        "containers/not_utf8",
        "bytes that are not UTF-8 are replaced in their field; the raw bytes are kept",
        r#"
        2 = 2 applied
        ben@example.com latin10000000000000000 bounced
            failed@2
            failure bounced@2 "550 bo�te pleine"
            args {"note":"caf� noir"}
            told failed@2 (bounced)
        anna@example.com neighbour0000000000000 delivered
            delivered@2
            told delivered@2
        recipient ben@example.com bounced@2 "550 bo�te pleine"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "containers/no_text",
        "so are NUL, lone surrogates and escapes that JSON does not have",
        r#"
        2 = 2 applied
        anna@example.com neighbour-200000000000 delivered
            delivered@2
            told delivered@2
        ben@example.com nul0000000000000000000 bounced
            failed@2
            failure bounced@2 "550 � gone"
            args {"bad":"�x41","half":"�","raw":"a�b"}
            told failed@2 (bounced)
        recipient ben@example.com bounced@2 "550 � gone"
            told suppressed@2 (bounced)
        "#,
    ),
    case(
        "containers/broken_element",
        "an element that is no JSON is kept aside alone",
        "
        5 = 2 applied + 3 quarantined
        held not_json 1 2 3
        anna@example.com whole00000000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        ",
    ),
    case(
        "containers/doubled_comma",
        "between two commas there is an element of no bytes",
        "
        4 = 2 applied + 2 quarantined
        held not_json 1 3
        anna@example.com comma00000000000000000 delivered
            processed@1 delivered@2
            told processed@1, delivered@2
        ",
    ),
    case(
        "containers/deep",
        "a field nested beyond any sense is not read",
        r#"
        2 = 1 applied + 1 quarantined
        held too_deep 0
        anna@example.com less-deep0000000000000 delivered
            delivered@2
            args {"nest":[[[[[[[[]]]]]]]]}
            told delivered@2
        "#,
    ),
    case(
        "containers/cut_short",
        "an array without its end is kept whole",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/two_arrays",
        "so is what follows an array, with it",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/page",
        "somebody's error page",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/form",
        "an event as a form",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/nothing",
        "no body at all",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/blank",
        "only white space",
        "
        1 = 1 quarantined
        held not_json whole
    ",
    ),
    case(
        "containers/text",
        "JSON that is neither an array nor an object",
        "
        1 = 1 quarantined
        held not_an_array whole
    ",
    ),
    case(
        "containers/number",
        "or is a number",
        "
        1 = 1 quarantined
        held not_an_array whole
    ",
    ),
    case(
        "containers/null",
        "or null",
        "
        1 = 1 quarantined
        held not_an_array whole
    ",
    ),
];
