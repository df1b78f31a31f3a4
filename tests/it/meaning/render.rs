//! What the command line and a consumer say, in the notation of the table.

use super::case::ORIGIN;
use crate::harness::{Notification, tally};
use jiff::Timestamp;
use serde_json::Value;

const OUTCOMES: [&str; 5] = ["applied", "stale", "ignored", "duplicate", "quarantined"];
const FACTS: [&str; 7] =
    ["processed", "delivered", "failed", "opened", "clicked", "complained", "unsubscribed"];
const COUNTS: [&str; 4] = ["opens", "machine_opens", "clicks", "deferrals"];

/// `batch show`.
pub(super) fn batch(document: &Value) -> String {
    let [elements, outcomes @ ..] = tally(document);
    let parts: Vec<_> = OUTCOMES
        .iter()
        .zip(outcomes)
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    format!("{elements} = {}", if parts.is_empty() { "nothing".to_owned() } else { parts.join(" + ") })
}

/// Ordinals by reason, in the order in which reasons occur.
pub(super) fn held(rows: &[(i32, String)]) -> Vec<String> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (ordinal, reason) in rows {
        let place = if *ordinal < 0 { " whole".to_owned() } else { format!(" {ordinal}") };
        match lines.iter_mut().find(|(known, _)| known == reason) {
            Some((_, places)) => places.push_str(&place),
            None => lines.push((reason, place)),
        }
    }
    lines.into_iter().map(|(reason, places)| format!("held {reason}{places}")).collect()
}

/// A message of `message show`, with what a consumer received of it.
pub(super) fn message(document: &Value, told: &[Notification]) -> Vec<String> {
    let recipient = text(&document["recipient"]);
    let recipient = if recipient.is_empty() { "-" } else { recipient };
    let mut lines =
        vec![format!("{recipient} {} {}", text(&document["message_id"]), text(&document["status"]))];
    let facts: Vec<_> = FACTS
        .iter()
        .filter_map(|fact| at(&document["facts"][format!("{fact}_at")]).map(|at| format!("{fact}{at}")))
        .collect();
    let counts: Vec<_> = COUNTS
        .iter()
        .filter(|name| document["counts"][*name] != 0)
        .map(|name| format!("{} {}", name.replace('_', " "), document["counts"][*name]))
        .collect();
    let both: Vec<_> =
        [facts.join(" "), counts.join(", ")].into_iter().filter(|part| !part.is_empty()).collect();
    lines.extend(Some(both.join("; ")).filter(|line| !line.is_empty()));
    lines.extend(failure(&document["failure"]));
    lines.extend(
        Some(&document["custom_args"]).filter(|args| !args.is_null()).map(|args| format!("args {args}")),
    );
    if let Some(categories) = document["categories"].as_array() {
        lines.push(format!("categories {}", categories.iter().map(text).collect::<Vec<_>>().join(", ")));
    }
    let told: Vec<_> = told.iter().map(notification).collect();
    lines.push(if told.is_empty() { "told nothing".to_owned() } else { format!("told {}", told.join(", ")) });
    lines
}

fn failure(failure: &Value) -> Option<String> {
    let mut line = format!("failure {}{}", failure["kind"].as_str()?, at(&failure["occurred_at"])?);
    for (name, before, after) in [
        ("reason", " \"", "\""),
        ("smtp_status", " ", ""),
        ("classification", " (", ")"),
        ("correlated_by", " by ", ""),
    ] {
        if let Some(value) = failure[name].as_str() {
            line.push_str(&[before, value, after].concat());
        }
    }
    Some(line)
}

fn notification(told: &Notification) -> String {
    let kind = told.kind.split_once('.').map_or("", |(_, kind)| kind);
    let data = &told.body["data"];
    let mut text = format!("{kind}{}", at(&data["occurred_at"]).unwrap_or_default());
    if told.implied {
        text.push('*');
    }
    let mut remarks: Vec<_> = remark(data).into_iter().filter(|remark| remark != kind).collect();
    remarks.extend(Some("machine".to_owned()).filter(|_| data["machine_open"] == true));
    if !remarks.is_empty() {
        text.push_str(&format!(" ({})", remarks.join(", ")));
    }
    text
}

/// What it says that its type does not: the status of a message, a standing, the state of an account.
fn remark(data: &Value) -> Option<String> {
    let standing = &data["standing"];
    let remark =
        data["status"].as_str().or(standing["current"].as_str()).or(data["account"]["status"].as_str())?;
    let group = standing["group_id"].as_i64().map_or_else(String::new, |group| format!("group {group} "));
    Some(format!("{group}{remark}"))
}

/// What has no sequence, by time and text.
fn unordered(told: &[Notification]) -> String {
    let mut told: Vec<_> =
        told.iter().map(|one| (one.body["timestamp"].to_string(), notification(one))).collect();
    told.sort();
    told.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}

/// `recipient show`, with what a consumer received of it.
pub(super) fn recipient(document: &Value, told: &[Notification]) -> Vec<String> {
    let mut line = format!("recipient {} {}", text(&document["address"]), text(&document["standing"]));
    line.push_str(&at(&document["since"]).unwrap_or_default());
    if let Some(reason) = document["reason"].as_str() {
        line.push_str(&format!(" \"{reason}\""));
    }
    for group in document["groups"].as_array().unwrap() {
        let since = at(&group["since"]).unwrap_or_default();
        line.push_str(&format!(", group {} {}{since}", group["id"], text(&group["standing"])));
    }
    let mut lines = vec![line];
    if !told.is_empty() {
        lines.push(format!("told {}", unordered(told)));
    }
    lines
}

/// What a consumer received that concerns neither a message nor a recipient.
pub(super) fn account(told: &[Notification]) -> Option<String> {
    (!told.is_empty()).then(|| format!("account told {}", unordered(told)))
}

/// A bounce that waits for its message.
pub(super) fn pending(at: Timestamp) -> String {
    format!("pending bounce{}", since_origin(at))
}

/// As [`since_origin`] of a time in a document.
fn at(time: &Value) -> Option<String> {
    Some(since_origin(time.as_str()?.parse().unwrap()))
}

/// Seconds after ORIGIN; times before it in full.
fn since_origin(time: Timestamp) -> String {
    let milliseconds = time.as_millisecond() - ORIGIN * 1000;
    match (milliseconds / 1000, milliseconds % 1000) {
        _ if milliseconds < 0 => format!("@{time}"),
        (seconds, 0) => format!("@{seconds}"),
        (seconds, rest) => format!("@{seconds}.{rest:03}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
