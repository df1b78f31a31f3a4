//! One account: its webhooks, what happened to its mail, whom it must not write to. The methods are what its owner does
//! in SendGrid's own pages, or what happens to it.

use super::post::{self, Delivery, Posted};
use super::records::Recorded;
use super::webhooks::Webhook;
use super::{Shared, State};
use crate::harness::http::Exchange;
use crate::harness::sender::Sender;
use crate::harness::wait::{DEADLINE, wait_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

/// What an account has.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) webhooks: Vec<Webhook>,
    pub(super) webhooks_max: usize,
    /// By `sg_message_id`.
    pub(super) messages: BTreeMap<String, Recorded>,
    /// Rows by list.
    pub(super) suppressed: BTreeMap<String, Vec<Value>>,
    /// The status that Email Activity is refused with; `None`: it is there.
    pub(super) no_activity: Option<u16>,
    pub(super) no_logs: Option<u16>,
    /// Each row of the records is listed twice.
    pub(super) lists_twice: bool,
    /// Email Activity calls a message that bounced after its delivery not delivered.
    pub(super) late_bounces_show: bool,
    pub(super) posted: Vec<Posted>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            webhooks: Vec::new(),
            webhooks_max: 5,
            messages: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            no_activity: None,
            no_logs: None,
            lists_twice: false,
            late_bounces_show: false,
            posted: Vec::new(),
        }
    }
}

/// An account, from its own side.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    shared: Arc<Shared>,
    name: String,
}

impl Account {
    pub(super) fn open(shared: Arc<Shared>, name: &str) -> Self {
        shared.state.lock().unwrap().accounts.entry(name.to_owned()).or_default();
        Self { shared, name: name.to_owned() }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Book) -> T) -> T {
        use_it(self.state().accounts.get_mut(&self.name).expect("it was opened"))
    }

    /// Adds a webhook by hand: enabled, unsigned, with these toggles on. Returns its id.
    pub(crate) fn add_webhook(&self, url: &str, toggles: &[&str]) -> String {
        let mut state = self.state();
        state.made += 1;
        let id = webhook_id(state.made);
        let mut webhook = Webhook::new(&id, url);
        webhook.set("enabled", true);
        toggles.iter().for_each(|toggle| webhook.set(toggle, true));
        state.accounts.get_mut(&self.name).expect("it was opened").webhooks.push(webhook);
        id
    }

    /// Changes one setting of a webhook by hand, e.g. `("open", false)`.
    ///
    /// # Panics
    /// When there is no such webhook.
    pub(crate) fn change_webhook(&self, id: &str, setting: &str, on: bool) {
        self.with(|book| book.webhook_mut(id).expect("the webhook is there").set(setting, on));
    }

    /// The plan no longer allows this webhook to be changed.
    pub(crate) fn freeze_webhook(&self, id: &str) {
        self.with(|book| book.webhook_mut(id).expect("the webhook is there").frozen = true);
    }

    /// Switches signing on or off by hand; from off to on with a new key. Returns the public key.
    pub(crate) fn sign_webhook(&self, id: &str, on: bool) -> Option<String> {
        self.with(|book| book.webhook_mut(id).expect("the webhook is there").sign(on))
    }

    pub(crate) fn remove_webhook(&self, id: &str) {
        self.with(|book| book.webhooks.retain(|webhook| webhook.id != id));
    }

    /// Every webhook with everything: all settings, `id`, `public_key` (empty when unsigned), OAuth secret included.
    pub(crate) fn webhooks(&self) -> Vec<Value> {
        self.with(|book| book.webhooks.iter().map(Webhook::whole).collect())
    }

    /// The webhook with this URL, as [`Account::webhooks`] has it.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn webhook_at(&self, url: &str) -> Value {
        let found = self.webhooks().into_iter().find(|webhook| webhook["url"] == url);
        found.unwrap_or_else(|| panic!("no webhook at {url}: {:#?}", self.webhooks()))
    }

    /// How many webhooks the plan allows.
    pub(crate) fn webhooks_max(&self, webhooks_max: usize) {
        self.with(|book| book.webhooks_max = webhooks_max);
    }

    /// What the webhook's private key signs; `None` when it does not sign.
    pub(crate) fn signer(&self, id: &str) -> Option<Sender> {
        self.with(|book| book.webhook_mut(id).and_then(|webhook| webhook.signer.clone()))
    }

    /// Email Activity and Email Logs know these events, given in the webhook's shape. Nothing is posted.
    pub(crate) fn record(&self, events: &[Value]) {
        self.with(|book| book.record(events));
    }

    /// Posts these events, one request each, to every enabled webhook that wants any of them, signed if it signs. Returns
    /// how each was answered. Nothing is recorded.
    pub(crate) async fn post(&self, events: &[Value]) -> Vec<Exchange> {
        let deliveries: Vec<_> = self.with(|book| {
            book.webhooks.iter().filter_map(|webhook| Delivery::of_events(webhook, events)).collect()
        });
        let mut answers = Vec::new();
        for delivery in deliveries {
            answers.push(post::send(&delivery).await);
        }
        answers
    }

    /// Both.
    pub(crate) async fn happens(&self, events: &[Value]) -> Vec<Exchange> {
        self.record(events);
        self.post(events).await
    }

    /// Email Activity is answered with this status from now on; `None`: it is there.
    pub(crate) fn refuse_activity(&self, status: Option<u16>) {
        self.with(|book| book.no_activity = status);
    }

    /// The same for Email Logs.
    pub(crate) fn refuse_logs(&self, status: Option<u16>) {
        self.with(|book| book.no_logs = status);
    }

    /// Email Activity and Email Logs list each row twice from now on.
    pub(crate) fn list_twice(&self) {
        self.with(|book| book.lists_twice = true);
    }

    /// Email Activity calls a message that bounced after its delivery not delivered from now on. It is not documented
    /// whether it does.
    pub(crate) fn show_late_bounces(&self) {
        self.with(|book| book.late_bounces_show = true);
    }

    /// Puts a row on `bounces`, `blocks`, `invalid_emails`, `spam_reports` or `unsubscribes`.
    pub(crate) fn suppress(&self, list: &str, row: Value) {
        self.with(|book| book.suppressed.entry(list.to_owned()).or_default().push(row));
    }

    /// Tests that were ordered through the API and have ended, in the order of their ends.
    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.with(|book| book.posted.clone())
    }

    /// Waits until so many have ended.
    pub(crate) async fn posted_at_least(&self, count: usize) -> Vec<Posted> {
        wait_for("SendGrid's tests", DEADLINE, async || {
            let posted = self.posted();
            if posted.len() >= count { Ok(posted) } else { Err(format!("{posted:?}")) }
        })
        .await
    }
}

impl Book {
    pub(super) fn webhook_mut(&mut self, id: &str) -> Option<&mut Webhook> {
        self.webhooks.iter_mut().find(|webhook| webhook.id == id)
    }
}

/// As SendGrid makes them: like a UUID.
pub(super) fn webhook_id(number: u32) -> String {
    format!("77d4a5da-7015-11ed-a1eb-{number:012x}")
}
