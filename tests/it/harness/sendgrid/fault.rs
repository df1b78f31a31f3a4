//! What goes wrong when a test orders it.

use serde_json::Value;

/// How a request ends instead of being answered as it should.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status with SendGrid's usual words for it; nothing is carried out.
    Status(u16),
    /// This status and body; nothing is carried out.
    Answer(u16, Value),
    /// This status and these bytes, which may be no JSON; nothing is carried out.
    Raw(u16, &'static str),
    /// This status, and a reason that repeats the whole request, its key included; nothing is carried out.
    Echo(u16),
    /// 429 that says so many seconds until the reset; nothing is carried out.
    RateLimited { reset_in: u64 },
    /// No word until [`super::SendGrid::recover`]; nothing is carried out before.
    Hang,
    /// Carried out; the head and half of the body, and no more until [`super::SendGrid::recover`].
    HangInBody,
    /// The connection is closed without a word; nothing is carried out.
    Close,
    /// Carried out, then closed without a word.
    CloseAfterwards,
    /// Carried out; half of the body, then closed.
    Truncate,
    /// Carried out; a body that goes on for so many bytes.
    Oversized(usize),
}

/// A fault and when it comes.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// What the request's line begins with.
    line: String,
    /// Matching requests to let pass first.
    skip: usize,
    /// Matching requests to spoil then; `None`: all.
    times: Option<usize>,
    fault: Fault,
}

impl Order {
    /// Spoils the next request.
    pub(crate) fn next(fault: Fault) -> Self {
        Self { line: String::new(), skip: 0, times: Some(1), fault }
    }

    /// Counts only requests whose line begins like this, e.g. `PATCH /v3/user/webhooks/event/settings/signed`.
    pub(crate) fn on(self, line: &str) -> Self {
        Self { line: line.to_owned(), ..self }
    }

    /// Lets so many pass first.
    pub(crate) fn after(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    pub(crate) fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Until [`super::SendGrid::recover`].
    pub(crate) fn for_ever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Counts a request, and spoils it if it is its turn.
    fn meet(&mut self, line: &str) -> Option<Fault> {
        if !line.starts_with(&self.line) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        match &mut self.times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some(self.fault.clone())
    }
}

/// The fault of a request; the earliest order that has one wins, and only that one is used up.
pub(super) fn of(orders: &mut [Order], line: &str) -> Option<Fault> {
    orders.iter_mut().find_map(|order| order.meet(line))
}
