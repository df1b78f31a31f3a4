//! A broker that tests may break: one for the run, one test at a time, started by the first that wants it.

use super::supervisor::{directory, supervisor};
use std::ops::{Deref, DerefMut};
use tokio::sync::{Mutex, MutexGuard};
use xtask::{Layout, RabbitMq, RabbitMqPrograms, Search};

/// Never dropped: the run's watchdog ends it.
static BROKER: Mutex<Option<RabbitMq>> = Mutex::const_new(None);

/// The right to break it. What a test breaks it repairs by [`Breakable::repair`]; one that panicked first has left
/// that to the next.
#[derive(Debug)]
pub(crate) struct Breakable(MutexGuard<'static, Option<RabbitMq>>);

impl Breakable {
    /// Waits for the other tests that break it. To be had before a [`super::World`], of which there are few.
    pub(crate) async fn take() -> Self {
        let mut broker = BROKER.lock().await;
        if broker.is_none() {
            let layout = Layout { data: directory().join("data"), logs: directory().to_owned(), pids: None };
            let programs = RabbitMqPrograms::find(&Search::from_environment())
                .expect("RabbitMQ's programs are on this machine: run `cargo xtask servers`");
            *broker = Some(RabbitMq::start(supervisor(), &programs, &layout, "breakable-rabbitmq").unwrap());
        }
        let mut taken = Self(broker);
        taken.repair();
        taken
    }

    /// As new: running, without an alarm.
    pub(crate) fn repair(&mut self) {
        self.resume().unwrap();
        let [daemon, _] = self.daemons();
        if daemon.is_down().unwrap() {
            self.start_again().unwrap();
        }
        self.alarm(false).unwrap();
    }
}

impl Deref for Breakable {
    type Target = RabbitMq;

    fn deref(&self) -> &RabbitMq {
        self.0.as_ref().expect("`take` has put it there")
    }
}

impl DerefMut for Breakable {
    fn deref_mut(&mut self) -> &mut RabbitMq {
        self.0.as_mut().expect("`take` has put it there")
    }
}
