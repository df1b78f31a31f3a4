//! The publishing connection: made, watched, cut, made again.
//!
//! One connection for all lanes; whatever ends one lane's channel ends the connection, for there is no channel fault
//! that a new connection does not cure, and one path is easier to trust than two. A queue that has gone is such a fault
//! too: connecting is what declares it. The state is changed before the
//! lanes are told, so that no caller sees `Ready` while its request is already being refused.

use super::{
    AwayReason, PublisherState,
    lane::{Assignment, Ended},
};
use crate::{Backoff, QueueError, QueueName, Settings, error::told, link::Link, metrics, topology};
use futures_util::StreamExt as _;
use lapin::{Channel, options::ConfirmSelectOptions};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

/// How often the connection is looked at when it says nothing of itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// A connection that lasted this long was a good one: the next try waits the shortest time again.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

pub(super) struct Supervisor {
    pub(super) settings: Settings,
    pub(super) lanes: Vec<mpsc::Sender<Assignment>>,
    pub(super) lanes_done: TaskTracker,
    pub(super) state: watch::Sender<PublisherState>,
    pub(super) abandon: CancellationToken,
    pub(super) shutdown: CancellationToken,
}

/// How watching a connection ended.
enum Watched {
    /// The lanes need none any more.
    Done,
    /// The reason, and what the client library said about it.
    Over(AwayReason, Option<String>),
}

impl Supervisor {
    /// Keeps the lanes supplied until they are done.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            tokio::select! {
                biased;
                () = self.lanes_done.wait() => break,
                () = self.shutdown.cancelled() => break,
                connected = self.connect() => match connected {
                    Ok((link, channels)) => {
                        let since = Instant::now();
                        if self.serve(link, channels).await == Next::Stop {
                            break;
                        }
                        if since.elapsed() >= PROVEN_AFTER {
                            backoff.reset();
                        }
                    }
                    Err(error) => self.away(AwayReason::of(&error), Some(told(&error))),
                },
            }
            tokio::select! {
                biased;
                () = self.lanes_done.wait() => break,
                () = self.shutdown.cancelled() => break,
                () = sleep(backoff.next_wait()) => {}
            }
        }
        self.set(PublisherState::Away(AwayReason::Closed));
    }

    /// A connection, the queues, and a channel in confirm mode for every lane.
    async fn connect(&self) -> Result<(Link, Vec<Channel>), QueueError> {
        let link = Link::open(&self.settings, "publisher").await?;
        let prepare = async {
            let mut channels = Vec::with_capacity(self.lanes.len());
            for _ in &self.lanes {
                let channel = link.channel().await?;
                if channels.is_empty() {
                    topology::ensure(&channel, &self.settings).await?;
                }
                channel.confirm_select(ConfirmSelectOptions::default()).await?;
                channels.push(channel);
            }
            Ok::<_, QueueError>(channels)
        };
        let channels = timeout(self.settings.connection_timeout(), prepare)
            .await
            .map_err(|_| QueueError::timed_out("declaring"))??;
        metrics::connected();
        Ok((link, channels))
    }

    /// Lets the lanes publish until the connection or the lanes end.
    async fn serve(&self, link: Link, channels: Vec<Channel>) -> Next {
        let over = CancellationToken::new();
        let (ended, reports) = mpsc::channel(self.lanes.len());
        for (lane, channel) in self.lanes.iter().zip(&channels) {
            let assignment = Assignment {
                channel: channel.clone(),
                queue: QueueName::Batches.on_broker(&self.settings),
                status: link.status(),
                over: over.clone(),
                ended: ended.clone(),
            };
            // Fails only for a lane that is done, which needs no channel.
            drop(lane.send(assignment).await);
        }
        match self.watch(&link, reports).await {
            Watched::Over(reason, error) => {
                self.away(reason, error);
                over.cancel();
                Next::Again
            }
            Watched::Done => {
                self.set(PublisherState::Away(AwayReason::Closed));
                if !self.abandon.is_cancelled() {
                    link.close(channels).await;
                }
                Next::Stop
            }
        }
    }

    async fn watch(&self, link: &Link, mut reports: mpsc::Receiver<Ended>) -> Watched {
        let status = link.status();
        let mut events = link.events();
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !status.connected() {
                return Watched::Over(AwayReason::Lost, None);
            }
            self.set(if status.blocked() { PublisherState::Blocked } else { PublisherState::Ready });
            // Events and looks only wake: what they would tell is read from the status above.
            tokio::select! {
                biased;
                () = self.lanes_done.wait() => return Watched::Done,
                Some(ended) = reports.recv() => return explain(&ended),
                event = events.next() => if event.is_none() {
                    return Watched::Over(AwayReason::Lost, None);
                },
                _ = looks.tick() => {}
            }
        }
    }

    /// Tells everybody that there is no connection; logs it once per reason.
    fn away(&self, reason: AwayReason, error: Option<String>) {
        if self.set(PublisherState::Away(reason)) {
            warn!(reason = reason.as_str(), error, "publisher has no connection");
        }
    }

    /// Whether this is a change.
    fn set(&self, state: PublisherState) -> bool {
        let changed = self.state.send_if_modified(|current| {
            let changed = *current != state;
            *current = state;
            changed
        });
        if changed {
            metrics::publisher_state(state);
            match state {
                PublisherState::Ready => info!("publisher is ready"),
                PublisherState::Blocked => warn!("broker blocks publishers"),
                PublisherState::Away(_) => {}
            }
        }
        changed
    }
}

/// Whether to connect again.
#[derive(PartialEq, Eq)]
enum Next {
    Again,
    Stop,
}

fn explain(ended: &Ended) -> Watched {
    match ended {
        Ended::Unconfirmed => Watched::Over(AwayReason::Unconfirmed, None),
        Ended::Unroutable => Watched::Over(AwayReason::Unroutable, None),
        Ended::Broken(broken) => Watched::Over(AwayReason::Lost, Some(told(broken))),
    }
}
