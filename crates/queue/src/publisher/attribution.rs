//! Which message a `basic.return` is about.
//!
//! The broker sends a message back as unroutable before it confirms it. lapin keeps what came back in one line and
//! attaches the head of that line to whichever confirm it completes next; a `multiple` confirm completes its messages
//! in random order. So a message that nobody took can look confirmed while another one carries its return. The return
//! itself names the right message by `message_id`, and this is how the names are used:
//!
//! 1. A message that any return has named is unroutable, whatever its own confirm says.
//! 2. A confirm that carries nothing means that the line was empty: if that message had come back, its return has been
//!    carried by a confirm completed earlier, which is in the same batch or an earlier one.
//! 3. A confirm that carries another message's return leaves its own message in doubt, for its return may still stand
//!    in the line. The doubt ends when a return names it, when a confirm of a later batch carries nothing, or when
//!    nothing is unconfirmed any more: every return is carried by the time its own message is confirmed.
//!
//! It relies on batches: everything that lapin had completed when the first of them was seen must be in the same one.

use std::collections::HashSet;

/// One message that the broker has confirmed, either way.
#[derive(Debug)]
pub(super) struct Confirmed {
    pub(super) sequence: u64,
    pub(super) id: String,
    /// Positive confirm, else negative.
    pub(super) taken: bool,
    /// The id inside the returned message that came attached to this confirm.
    pub(super) carried: Option<String>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    Refused,
    Unroutable,
}

#[derive(Debug, Default)]
pub(super) struct Attribution {
    /// Named by a return, not yet confirmed.
    named: HashSet<String>,
    /// Confirmed, but carrying another message's return: sequence and id.
    doubtful: Vec<(u64, String)>,
}

impl Attribution {
    /// Judges a batch; `idle` says that nothing is unconfirmed after it. Messages in doubt are judged by a later call.
    pub(super) fn judge(&mut self, batch: Vec<Confirmed>, idle: bool) -> Vec<(u64, Verdict)> {
        self.named.extend(batch.iter().filter_map(|each| each.carried.clone()));
        let line_was_empty = batch.iter().any(|each| each.carried.is_none());
        let mut verdicts = self.settle_doubts(line_was_empty);
        for Confirmed { sequence, id, taken, carried } in batch {
            if self.named.remove(&id) {
                verdicts.push((sequence, Verdict::Unroutable));
            } else if !taken {
                verdicts.push((sequence, Verdict::Refused));
            } else if carried.is_some() {
                self.doubtful.push((sequence, id));
            } else {
                verdicts.push((sequence, Verdict::Taken));
            }
        }
        if idle {
            verdicts.extend(self.settle_doubts(true));
            self.named.clear();
        }
        verdicts
    }

    /// Returns that no confirm has claimed yet. Each belongs to an unconfirmed message, so there are never more than
    /// those.
    pub(super) fn unclaimed(&self) -> usize {
        self.named.len()
    }

    fn settle_doubts(&mut self, line_was_empty: bool) -> Vec<(u64, Verdict)> {
        let mut verdicts = Vec::new();
        let named = &mut self.named;
        self.doubtful.retain(|(sequence, id)| {
            if named.remove(id) {
                verdicts.push((*sequence, Verdict::Unroutable));
            } else if line_was_empty {
                verdicts.push((*sequence, Verdict::Taken));
            } else {
                return true;
            }
            false
        });
        verdicts
    }
}

#[cfg(test)]
mod tests;
