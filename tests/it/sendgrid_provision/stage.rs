//! An ingest, a worker and an account of SendGrid's, and the commands that bring them together.

use crate::harness::sendgrid::{Account, KEY};
use crate::harness::{Options, Ran, Running, SendGrid, World};
use serde_json::Value;

/// Every switch there is.
pub(super) const TOGGLES: [&str; 12] = [
    "processed",
    "dropped",
    "delivered",
    "deferred",
    "bounce",
    "open",
    "click",
    "spam_report",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
    "account_status_change",
];

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) sendgrid: SendGrid,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    /// Null when nothing was printed.
    pub(super) document: Value,
    pub(super) stderr: String,
}

impl Ended {
    pub(super) fn of(ran: Ran) -> Self {
        let document = if ran.stdout.is_empty() { Value::Null } else { ran.json() };
        Self { code: ran.code, document, stderr: ran.stderr }
    }

    /// Each step with its outcome, as `signing done`.
    pub(super) fn steps(&self) -> Vec<String> {
        let steps = self.document["steps"].as_array().unwrap_or_else(|| panic!("no steps: {self:?}"));
        let text = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
        steps.iter().map(|step| format!("{} {}", text(step, "step"), text(step, "outcome"))).collect()
    }

    /// What is said of a step.
    pub(super) fn detail(&self, step: &str) -> &str {
        let steps = self.document["steps"].as_array().unwrap();
        steps.iter().find(|one| one["step"] == step).and_then(|one| one["detail"].as_str()).unwrap()
    }

    /// # Panics
    /// When it did not end with this code.
    pub(super) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

impl Stage {
    pub(super) async fn set() -> Self {
        // A key that is added is to be known soon.
        let options = Options::new(1, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "1s");
        Self { world: World::start(options).await, sendgrid: SendGrid::start().await }
    }

    /// Where a source's webhook has to post to.
    pub(super) fn url(&self, source: &str) -> String {
        format!("{}/webhooks/sendgrid/{source}", self.world.ingest_url(1))
    }

    /// `source …` as the account's owner.
    pub(super) async fn source(&self, arguments: &[&str]) -> Ended {
        self.source_with(KEY, arguments).await
    }

    /// The same with another API key.
    pub(super) async fn source_with(&self, key: &str, arguments: &[&str]) -> Ended {
        Ended::of(self.start_with(key, arguments).ended().await)
    }

    /// The same, not waited for.
    pub(super) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(KEY, arguments)
    }

    fn start_with(&self, key: &str, arguments: &[&str]) -> Running {
        let arguments = [&["source"], arguments, &["--json"]].concat();
        self.sendgrid.start_cli(&self.world, key, &arguments)
    }

    /// `source provision NAME` with these flags, at this world's ingest.
    pub(super) async fn provision(&self, name: &str, flags: &[&str]) -> Ended {
        let url = self.world.ingest_url(1);
        self.source(&[&["provision", name, "--url", &url, "--allow-http"], flags].concat()).await
    }

    /// The same without having a test sent, for what is not about that.
    pub(super) async fn provision_untested(&self, name: &str, flags: &[&str]) -> Ended {
        self.provision(name, &[&["--no-test"], flags].concat()).await
    }

    /// `source key list`.
    pub(super) async fn keys(&self, source: &str) -> Vec<Value> {
        self.world.cli_json(&["source", "key", "list", source]).await.as_array().unwrap().clone()
    }

    pub(super) async fn sources(&self) -> Vec<Value> {
        self.world.cli_json(&["source", "list"]).await.as_array().unwrap().clone()
    }
}

/// # Panics
/// When a webhook posts unsigned.
pub(super) fn nothing_is_posted_unsigned(account: &Account) {
    let unsigned = |webhook: &Value| webhook["enabled"] == true && webhook["public_key"] == "";
    let found: Vec<Value> = account.webhooks().into_iter().filter(unsigned).collect();
    assert!(found.is_empty(), "{found:#?}");
}
