//! Names to addresses, by the system's resolver.
//!
//! The system's resolver holds a thread until it has its answer or gives up, long after whoever asked has gone. So one
//! name is looked up once at a time, and whoever else wants it waits for that answer: an endpoint whose name servers are
//! dead costs one thread, however many deliveries it is owed. No answer is kept beyond those who wait for it.

use crate::guard::{Networks, Refusal, check_address};
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Most addresses of one name that are tried; all of them are checked.
const ADDRESSES_MAX: usize = 16;

/// Why a name led nowhere.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("the name cannot be resolved")]
    Lookup(#[source] Arc<io::Error>),
    #[error("the name has no address")]
    Nothing,
    #[error("the name resolves to nothing that is allowed")]
    Refused(#[source] Refusal),
}

impl ResolveError {
    pub(super) fn timed_out() -> Self {
        Self::Lookup(Arc::new(io::ErrorKind::TimedOut.into()))
    }
}

/// Where addresses come from. The ports are not looked at.
pub(super) trait Lookup: std::fmt::Debug + Send + Sync + 'static {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// `getaddrinfo`, and so whatever the machine is set to: hosts file, name servers, search list.
#[derive(Debug)]
pub(super) struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// What a name resolved to, unchecked: its addresses are only given out by the judgement wanted.
#[derive(Clone, Debug)]
pub(super) struct Found(Arc<[SocketAddr]>);

impl Found {
    /// To dial: addresses that are not allowed are left out.
    ///
    /// # Errors
    /// None is left.
    pub(super) fn those_that_pass(&self, networks: &Networks) -> Result<Vec<SocketAddr>, ResolveError> {
        let mut refused = None;
        let mut passed = Vec::new();
        for address in self.0.iter() {
            match check_address(address.ip(), networks) {
                Ok(()) => passed.push(*address),
                Err(refusal) => refused = Some(refusal),
            }
        }
        passed.truncate(ADDRESSES_MAX);
        match (passed.is_empty(), refused) {
            (true, Some(refusal)) => Err(ResolveError::Refused(refusal)),
            (true, None) => Err(ResolveError::Nothing),
            (false, _) => Ok(passed),
        }
    }

    /// For whoever cannot choose among them.
    ///
    /// # Errors
    /// One is not allowed, or there is none.
    pub(super) fn all_pass(&self, networks: &Networks) -> Result<(), ResolveError> {
        if self.0.is_empty() {
            return Err(ResolveError::Nothing);
        }
        let mut judged = self.0.iter().map(|address| check_address(address.ip(), networks));
        judged.try_for_each(|judged| judged).map_err(ResolveError::Refused)
    }

    /// Unjudged.
    pub(super) fn all(&self) -> Vec<SocketAddr> {
        self.0.iter().take(ADDRESSES_MAX).copied().collect()
    }
}

type Answer = Result<Found, ResolveError>;
type UnderWay = Arc<Mutex<HashMap<String, watch::Receiver<Option<Answer>>>>>;

/// Looks names up, each once at a time.
#[derive(Debug)]
pub(super) struct Resolver {
    lookup: Box<dyn Lookup>,
    under_way: UnderWay,
}

impl Resolver {
    pub(super) fn new(lookup: impl Lookup) -> Self {
        Self { lookup: Box::new(lookup), under_way: UnderWay::default() }
    }

    /// # Errors
    /// [`ResolveError::Lookup`] only: what was found is judged by whoever asked.
    pub(super) async fn resolve(&self, name: &str) -> Answer {
        let mut answer = self.join(name);
        let answered = answer.wait_for(Option::is_some).await;
        let answered = answered.ok().and_then(|answer| (*answer).clone());
        // The lookup ended without an answer: it panicked, or the process ends.
        answered.unwrap_or_else(|| Err(ResolveError::Lookup(Arc::new(io::ErrorKind::Interrupted.into()))))
    }

    /// The lookup of this name that is under way, or a new one. It goes on when nobody waits any more.
    fn join(&self, name: &str) -> watch::Receiver<Option<Answer>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = under_way.get(name) {
            return answer.clone();
        }
        let (told, answer) = watch::channel(None);
        under_way.insert(name.to_owned(), answer.clone());
        let entry = Entry { name: name.to_owned(), under_way: Arc::clone(&self.under_way) };
        let looking = self.lookup.lookup(name.to_owned());
        tokio::spawn(async move {
            let found = looking.await;
            // First, so that whoever comes after the answer asks anew.
            drop(entry);
            let found = found.map(|addresses| Found(addresses.into()));
            told.send_replace(Some(found.map_err(|error| ResolveError::Lookup(Arc::new(error)))));
        });
        answer
    }
}

/// Ends with its lookup, however that ends.
struct Entry {
    name: String,
    under_way: UnderWay,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
