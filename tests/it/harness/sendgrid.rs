//! SendGrid's side that can be asked: its management API over real HTTP, with keys, webhooks, messages and suppression
//! lists of its own. It shares no code with the product.
//!
//! Answers are as published (twilio/sendgrid-oai), odd shapes included: an account without webhooks lists an empty one,
//! one webhook has `created_at` where a list has `created_date`, a refusal's `field` is the text `"null"`. What the
//! specification does not allow to be asked is refused with 400. Signing keys are real, and tests and events are really
//! posted, signed, to where a webhook says.
//!
//! [`SendGrid`] is the server and its main account; [`SendGrid::subuser`] is another account of it. Everything an account
//! does from its own side is a method of [`Account`]. Faults are ordered with [`SendGrid::order`].

mod account;
mod fault;
mod limit;
mod meanwhile;
mod post;
mod query;
mod records;
mod routes;
mod server;
mod suppressions;
mod test_events;
mod webhooks;

pub(crate) use account::Account;
pub(crate) use fault::{Fault, Order};
pub(crate) use meanwhile::Change;

use super::cli::{Ran, Running};
use super::world::World;
use limit::RateLimit;
use meanwhile::Meanwhile;
use serde_json::Value;
use server::serve;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// The main account's key; it may do everything.
pub(crate) const KEY: &str = "SG.it-full-access.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

/// Every scope that the stand-in asks for anywhere.
pub(crate) const SCOPES: [&str; 9] = [
    "mail.send",
    "messages.read",
    "suppression.read",
    "user.webhooks.event.settings.create",
    "user.webhooks.event.settings.delete",
    "user.webhooks.event.settings.read",
    "user.webhooks.event.settings.update",
    "user.webhooks.event.test.create",
    "user.webhooks.event.test.read",
];

/// One request that the API was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Null when there was none.
    pub(crate) body: Value,
    pub(crate) key: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    /// What it was answered; `None` when a fault left it without an answer.
    pub(crate) status: Option<u16>,
}

impl Call {
    /// `GET /v3/scopes`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[derive(Debug, Default)]
struct State {
    /// Scopes by key.
    keys: BTreeMap<String, Vec<String>>,
    /// By the name of the subuser; the main account has the empty one.
    accounts: BTreeMap<String, account::Book>,
    calls: Vec<Call>,
    orders: Vec<Order>,
    limits: Vec<RateLimit>,
    meanwhile: Vec<Meanwhile>,
    /// Webhook ids and the like.
    made: u32,
}

impl State {
    fn go_on_meanwhile(&mut self, line: &str) {
        for change in meanwhile::due(&mut self.meanwhile, line) {
            self.accounts.entry(String::new()).or_default().change(change);
        }
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Counts recoveries; whatever hangs waits for the next one.
    recovered: watch::Sender<u64>,
}

/// A listening API; gone when dropped.
#[derive(Debug)]
pub(crate) struct SendGrid {
    address: SocketAddr,
    main: Account,
    _serving: AbortOnDropHandle<()>,
}

impl SendGrid {
    /// On a free port of loopback, with [`KEY`] and an account that has nothing yet.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { state: Mutex::default(), recovered: watch::Sender::new(0) });
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, Arc::clone(&shared))));
        let sendgrid = Self { address, main: Account::open(shared, ""), _serving: serving };
        sendgrid.grant(KEY, &SCOPES);
        sendgrid
    }

    /// For `SENDSTATE_SENDGRID_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs the real `sendstate` with a world's settings and [`KEY`] for this API.
    pub(crate) async fn cli(&self, world: &World, arguments: &[&str]) -> Ran {
        self.cli_with(world, KEY, arguments).await
    }

    /// The same with another key.
    pub(crate) async fn cli_with(&self, world: &World, key: &str, arguments: &[&str]) -> Ran {
        self.start_cli(world, key, arguments).ended().await
    }

    /// The same, not waited for.
    pub(crate) fn start_cli(&self, world: &World, key: &str, arguments: &[&str]) -> Running {
        let url = self.url();
        let settings = [("SENDSTATE_SENDGRID_URL", url.as_str()), ("SENDSTATE_SENDGRID_API_KEY", key)];
        world.start_cli(arguments, &settings)
    }

    /// Makes a key, or changes what it may do. A key without scopes is still a key.
    pub(crate) fn grant(&self, key: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.main.state().keys.insert(key.to_owned(), scopes);
    }

    /// From now on the key is unknown.
    pub(crate) fn revoke(&self, key: &str) {
        self.main.state().keys.remove(key);
    }

    /// The account of a subuser, reached with `on-behalf-of`; made when first named.
    pub(crate) fn subuser(&self, name: &str) -> Account {
        Account::open(Arc::clone(self.main.shared()), name)
    }

    /// What is to go wrong, from the next request on.
    pub(crate) fn order(&self, order: Order) {
        self.main.state().orders.push(order);
    }

    /// What changes in the main account right before a request of this whole line is answered, when `skip` such have been.
    pub(crate) fn meanwhile(&self, line: &str, skip: usize, change: Change) {
        self.main.state().meanwhile.push(Meanwhile::new(line, skip, change));
    }

    /// After `calls` more requests every one finds a closed door, until [`SendGrid::recover`].
    pub(crate) fn die_after(&self, calls: usize) {
        self.order(Order::next(Fault::Close).after(calls).for_ever());
    }

    /// Nothing goes wrong any more, and whatever hangs is let go.
    pub(crate) fn recover(&self) {
        self.main.state().orders.clear();
        self.main.shared().recovered.send_modify(|recoveries| *recoveries += 1);
    }

    /// So many requests in each window, for paths that begin like this; told in `X-RateLimit-…` headers. Windows are of
    /// whole seconds, and begin with a request.
    pub(crate) fn limit(&self, path: &str, requests: u32, window: Duration) {
        self.main.state().limits.push(RateLimit::new(path, requests, window));
    }

    /// No limits any more.
    pub(crate) fn unlimited(&self) {
        self.main.state().limits.clear();
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.main.state().calls.clone()
    }

    /// The same in short: `GET /v3/scopes`.
    pub(crate) fn called(&self) -> Vec<String> {
        self.calls().iter().map(Call::line).collect()
    }

    /// The requests that were meant to change something, in short. A test is none.
    pub(crate) fn changes(&self) -> Vec<String> {
        let is_change = |call: &&Call| {
            call.method != "GET" && !call.path.ends_with("/event/test") && call.path != "/v3/logs"
        };
        self.calls().iter().filter(is_change).map(Call::line).collect()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget_calls(&self) {
        self.main.state().calls.clear();
    }
}

/// The main account.
impl Deref for SendGrid {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.main
    }
}
