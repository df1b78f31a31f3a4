//! Handing instructions and recovered events to the workers, over the queue that the batches take: whoever changes events
//! or messages does it in a worker's transaction.
//!
//! An instruction counts as given when the broker has confirmed it. What was not confirmed is given again until
//! [`PATIENCE`] is over; it may then be there twice, which does no harm, because instructions only name what they are about.

use crate::failure::Failure;
use queue::{
    AwayReason, Message, PublishError, Publisher, PublisherLimits, PublisherState, QueueError, QueueName,
    Settings,
};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wire::envelope::{Envelope, Instruction};

/// Longest wait for the first connection: several tries.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for the broker to be there and to confirm one instruction.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries of one instruction.
const PAUSE: Duration = Duration::from_millis(200);
/// Instructions that await their confirm at a time: of the largest ones a megabyte or two.
const UNDER_WAY_MAX: usize = 64;
/// Longest wait for the connection to be closed when everything is confirmed.
const CLOSE: Duration = Duration::from_secs(2);

/// A connection to the broker, and what is under way on it.
pub(crate) struct Broker {
    publisher: Publisher,
    under_way: JoinSet<Result<(), Failure>>,
    confirmed: u64,
}

impl Broker {
    /// Connects, so that a broker that is away is told before anything is begun. A queue that no worker has made would
    /// keep instructions for nobody, so it is asked for before a publisher would make it.
    pub(crate) async fn connect(settings: Settings) -> Result<Self, Failure> {
        if let Err(QueueError::Missing(_)) = queue::depth(&settings, QueueName::Batches).await {
            let prefix = settings.prefix();
            return Err(Failure::configuration(format!(
                "no worker has ever used the queue prefix `{prefix}` on this broker"
            ))
            .next("set SENDSTATE_QUEUE_PREFIX and SENDSTATE_AMQP_URL to what the workers use"));
        }
        let publisher = Publisher::start(settings, PublisherLimits::default(), CancellationToken::new());
        ready(&publisher, Instant::now() + CONNECT_PATIENCE).await?;
        Ok(Self { publisher, under_way: JoinSet::new(), confirmed: 0 })
    }

    /// Gives one instruction; waits while as many are under way as may be.
    pub(crate) async fn give(&mut self, instruction: &Instruction) -> Result<(), Failure> {
        self.send(message(instruction)).await
    }

    /// Gives a batch of recovered events, in the same way.
    pub(crate) async fn give_batch(&mut self, envelope: &Envelope, body: String) -> Result<(), Failure> {
        let headers = envelope.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.send(Message { id: envelope.id(), headers, body: body.into() }).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Failure> {
        while self.under_way.len() >= UNDER_WAY_MAX {
            self.one_confirmed().await?;
        }
        self.under_way.spawn(publish(self.publisher.clone(), message));
        Ok(())
    }

    /// Waits until everything given is confirmed.
    pub(crate) async fn settle(&mut self) -> Result<(), Failure> {
        while !self.under_way.is_empty() {
            self.one_confirmed().await?;
        }
        Ok(())
    }

    /// Waits until everything given is confirmed, and takes leave.
    pub(crate) async fn finish(mut self) -> Result<(), Failure> {
        self.settle().await?;
        // Everything is confirmed, so nothing can be left behind.
        let _nothing = self.publisher.close(CLOSE).await;
        Ok(())
    }

    /// Instructions confirmed so far.
    pub(crate) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    async fn one_confirmed(&mut self) -> Result<(), Failure> {
        match self.under_way.join_next().await {
            Some(Ok(published)) => published?,
            Some(Err(error)) => return Err(Failure::failed(format!("an instruction did not end: {error}"))),
            None => return Ok(()),
        }
        self.confirmed += 1;
        Ok(())
    }
}

fn message(instruction: &Instruction) -> Message {
    let headers = instruction.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Message { id: Uuid::now_v7().to_string(), headers, body: instruction.body().into() }
}

async fn publish(publisher: Publisher, message: Message) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        ready(&publisher, deadline).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match publisher.publish(message.clone(), left).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let again = error != PublishError::TooLarge && Instant::now() + PAUSE < deadline;
        if !again {
            return Err(Failure::unreachable(format!("RabbitMQ did not take an instruction: {error}"))
                .next("see whether RabbitMQ has disk, memory and a leader for the queue, then run this again: what was taken before is not harmed by that"));
        }
        sleep(PAUSE).await;
    }
}

/// Waits until the broker takes messages.
async fn ready(publisher: &Publisher, deadline: Instant) -> Result<(), Failure> {
    let mut state = publisher.state();
    // `Ok(Err(_))`: the publisher is gone, and its last word stands.
    let waited = timeout_at(deadline, state.wait_for(|state| decided(*state).is_some())).await;
    let last = match waited {
        Ok(Ok(state)) => *state,
        Ok(Err(_)) | Err(_) => *publisher.state().borrow(),
    };
    match decided(last) {
        Some(result) => result,
        None => Err(away(last)),
    }
}

/// Whether there is anything to wait for. A person has to act before the broker takes anything from who may not come in.
fn decided(state: PublisherState) -> Option<Result<(), Failure>> {
    match state {
        PublisherState::Ready => Some(Ok(())),
        PublisherState::Away(AwayReason::Denied) => {
            Some(Err(Failure::configuration("RabbitMQ denies access")
                .next("check user, password and virtual host in SENDSTATE_AMQP_URL")))
        }
        PublisherState::Away(AwayReason::Conflict) => {
            Some(Err(Failure::configuration("a queue exists on RabbitMQ with other arguments than ours")
                .next(
                    "check SENDSTATE_QUEUE_PREFIX, and that this is the release of ingest and the workers",
                )))
        }
        PublisherState::Blocked | PublisherState::Away(_) => None,
    }
}

fn away(state: PublisherState) -> Failure {
    match state {
        PublisherState::Blocked => {
            Failure::unreachable("RabbitMQ takes nothing: it is short of memory or disk")
                .next("give it room and run this again")
        }
        PublisherState::Away(reason) => {
            Failure::unreachable(format!("RabbitMQ cannot be reached: {}", reason.as_str()))
                .next("check SENDSTATE_AMQP_URL and that the broker runs and accepts connections from here")
        }
        PublisherState::Ready => Failure::unreachable("RabbitMQ came too late"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_travels_under_an_id_of_its_own() {
        let instruction = Instruction::Release { quarantine: 17 };
        let (one, other) = (message(&instruction), message(&instruction));
        assert_ne!(one.id, other.id);
        assert_eq!(one.body, instruction.body());
        let read = wire::envelope::Incoming::read(Some(&one.id), &one.headers, &one.body);
        assert_eq!(read, Ok(wire::envelope::Incoming::Instruction(instruction)));
    }

    #[test]
    fn what_a_person_has_to_mend_is_not_waited_for() {
        for (reason, code) in [(AwayReason::Denied, 64), (AwayReason::Conflict, 64)] {
            let failure = decided(PublisherState::Away(reason)).unwrap().unwrap_err();
            assert_eq!(failure.code, code, "{failure}");
        }
        for state in [
            PublisherState::Blocked,
            PublisherState::Away(AwayReason::Unreachable),
            PublisherState::Away(AwayReason::Starting),
        ] {
            assert_eq!(decided(state), None);
            assert_eq!(away(state).code, 69);
        }
        assert_eq!(decided(PublisherState::Ready), Some(Ok(())));
    }

    #[tokio::test]
    async fn a_broker_that_is_not_there_is_told_when_the_time_is_over() {
        // Nothing listens on a port that was just free.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = Settings::new(&format!("amqp://{free}/%2f"), "test").unwrap();
        let publisher = Publisher::start(settings, PublisherLimits::default(), CancellationToken::new());
        let failure = ready(&publisher, Instant::now()).await.unwrap_err();
        assert_eq!(failure.code, 69, "{failure}");
        assert!(failure.to_string().contains("SENDSTATE_AMQP_URL"), "{failure}");
    }
}
