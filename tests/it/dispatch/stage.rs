//! A pipeline with one source and one consumer, and a look at what the dispatcher recorded.

use crate::harness::{DEADLINE, Mail, Options, Receiver, Sender, World, wait_for};
use serde_json::Value;
use tokio_postgres::Client;

/// Long enough for a busy machine to answer, short enough to wait for.
const REQUEST_TIMEOUT: &str = "2s";
pub(super) const TIMEOUT_MS: i32 = 2_000;

/// A pipeline with one source and one consumer.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) db: Client,
    sender: Sender,
    pub(super) receiver: Receiver,
    hook: String,
    pub(super) endpoint: i32,
    /// What `endpoint add` said.
    pub(super) added: Value,
}

/// An attempt as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) kind: String,
    pub(super) number: i16,
    pub(super) outcome: String,
    pub(super) http_status: Option<i16>,
    pub(super) error: Option<String>,
}

impl Stage {
    /// One of each process.
    pub(super) async fn set() -> Self {
        Self::set_with(Options::new(1, 1, 1)).await
    }

    pub(super) async fn set_with(options: Options) -> Self {
        Self::set_for(options, &[]).await
    }

    /// With these flags for the endpoint.
    pub(super) async fn set_for(options: Options, flags: &[&str]) -> Self {
        let options = options.set("dispatcher", "SENDSTATE_DISPATCHER_REQUEST_TIMEOUT", REQUEST_TIMEOUT);
        let world = World::start(options).await;
        let (sender, receiver) = (Sender::new(), Receiver::start().await);
        let source = world.cli_json(&["source", "add", "mail", "--public-key", &sender.public_key()]).await;
        let endpoint = world.endpoint(&receiver, flags).await;
        Self {
            db: world.db().await,
            sender,
            receiver,
            hook: format!("{}{}", world.ingest_url(1), source["path"].as_str().unwrap()),
            endpoint: endpoint["id"].as_i64().unwrap().try_into().unwrap(),
            added: endpoint,
            world,
        }
    }

    pub(super) async fn send(&self, events: &[Value]) {
        let answer = self.sender.batch(events).to(&self.hook).await.unwrap();
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// Sends so many mails, each delivered.
    pub(super) async fn deliver(&self, count: usize) {
        let events: Vec<Value> = (0..count).map(|_| Mail::new().event("delivered", 10)).collect();
        self.send(&events).await;
    }

    /// Lets the time come of everything that nobody is sending now, and of the breakers that are open.
    pub(super) async fn hurry(&self) {
        self.db
            .execute("UPDATE endpoint_flow SET open_until = now() WHERE open_until > now()", &[])
            .await
            .unwrap();
        self.db.execute("UPDATE delivery_queue SET due_at = now() WHERE lease IS NULL", &[]).await.unwrap();
    }

    /// Lets the leases of a dispatcher end that is known to be dead.
    pub(super) async fn bury(&self) {
        self.db
            .execute("UPDATE delivery_queue SET due_at = now() WHERE lease IS NOT NULL", &[])
            .await
            .unwrap();
    }

    /// `endpoint show`.
    pub(super) async fn endpoint(&self) -> Value {
        self.world.cli_json(&["endpoint", "show", &self.endpoint.to_string()]).await
    }

    /// Runs a command about the endpoint.
    pub(super) async fn tell(&self, command: &[&str]) -> Value {
        let (verb, flags) = command.split_first().unwrap();
        self.world.cli_json(&[&["endpoint", verb, &self.endpoint.to_string()], flags].concat()).await
    }

    /// Waits until the endpoint is in this state.
    pub(super) async fn endpoint_is(&self, state: &str) -> Value {
        wait_for(&format!("the endpoint to be {state}"), DEADLINE, async || {
            let endpoint = self.endpoint().await;
            if endpoint["state"] == state { Ok(endpoint) } else { Err(endpoint.to_string()) }
        })
        .await
    }

    /// In the order of (type, number).
    pub(super) async fn attempts(&self) -> Vec<Attempt> {
        let attempts = "SELECT coalesce(q.type, f.type), a.number, a.outcome, a.http_status, a.error
                        FROM attempts a
                        LEFT JOIN delivery_queue q ON q.id = a.delivery_id
                        LEFT JOIN deliveries_finished f ON f.id = a.delivery_id
                        ORDER BY 1, 2";
        let rows = self.db.query(attempts, &[]).await.unwrap();
        rows.iter()
            .map(|row| Attempt {
                kind: row.get(0),
                number: row.get(1),
                outcome: row.get(2),
                http_status: row.get(3),
                error: row.get(4),
            })
            .collect()
    }

    /// Waits until so many attempts are recorded, and returns them.
    pub(super) async fn attempted(&self, count: usize) -> Vec<Attempt> {
        wait_for(&format!("{count} attempts"), DEADLINE, async || {
            let attempts = self.attempts().await;
            if attempts.len() >= count { Ok(attempts) } else { Err(format!("{attempts:?}")) }
        })
        .await
    }

    /// Waits until so many requests have arrived.
    pub(super) async fn arrived(&self, count: usize) {
        wait_for(&format!("{count} requests"), DEADLINE, async || {
            let arrived = self.receiver.arrived().len();
            if arrived >= count { Ok(()) } else { Err(format!("{arrived} requests")) }
        })
        .await;
    }

    /// Waits until so many deliveries are delivered and none is owed.
    pub(super) async fn delivered(&self, count: i64) {
        wait_for(&format!("{count} deliveries"), DEADLINE, async || {
            let settled = self.settled().await;
            if settled == (count, 0) { Ok(()) } else { Err(format!("{settled:?}")) }
        })
        .await;
    }

    /// Waits until nothing is owed any more; returns how many deliveries ended as delivered and as exhausted.
    pub(super) async fn settled(&self) -> (i64, i64) {
        let counts = "SELECT (SELECT count(*) FROM delivery_queue),
                             (SELECT count(*) FROM deliveries_finished WHERE state = 'delivered'),
                             (SELECT count(*) FROM deliveries_finished WHERE state = 'exhausted')";
        wait_for("everything owed to be settled", DEADLINE, async || {
            let row = self.db.query_one(counts, &[]).await.unwrap();
            let (owed, delivered, exhausted): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            if owed == 0 && delivered + exhausted > 0 {
                Ok((delivered, exhausted))
            } else {
                Err(format!("{owed} owed"))
            }
        })
        .await
    }
}
