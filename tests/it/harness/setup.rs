//! What most tests do first and last with a world, by the real `sendstate`: sources, endpoints, looking things up.

use super::http::{Answer, get};
use super::mail::Mail;
use super::receiver::Receiver;
use super::sender::Sender;
use super::wait::{DEADLINE, wait_for};
use super::world::World;
use serde_json::Value;

/// A receiver is on loopback and speaks plain HTTP.
const LOCAL: [&str; 3] = ["--allow-http", "--allow-network", "127.0.0.0/8"];

impl World {
    /// `source add NAME` with these flags.
    pub(crate) async fn source(&self, name: &str, flags: &[&str]) -> Value {
        self.cli_json(&[&["source", "add", name], flags].concat()).await
    }

    /// A source that verifies what this sender signs; returns where to POST, at the first ingest.
    pub(crate) async fn signed_source(&self, name: &str, sender: &Sender) -> String {
        let source = self.source(name, &["--public-key", &sender.public_key()]).await;
        self.inbound(&source, 1)
    }

    /// Where to POST for a source, at the n-th ingest.
    pub(crate) fn inbound(&self, source: &Value, ingest: usize) -> String {
        format!("{}{}", self.ingest_url(ingest), source["path"].as_str().unwrap())
    }

    /// `endpoint add` for this receiver, which then trusts its secret.
    pub(crate) async fn endpoint(&self, receiver: &Receiver, flags: &[&str]) -> Value {
        let url = receiver.url();
        let endpoint = self.cli_json(&[&["endpoint", "add", &url], &LOCAL[..], flags].concat()).await;
        receiver.trust(endpoint["secret"].as_str().unwrap());
        endpoint
    }

    /// `batch show --wait` for the batch that this 204 names.
    pub(crate) async fn batch(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, 204, "{}", answer.text());
        self.cli_json(&["batch", "show", answer.header("sendstate-batch-id"), "--wait", "60s"]).await
    }

    /// `message show`, which finds exactly this one.
    pub(crate) async fn message(&self, mail: &Mail) -> Value {
        let found = self.cli_json(&["message", "show", &mail.sg_message_id]).await;
        let messages = found["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 1, "{found}");
        messages[0].clone()
    }

    /// Whether a process says that it is ready, and its whole report.
    pub(crate) async fn readiness(&mut self, name: &str) -> (bool, Value) {
        let answer = get(self.program(name).admin, "/readyz").await.unwrap();
        let report: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(report["ready"] == true, answer.status == 200, "{report}");
        (answer.status == 200, report)
    }

    /// The sum of a process's series that begin like this.
    pub(crate) async fn metric(&mut self, name: &str, series: &str) -> f64 {
        let answer = get(self.program(name).admin, "/metrics").await.unwrap().text();
        let values = answer
            .lines()
            .filter(|line| line.starts_with(series))
            .map(|line| line.rsplit(' ').next().unwrap());
        values.map(|value| value.parse::<f64>().unwrap()).sum()
    }

    /// Waits until an ingest is at work on so many requests.
    pub(crate) async fn requests_in_hand(&mut self, name: &str, requests: u32) {
        wait_for("requests to be in hand", DEADLINE, async || {
            let in_hand = self.metric(name, "sendstate_ingest_requests_in_flight").await;
            if in_hand >= f64::from(requests) { Ok(()) } else { Err(format!("{in_hand} of {requests}")) }
        })
        .await;
    }

    /// Waits until so many sessions in this world's database wait for a lock. A session whose process was killed goes on
    /// waiting until it gets it.
    pub(crate) async fn waiting_for_locks(&self, sessions: i64) {
        let db = self.db().await;
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        wait_for("sessions to wait for a lock", DEADLINE, async || {
            let found: i64 = db.query_one(waiting, &[]).await.unwrap().get(0);
            if found >= sessions { Ok(()) } else { Err(format!("{found} of {sessions}")) }
        })
        .await;
    }

    /// Waits until nothing is owed to anybody any more.
    pub(crate) async fn nothing_owed(&self) {
        self.nothing_owed_of(0).await;
    }

    /// Waits until there have been so many notifications and none of them is owed to anybody any more.
    pub(crate) async fn nothing_owed_of(&self, notifications: i64) {
        let db = self.db().await;
        wait_for("every delivery to be finished", DEADLINE, async || {
            let counts = "SELECT (SELECT count(*) FROM notifications), (SELECT count(*) FROM delivery_queue)";
            let row = db.query_one(counts, &[]).await.map_err(|error| error.to_string())?;
            let (made, left): (i64, i64) = (row.get(0), row.get(1));
            if made >= notifications && left == 0 {
                Ok(())
            } else {
                Err(format!("{left} of {made} unfinished"))
            }
        })
        .await;
    }
}

/// The numbers of a batch as (elements, applied, stale, ignored, duplicate, quarantined).
pub(crate) fn tally(batch: &Value) -> [i64; 6] {
    ["elements", "applied", "stale", "ignored", "duplicate", "quarantined"]
        .map(|name| batch[name].as_i64().unwrap())
}
