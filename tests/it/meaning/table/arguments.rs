//! Custom arguments and categories: the sender's words beside SendGrid's.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "arguments/flattened",
        "arguments stand beside SendGrid's fields; send_at 0 is SendGrid's",
        r#"
        3 = 3 applied
        anna@example.com flat000000000000000000 opened
            processed@1 delivered@2 opened@9; opens 1
            args {"assembly":"4","comm_id":"9","cp_code":"51","send_id":"30117"}
            told processed@1, delivered@2, seen@9 (opened)
        "#,
    ),
    case(
        "arguments/nested",
        "a nested object is merged in, a flat argument wins; what is no object is an argument",
        r#"
        2 = 2 applied
        anna@example.com nested-200000000000000 delivered
            delivered@2
            args {"unique_args":"text"}
            told delivered@2
        anna@example.com nested0000000000000000 delivered
            delivered@2
            args {"plan":"pro","user":"18"}
            told delivered@2
        "#,
    ),
    case(
        "arguments/collisions",
        "a name is SendGrid's only on the events that have it",
        r#"
        4 = 4 applied
        anna@example.com collide-10000000000000 delivered
            delivered@2
            args {"reason":"gift","status":"paid","type":"receipt","url":"/a"}
            told delivered@2
        anna@example.com collide-20000000000000 processed
            processed@2
            args {"attempt":"2","ip":"home","response":"yes","type":"receipt"}
            told processed@2
        anna@example.com collide-30000000000000 opened
            opened@2; opens 1
            args {"attempt":"2","status":"paid","type":"receipt"}
            told delivered@2* (opened), seen@2 (opened)
        ben@example.com collide-40000000000000 blocked
            failed@2
            failure blocked@2 "full" 4.2.2
            args {"url":"/a"}
            told failed@2 (blocked)
        "#,
    ),
    case(
        "arguments/types",
        "arguments keep their types; a number nobody can hold becomes its digits",
        r#"
        1 = 1 applied
        anna@example.com kinds00000000000000000 delivered
            delivered@2
            args {"big":12345678901234567890,"huge":"1e400","list":["x",{"y":1.5}],"none":null,"number":7,"text":"","yes":true}
            told delivered@2
        "#,
    ),
    case(
        "arguments/names",
        "a name may be anything",
        r#"
        1 = 1 applied
        anna@example.com names00000000000000000 delivered
            delivered@2
            args {"":"nameless","\"quoted\"":"it's","Order Number":"A 17","accountNumber":"55017","größe":"XL"}
            told delivered@2
        "#,
    ),
    case(
        "arguments/lost_on_the_way",
        "an event that lost its arguments takes none away",
        r#"
        2 = 2 applied
        ben@example.com args-lost0000000000000 bounced
            delivered@2 failed@9
            failure bounced@9 "550 gone"
            args {"order":"7"}
            categories orders
            told delivered@2, failed@9 (bounced)
        recipient ben@example.com bounced@9 "550 gone"
            told suppressed@9 (bounced)
        "#,
    ),
    case(
        "arguments/earliest",
        "arguments and categories are those of the earliest event, whenever it comes",
        r#"
        1 = 1 applied
        2 = 2 stale
        anna@example.com args-order000000000000 opened
            processed@1 delivered@2 opened@20; opens 1
            args {"version":"1"}
            categories one
            told delivered@20* (opened), seen@20 (opened)
        "#,
    )
    .posts(&["arguments/later_first", "arguments/earlier_after"]),
    case(
        "arguments/categories",
        "one string, a list, or none",
        "
        6 = 6 applied
        anna@example.com categories-00000000000 delivered
            delivered@2
            categories dogs
            told delivered@2
        anna@example.com categories-10000000000 delivered
            delivered@2
            categories a, b
            told delivered@2
        anna@example.com categories-20000000000 delivered
            delivered@2
            told delivered@2
        anna@example.com categories-30000000000 delivered
            delivered@2
            told delivered@2
        anna@example.com categories-40000000000 delivered
            delivered@2
            told delivered@2
        anna@example.com categories-50000000000 delivered
            delivered@2
            categories 7, x
            told delivered@2
        ",
    ),
    case(
        "arguments/duplicate_keys",
        "of a key that is there twice the last counts",
        r#"
        1 = 1 applied
        second@example.com twice00000000000000000 processed
            processed@1
            args {"order":"2"}
            told processed@1
        "#,
    ),
];
