//! What the two signature headers may have said before somebody changed them: every reading that comes to a timestamp
//! of ten digits and a well-formed signature, those that assume the fewest mistakes first.

mod signature;
mod timestamp;

use super::mistake::Mistake;
use super::saved::Saved;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, Signature};

/// Readings that are tried. Each costs one more verification of every body and key.
const READINGS_MAX: usize = 24;

/// Values of one header that are looked at.
const VALUES_MAX: usize = 4;

/// Longer than any form of a signature; what is longer is something else.
const VALUE_BYTES_MAX: usize = 1_024;

/// What the headers may have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub timestamp: String,
    pub signature: Signature,
    pub mistakes: Vec<Mistake>,
}

/// A header's value, and what had to be assumed to find it.
#[derive(Clone, Debug)]
struct Value<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
}

/// What is there under the header's name, or under one that frameworks make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Absent,
}

pub(super) fn presence(saved: &Saved, name: &str) -> Presence {
    let (texts, _) = texts(saved, name);
    if texts.iter().all(|text| text.is_empty()) { Presence::Absent } else { Presence::Present }
}

/// Every reading, in order. None: there is nothing that could be verified.
pub(super) fn readings(saved: &Saved) -> Vec<Reading> {
    let (signatures, timestamps) = (values(saved, HEADER_SIGNATURE), values(saved, HEADER_TIMESTAMP));
    let mut found: Vec<Reading> = Vec::new();
    for first in &signatures {
        for second in &timestamps {
            let mut mistakes: Vec<Mistake> = first.mistakes.clone();
            mistakes.extend(second.mistakes.iter().filter(|mistake| !first.mistakes.contains(mistake)));
            read(first.text, second.text, &mistakes, &mut found);
            mistakes.push(Mistake::HeadersSwapped);
            read(second.text, first.text, &mistakes, &mut found);
        }
    }
    found.sort_by_key(|reading| reading.mistakes.len());
    let mut distinct: Vec<Reading> = Vec::new();
    for reading in found {
        let same = |one: &Reading| one.timestamp == reading.timestamp && one.signature == reading.signature;
        if !distinct.iter().any(same) {
            distinct.push(reading);
        }
    }
    distinct.truncate(READINGS_MAX);
    distinct
}

fn read(signature: &str, timestamp: &str, mistakes: &[Mistake], found: &mut Vec<Reading>) {
    let Some((timestamp, of_timestamp)) = timestamp::read(timestamp) else { return };
    for (signature, of_signature) in signature::read(signature) {
        let mistakes = [mistakes, &of_timestamp, &of_signature].concat();
        found.push(Reading { timestamp: timestamp.clone(), signature, mistakes });
    }
}

/// What stands under the header's name or, where nothing does, under one that frameworks make of it.
fn texts<'a>(saved: &'a Saved, name: &str) -> (Vec<&'a str>, Vec<Mistake>) {
    let texts = saved.values(|header| header.eq_ignore_ascii_case(name));
    if texts.is_empty() {
        (saved.values(|header| renamed(header, name)), vec![Mistake::HeadersRenamed])
    } else {
        (texts, Vec::new())
    }
}

/// The header's values; several of them, or one that a proxy has joined with commas, are a mistake each.
fn values<'a>(saved: &'a Saved, name: &str) -> Vec<Value<'a>> {
    let (texts, mut mistakes) = texts(saved, name);
    let mut parts: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).map(str::trim).collect();
    // Ingest refuses a second value whatever it says, so an empty or an overlong one counts, too.
    if parts.len() > 1 {
        mistakes.push(Mistake::HeaderDoubled);
    } else {
        // Nothing was split: white space around it is a finding.
        parts = texts;
    }
    parts.retain(|part| !part.is_empty() && part.len() <= VALUE_BYTES_MAX);
    parts.dedup();
    parts.truncate(VALUES_MAX);
    parts.into_iter().map(|text| Value { text, mistakes: mistakes.clone() }).collect()
}

/// CGI, WSGI and Rack put HTTP_ in front and make dashes underscores.
fn renamed(header: &str, name: &str) -> bool {
    let header = header.to_ascii_lowercase().replace('_', "-");
    header.strip_prefix("http-").unwrap_or(&header) == name
}

/// Takes away the marks of quotation around a text, if there are any.
fn unquoted(text: &str) -> Option<&str> {
    let within = |mark: char| text.trim().strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\''))
}

/// Undoes percent-encoding, if there is any and what comes out is ASCII.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let bytes = super::body::percent_decode(text.as_bytes(), super::body::Plus::Kept)?;
    String::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}
