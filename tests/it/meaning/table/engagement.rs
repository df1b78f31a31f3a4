//! Opens and clicks, of people and of machines.

use crate::meaning::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "engagement/machine_open",
        "a machine's open counts unless its source says otherwise, and is marked",
        "
        2 = 2 applied
        anna@example.com machine000000000000000 opened
            delivered@2 opened@3; machine opens 1
            told delivered@2, seen@3 (opened, machine)
        ",
    ),
    case(
        "engagement/machine_open_ignored",
        "where machines are ignored, their opens are counted and move nothing",
        "
        2 = 1 applied + 1 ignored
        anna@example.com machine000000000000000 delivered
            delivered@2; machine opens 1
            told delivered@2
        ",
    )
    .posts(&["engagement/machine_open"])
    .ignoring_machine_opens(),
    case(
        "engagement/only_a_machine",
        "a machine's open proves the delivery",
        "
        1 = 1 applied
        anna@example.com only-machine0000000000 opened
            opened@3; machine opens 1
            told delivered@3* (opened, machine), seen@3 (opened, machine)
        ",
    ),
    case(
        "engagement/only_a_machine_ignored",
        "or nothing at all",
        "
        1 = 1 ignored
        anna@example.com only-machine0000000000 unknown
            machine opens 1
            told nothing
        ",
    )
    .posts(&["engagement/only_a_machine"])
    .ignoring_machine_opens(),
    case(
        "engagement/machine_then_human",
        "the first open may be a machine's",
        "
        3 = 3 applied
        anna@example.com machine-human000000000 opened
            delivered@2 opened@3; opens 1, machine opens 1
            told delivered@2, seen@3 (opened, machine)
        ",
    ),
    case(
        "engagement/machine_then_human_ignored",
        "where machines are ignored, the first open is the first person's",
        "
        3 = 2 applied + 1 ignored
        anna@example.com machine-human000000000 opened
            delivered@2 opened@30; opens 1, machine opens 1
            told delivered@2, seen@30 (opened)
        ",
    )
    .posts(&["engagement/machine_then_human"])
    .ignoring_machine_opens(),
    case(
        "engagement/machine_spelt",
        "sg_machine_open may be a string or a number; false, null and 0 are a person",
        "
        7 = 7 applied
        anna@example.com spelt00000000000000000 opened
            opened@0; opens 4, machine opens 3
            told delivered@0* (opened, machine), seen@0 (opened, machine)
        ",
    ),
    case(
        "engagement/click_without_open",
        "a click proves that the mail was seen; it is no open",
        "
        2 = 2 applied
        anna@example.com no-images0000000000000 clicked
            delivered@2 clicked@9; clicks 1
            told delivered@2, seen@9 (clicked), clicked@9
        ",
    ),
    case(
        "engagement/click_alone",
        "a click proves everything before it; a delivery that is only implied has no time",
        "
        1 = 1 applied
        anna@example.com click-alone00000000000 clicked
            clicked@9; clicks 1
            told delivered@9* (clicked), seen@9 (clicked), clicked@9
        ",
    ),
    case(
        "engagement/url_offset",
        "the same link at another place is another click; the same place under another id is not",
        "
        3 = 2 applied + 1 duplicate
        anna@example.com two-links0000000000000 clicked
            clicked@9; clicks 2
            told delivered@9* (clicked), seen@9 (clicked), clicked@9
        ",
    ),
    case(
        "engagement/opened_often",
        "opens recur; another address in the same second is another open; it is told once",
        "
        4 = 4 applied
        anna@example.com read-again000000000000 opened
            delivered@2 opened@20; opens 3
            told delivered@2, seen@20 (opened)
        ",
    ),
    case(
        "engagement/open_after_click",
        "an open after the click is news of its own, and no step",
        "
        1 = 1 applied
        1 = 1 applied
        anna@example.com overtaken0000000000000 clicked
            opened@20 clicked@30; opens 1, clicks 1
            told delivered@30* (clicked), seen@30 (clicked), clicked@30
        ",
    )
    .posts(&["engagement/click_first", "engagement/open_after"]),
];
