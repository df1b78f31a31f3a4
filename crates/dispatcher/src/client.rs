//! HTTP clients that dial only what the guard lets pass.
//!
//! One client, and so one pool of connections, for each set of allowed networks: a connection that one endpoint was
//! allowed to open must not carry another endpoint's request. The resolver checks addresses and hands exactly those to
//! the dialler, so that nothing is resolved twice. No proxy (it would resolve by itself), no redirects (they would lead
//! past the check of the URL), no retries (one attempt is one request).

use crate::guard::{Networks, Refusal, check_address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy as Redirects;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest time for resolving, connecting and the TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Below the idle limits of usual servers, which close a connection just when it is used again.
const IDLE: Duration = Duration::from_secs(15);
/// More sets of networks than anybody configures; beyond it all clients are made anew.
const CLIENTS_MAX: usize = 64;

/// Why a name led nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("the name cannot be resolved")]
    Lookup(#[source] io::Error),
    #[error("the name has no address")]
    Nothing,
    #[error("the name resolves to nothing that is allowed")]
    Refused(#[source] Refusal),
}

/// Clients by allowed networks, made when first used.
#[derive(Debug)]
pub(crate) struct Clients(Mutex<HashMap<Networks, reqwest::Client>>);

impl Clients {
    /// Makes the client of endpoints that are allowed nothing special, as a proof that clients can be made.
    pub(crate) fn new() -> reqwest::Result<Self> {
        let networks = Networks::default();
        let client = build(&networks)?;
        Ok(Self(Mutex::new(HashMap::from([(networks, client)]))))
    }

    pub(crate) fn with(&self, networks: &Networks) -> reqwest::Result<reqwest::Client> {
        // A map of clients is whole after every statement.
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(networks) {
            return Ok(client.clone());
        }
        let client = build(networks)?;
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(networks.clone(), client.clone());
        Ok(client)
    }
}

fn build(networks: &Networks) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(Redirects::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .dns_resolver(Arc::new(GuardedResolver { networks: networks.clone() }))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .build()
}

/// Resolves by the system's resolver and passes on what the guard lets pass.
#[derive(Debug)]
struct GuardedResolver {
    networks: Networks,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.networks.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(ResolveError::Lookup)?;
            let mut refused = None;
            let mut passed = Vec::new();
            for address in found {
                match check_address(address.ip(), &networks) {
                    Ok(()) => passed.push(address),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            match (passed.is_empty(), refused) {
                (true, Some(refusal)) => Err(ResolveError::Refused(refusal).into()),
                (true, None) => Err(ResolveError::Nothing.into()),
                (false, _) => Ok(Box::new(passed.into_iter()) as Addrs),
            }
        })
    }
}
