//! Everything that is known at the end, asked for once and then told apart by source.

use super::render;
use crate::harness::{Notification, Receiver, World};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use tokio_postgres::Client;

/// What the command line shows, what a consumer has received, and what only the database shows.
pub(super) struct Shown {
    /// By id and recipient.
    messages: Vec<Value>,
    recipients: Vec<Value>,
    told: Vec<Notification>,
    /// Source and time of the bounces that wait for their message.
    pending: Vec<(String, Timestamp)>,
}

impl Shown {
    pub(super) async fn now(world: &World, db: &Client, receiver: &Receiver) -> Self {
        let mut recipients = world.cli_json(&["recipient", "list"]).await;
        let mut recipients = std::mem::take(recipients.as_array_mut().unwrap());
        recipients.sort_by_key(|one| text(one, "address").to_owned());
        Self {
            messages: messages(world, db).await,
            recipients,
            told: receiver.told(),
            pending: pending(db).await,
        }
    }

    /// All lines about a source.
    pub(super) fn of(&self, source: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for message in self.messages.iter().filter(|one| one["source"] == source) {
            let [id, recipient] = ["sg_message_id", "recipient"].map(|key| text(message, key));
            let mut told = self.told(source, "message.", recipient);
            told.retain(|one| one.body["data"]["sg_message_id"] == id);
            is_the_whole_tale(message, &told);
            lines.extend(render::message(message, &told));
        }
        for recipient in self.recipients.iter().filter(|one| one["source"] == source) {
            let told = self.told(source, "recipient.", text(recipient, "address"));
            lines.extend(render::recipient(recipient, &told));
        }
        let pending = self.pending.iter().filter(|(of, _)| of == source);
        lines.extend(pending.map(|(_, at)| render::pending(*at)));
        lines.extend(render::account(&self.told(source, "account.", "")));
        lines
    }

    fn told(&self, source: &str, kind: &str, recipient: &str) -> Vec<Notification> {
        let told = self.told.iter().filter(|one| one.body["data"]["source"] == source);
        told.filter(|one| one.kind.starts_with(kind) && one.recipient == recipient).cloned().collect()
    }
}

/// Those of one address together; those without an address by their id.
async fn messages(world: &World, db: &Client) -> Vec<Value> {
    let names = "SELECT DISTINCT recipient = '', CASE recipient WHEN '' THEN sg_message_id ELSE recipient END FROM messages";
    let mut messages = Vec::new();
    for name in db.query(names, &[]).await.unwrap() {
        let (is_id, name): (bool, &str) = (name.get(0), name.get(1));
        let by: &[&str] = if is_id { &[] } else { &["--recipient"] };
        let mut shown =
            world.cli_json(&[&["message", "show", "--limit", "10000"], by, &[name]].concat()).await;
        messages.extend(std::mem::take(shown["messages"].as_array_mut().unwrap()));
    }
    let count: i64 = db.query_one("SELECT count(*) FROM messages", &[]).await.unwrap().get(0);
    assert_eq!(messages.len() as i64, count, "`message show` finds every message, and each once");
    messages.sort_by_key(|one| ["sg_message_id", "recipient"].map(|key| text(one, key).to_owned()));
    messages
}

async fn pending(db: &Client) -> Vec<(String, Timestamp)> {
    let query = "SELECT s.name, occurred_at FROM pending_bounces JOIN events USING (day, natural_key) \
                 JOIN sources s ON s.id = source_id ORDER BY occurred_at";
    db.query(query, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A consumer received what the command line lists, and by their sequence it is 1, 2, 3 …
fn is_the_whole_tale(message: &Value, told: &[Notification]) {
    let listed = message["notifications"].as_array().unwrap();
    let listed: BTreeSet<_> = listed.iter().map(|one| text(one, "id")).collect();
    let received: BTreeSet<_> = told.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(listed, received, "{message}");
    let sequences: Vec<_> = told.iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, (1..).take(told.len()).map(Some).collect::<Vec<_>>(), "{message}");
    for one in told {
        assert_eq!(one.kind == "message.failed", one.body["data"]["failure"].is_object(), "{}", one.body);
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
