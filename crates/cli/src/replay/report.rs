//! What came of a replay, as scripts and people read it. Keys may be added, never renamed or removed.

use super::until::Over;
use crate::failure::Failure;
use crate::output;
use serde::Serialize;

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Document {
    /// Null: there was nothing to replay.
    pub replay: Option<i64>,
    /// Instructions given to the workers, and how many of them are done.
    pub parts: i32,
    pub parts_done: i32,
    /// Given; a message with events in several stretches of the ledger may be counted more than once.
    pub messages: u64,
    /// Of those in parts that are done.
    pub changed: i64,
    pub left_alone: i64,
    /// Notifications that became due.
    pub told: i64,
    /// Messages with events received from --from until before this were given. The whole time's end if all were.
    pub given_until: String,
    /// The end of the time: --to, or the beginning of the replay if that was earlier.
    pub to: String,
    /// Everything was given, and is worked out.
    pub done: bool,
}

pub(super) fn text(document: &Document) -> String {
    let Some(replay) = document.replay else {
        return if document.done {
            "No message of this source has an event that was received in this time.".to_owned()
        } else {
            "No message was given to the workers.".to_owned()
        };
    };
    let mut table = output::table(&["replay", &replay.to_string()]);
    for (name, count) in [
        ("messages", document.messages.to_string()),
        ("  changed", document.changed.to_string()),
        ("  left alone", document.left_alone.to_string()),
        ("notifications told", document.told.to_string()),
        ("parts done", format!("{} of {}", document.parts_done, document.parts)),
        ("given until", document.given_until.clone()),
    ] {
        table.add_row([name, &count]);
    }
    let mut text = table.trim_fmt();
    if document.left_alone > 0 {
        text.push_str(
            "\nLeft alone: their events are partly gone, too many or too large, or could not be worked out.",
        );
    }
    text
}

/// What to type to go on. `to` is said too: `now` would be another time by then.
pub(super) fn go_on(given_until: &str, to: &str) -> String {
    format!("go on with --from {given_until} --to {to}")
}

/// `over`: why it ended before it was done. `gave_everything`: only workers still have something to do.
pub(super) fn verdict(document: &Document, over: Option<Over>, gave_everything: bool) -> Result<(), Failure> {
    let why = match over {
        None => return Ok(()),
        Some(Over::TimedOut(wait)) => format!("not done after {}", humantime::format_duration(wait)),
        Some(Over::Stopped) => "stopped".to_owned(),
    };
    let Document { parts, parts_done, given_until, to, .. } = document;
    let open = parts - parts_done;
    let what = if gave_everything {
        format!("{why}: every message was given, {open} of {parts} parts are not worked out yet")
    } else {
        format!("{why}: messages with events received before {given_until} were given, later ones were not")
    };
    let mut next = if gave_everything {
        "nothing has to be given again, the workers go on with what they have".to_owned()
    } else {
        format!("{}; what was given is worked out", go_on(given_until, to))
    };
    if open > 0 && *parts_done == 0 {
        next.push_str(
            ". No part was done: see whether a worker of this release runs, with the same SENDSTATE_QUEUE_PREFIX",
        );
    }
    Err(Failure::failed(what).next(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn document() -> Document {
        Document {
            replay: Some(3),
            parts: 5,
            parts_done: 2,
            messages: 2_300,
            given_until: "2026-03-01T12:00:00.5Z".to_owned(),
            to: "2026-03-02T00:00:00Z".to_owned(),
            ..Document::default()
        }
    }

    const TIMED_OUT: Option<Over> = Some(Over::TimedOut(Duration::from_secs(600)));

    #[test]
    fn what_is_not_given_in_time_is_a_failure_that_says_how_to_go_on() {
        for (over, why) in [(TIMED_OUT, "not done after 10m"), (Some(Over::Stopped), "stopped")] {
            let failure = verdict(&document(), over, false).unwrap_err();
            assert_eq!(failure.code, 1);
            let said = failure.to_string();
            assert!(said.starts_with(why), "{said}");
            assert!(said.contains("received before 2026-03-01T12:00:00.5Z were given"), "{said}");
            assert!(said.contains("--from 2026-03-01T12:00:00.5Z --to 2026-03-02T00:00:00Z"), "{said}");
            assert!(!said.contains("SENDSTATE_QUEUE_PREFIX"), "{said}");
        }
    }

    #[test]
    fn what_is_only_not_worked_out_yet_need_not_be_given_again() {
        let failure = verdict(&document(), TIMED_OUT, true).unwrap_err();
        assert_eq!(failure.code, 1);
        let said = failure.to_string();
        assert!(said.contains("3 of 5 parts") && !said.contains("--from"), "{said}");
        assert_eq!(verdict(&document(), None, true), Ok(()));
    }

    #[test]
    fn workers_that_do_nothing_at_all_are_named_as_the_cause() {
        for gave_everything in [true, false] {
            let failure =
                verdict(&Document { parts_done: 0, ..document() }, TIMED_OUT, gave_everything).unwrap_err();
            assert!(failure.to_string().contains("SENDSTATE_QUEUE_PREFIX"), "{failure}");
        }
    }

    #[test]
    fn an_empty_choice_is_done_and_has_no_number() {
        let nothing = Document { done: true, ..Document::default() };
        let json = serde_json::to_value(&nothing).unwrap();
        assert!(json["replay"].is_null() && json["done"] == true && json["parts"] == 0, "{json}");
        assert!(text(&nothing).starts_with("No message of this source"));
        assert!(text(&Document { done: false, ..nothing }).contains("was given"));
    }

    #[test]
    fn why_messages_are_left_alone_is_said_only_where_some_are() {
        assert!(!text(&document()).contains("partly gone"));
        let left = Document { left_alone: 1, ..document() };
        assert!(text(&left).contains("partly gone, too many or too large, or could not be worked out"));
    }
}
