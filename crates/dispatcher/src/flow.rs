//! The loop: look at the queue, begin what there is room for, note what has ended.
//!
//! One owner of all bookkeeping, so there is no lock to hold. Looks, requests and recording run beside each other; the
//! loop itself never waits for one of them alone. What is in hand is bounded by permits: every leased delivery holds one
//! from its lease until its end has been written, so a database that cannot record also stops the leasing.

mod attempt;
mod budget;
mod pace;

pub(crate) use budget::permits_for;

use crate::client::Clients;
use crate::hints::Hints;
use crate::lease::{Allowance, Assignment, Leaser, Polled, Unbegun};
use crate::limits::{Arrival, Bounds, Desk, Ticket};
use crate::record::{Note, Recorder};
use crate::terms::Terms;
use crate::{clock, metrics};
use attempt::{Attempted, attempt};
use budget::Budget;
use futures_util::future::{BoxFuture, FutureExt as _};
use pace::{Pace, Pause};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// What the loop waits for besides requests.
enum Step {
    /// It is time to look, and there is room.
    Room(Allowance),
    Looked(Polled),
}

/// Everything in hand.
pub(crate) struct Flow {
    leaser: Arc<Leaser>,
    clients: Arc<Clients>,
    recorder: Recorder,
    terms: Terms,
    budget: Budget,
    desk: Desk<Assignment>,
    requests: JoinSet<Attempted>,
    /// What a request takes up at the desk, also in the case that it panics.
    tickets: HashMap<Id, Ticket>,
    abandon: CancellationToken,
    hints: Hints,
    pace: Pace,
    looking: bool,
}

/// What a drain could not bring to its end; all of it is due again at its leases' ends, or sooner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Requests that were cut off; recorded as such and due again at once.
    pub abandoned: usize,
    /// Deliveries whose end could not be written.
    pub unrecorded: usize,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// By a signal.
    Asked,
    /// The named task ended, which none does by itself.
    Failed(&'static str),
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub cause: Cause,
    pub left: Left,
    pub drained_in: Duration,
}

impl Flow {
    pub(crate) fn new(
        leaser: Leaser,
        clients: Clients,
        recorder: Recorder,
        hints: Hints,
        bounds: Bounds,
        terms: Terms,
        idle_poll: Duration,
    ) -> Self {
        Self {
            leaser: Arc::new(leaser),
            clients: Arc::new(clients),
            recorder,
            terms,
            budget: Budget::new(bounds),
            desk: Desk::new(bounds),
            requests: JoinSet::new(),
            tickets: HashMap::new(),
            abandon: CancellationToken::new(),
            hints,
            pace: Pace::new(idle_poll),
            looking: false,
        }
    }

    /// Runs until `stop` or until the recorder fails, then drains within `drain`.
    pub(crate) async fn run(mut self, stop: &CancellationToken, drain: Duration) -> Ended {
        let mut next = self.room(Pause::NONE);
        let cause = loop {
            tokio::select! {
                () = stop.cancelled() => break Cause::Asked,
                () = self.recorder.broken() => break Cause::Failed("recorder"),
                Some(ended) = self.requests.join_next_with_id() => self.ended(ended),
                step = &mut next => next = match step {
                    Step::Room(allowance) => self.look(allowance),
                    Step::Looked(polled) => {
                        let pause = self.pace.after(&polled, clock::now());
                        self.take_in(polled);
                        self.room(pause)
                    }
                },
            }
            self.begin();
            metrics::in_hand(self.desk.in_flight(), self.budget.leased(), self.budget.bytes());
        };
        let began = Instant::now();
        let left = self.drain(next, began, drain).await;
        Ended { cause, left, drained_in: began.elapsed() }
    }

    /// Waits until it is time to look again and there is room for enough. A hint cuts the pause short, as far as it may be.
    fn room(&self, pause: Pause) -> BoxFuture<'static, Step> {
        let (room, mut hints) = (self.budget.room(), self.hints.clone());
        async move {
            if let Some(hint) = pause.over(&mut hints).await {
                metrics::hurried(hint);
            }
            Step::Room(room.await)
        }
        .boxed()
    }

    fn look(&mut self, allowance: Allowance) -> BoxFuture<'static, Step> {
        self.looking = true;
        self.hints.settle();
        let (leaser, locals) = (Arc::clone(&self.leaser), self.desk.locals());
        async move { Step::Looked(leaser.look(allowance, locals).await) }.boxed()
    }

    fn take_in(&mut self, polled: Polled) {
        self.looking = false;
        let (assignments, withheld) = match polled {
            Polled::Found { assignments, withheld, .. } => (assignments, withheld),
            Polled::Failed { withheld } => (Vec::new(), withheld),
            Polled::Empty { .. } => (Vec::new(), Vec::new()),
        };
        self.desk.accept(assignments.into_iter().map(Arrival::from));
        withheld.into_iter().for_each(|unbegun| self.give_back(unbegun));
    }

    /// Begins requests while there are slots. A delivery that has waited too long for its lease is given back.
    fn begin(&mut self) {
        while let Some((ticket, assignment)) = self.desk.begin() {
            let (now, timeout) = (clock::now(), assignment.target.timeout);
            if !self.terms.may_begin(now, assignment.leased.until, timeout) {
                self.desk.done(ticket, None);
                self.give_back(assignment.into());
                continue;
            }
            let (clients, abandon) = (Arc::clone(&self.clients), self.abandon.clone());
            let timeout = self.terms.timeout(timeout);
            let task = self.requests.spawn(attempt(clients, assignment, now, timeout, abandon));
            self.tickets.insert(task.id(), ticket);
        }
    }

    fn ended(&mut self, ended: Result<(Id, Attempted), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let ticket = self.tickets.remove(&id).expect("every request has its ticket");
        match ended {
            Ok((_, Attempted { told, permit, took })) => {
                self.desk.done(ticket, took);
                // What is leased and not begun would come too late for it.
                if told.wants_nothing_now() {
                    for assignment in self.desk.clear_of(ticket.endpoint) {
                        self.give_back(assignment.into());
                    }
                }
                self.recorder.note(Note::Told(told), permit);
            }
            // A panic, logged by its hook. The delivery becomes due at its lease's end.
            Err(_) => self.desk.done(ticket, None),
        }
    }

    fn give_back(&self, Unbegun { delivery, lease, permit }: Unbegun) {
        self.recorder.note(Note::Release { delivery, lease }, permit);
    }

    /// Leases nothing more, gives back what was not begun, lets requests end, cuts them off at four fifths of the time,
    /// and writes everything down in the rest.
    async fn drain(mut self, next: BoxFuture<'static, Step>, began: Instant, within: Duration) -> Left {
        let (cut_off, deadline) = (began + within * 4 / 5, began + within);
        if self.looking
            && let Ok(Step::Looked(polled)) = timeout_at(cut_off, next).await
        {
            self.take_in(polled);
        }
        for assignment in self.desk.clear() {
            self.give_back(assignment.into());
        }
        while let Ok(Some(ended)) = timeout_at(cut_off, self.requests.join_next_with_id()).await {
            self.ended(ended);
        }
        let abandoned = self.requests.len();
        self.abandon.cancel();
        while let Some(ended) = self.requests.join_next_with_id().await {
            self.ended(ended);
        }
        Left { abandoned, unrecorded: self.recorder.close(deadline).await }
    }
}
