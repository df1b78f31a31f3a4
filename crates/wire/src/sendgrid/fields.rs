//! One element's members, projected on SendGrid's fields; what is left are the custom arguments.

use super::MAX_FIELDS;
use super::arguments::Argument;
use super::json::{self, Value};
use super::reason::{QuarantineReason, Unreadable};
use super::reserved::{self, Field};
use domain::EventKind;
use std::borrow::Cow;

const UNIQUE_ARGS: &str = "unique_args";

/// An object's members in their order, with repeats.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// The last value of each field of SendGrid's.
pub(super) struct Fields<'a>([Option<Value<'a>>; Field::COUNT]);

impl<'a> Fields<'a> {
    pub(super) const fn get(&self, field: Field) -> Option<Value<'a>> {
        self.0[field as usize]
    }
}

/// Takes the element apart, which has no white space around it. `members` is a buffer, emptied here first.
pub(super) fn take_apart<'a>(
    raw: &'a [u8],
    members: &mut Members<'a>,
    lossy: &mut bool,
) -> Result<(), Unreadable> {
    members.clear();
    if raw.first() == Some(&b'{') {
        return collect(raw, members, lossy);
    }
    let value = json::whole(raw)?;
    Err(Unreadable::new(QuarantineReason::NotAnObject, format!("the element is {value}")))
}

/// How the keys of one element are compared with SendGrid's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As SendGrid writes them, to the letter: `Type` beside `event` is an argument of the sender's.
    Exact,
    /// Without case. Of an element that has an `Event` and no `event`, some other serialiser has written every key.
    AnyCase,
}

impl Spelling {
    pub(super) fn of(members: &Members<'_>) -> Self {
        let spelled = |exactly: fn(&str, &str) -> bool| members.iter().any(|(key, _)| exactly(key, "event"));
        if !spelled(|key, name| key == name) && spelled(str::eq_ignore_ascii_case) {
            Self::AnyCase
        } else {
            Self::Exact
        }
    }

    fn name<'k>(self, key: &'k str) -> Cow<'k, str> {
        match self {
            Self::Exact => key.into(),
            Self::AnyCase => key.to_ascii_lowercase().into(),
        }
    }
}

/// The last member of this name, as it counts.
pub(super) fn last<'a>(members: &Members<'a>, spelling: Spelling, name: &str) -> Option<Value<'a>> {
    members.iter().rev().find(|(key, _)| spelling.name(key) == name).map(|(_, value)| *value)
}

/// Tells SendGrid's fields from the sender's arguments. `arguments` is a buffer, emptied here first.
///
/// The members of a nested `unique_args` object are arguments whatever their names. A flattened argument of the same
/// name wins over them: it is the one that SendGrid documents. A `unique_args` of another type is an argument itself.
pub(super) fn project<'a>(
    kind: EventKind,
    spelling: Spelling,
    members: &mut Members<'a>,
    arguments: &mut Vec<Argument<'a>>,
    lossy: &mut bool,
) -> Result<Fields<'a>, Unreadable> {
    arguments.clear();
    match last(members, spelling, UNIQUE_ARGS) {
        Some(Value::Object(nested)) => collect(nested, arguments, lossy)?,
        None | Some(Value::Null) => {}
        Some(other) => arguments.push((UNIQUE_ARGS.into(), other)),
    }
    let campaign = members.iter().any(|(key, _)| reserved::marks_campaign(&spelling.name(key)));
    let mut fields = Fields([None; Field::COUNT]);
    for (key, value) in members.drain(..) {
        match reserved::field(kind, campaign, &spelling.name(&key)) {
            Some(field) => fields.0[field as usize] = Some(value),
            None => arguments.push((key, value)),
        }
    }
    Ok(fields)
}

fn collect<'a>(object: &'a [u8], into: &mut Members<'a>, lossy: &mut bool) -> Result<(), Unreadable> {
    for member in json::members(object) {
        let (key, value) = member?;
        if into.len() == MAX_FIELDS {
            let detail = format!("more than {MAX_FIELDS} fields in one object");
            return Err(Unreadable::new(QuarantineReason::TooManyFields, detail));
        }
        into.push((key.decode(lossy), value));
    }
    Ok(())
}
