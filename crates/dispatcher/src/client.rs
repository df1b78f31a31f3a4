//! HTTP clients that reach only what the guard lets pass.
//!
//! One client, and so one pool of connections, for each set of allowed networks: a connection that one endpoint was
//! allowed to open must not carry another endpoint's request. The resolver checks addresses and hands exactly those to
//! the dialler, so that nothing is resolved twice. No proxy out of the environment (it would resolve by itself), no
//! redirects (they would lead past the check of the URL), no retries (one attempt is one request).
//!
//! An [`EgressProxy`] that the operator has set does resolve by itself, and nothing here can hold it to what was checked.
//! Then every address of the name has to pass before the proxy is asked at all, and the proxy itself must refuse what is
//! not public: a name that changes in between is its to catch.

mod egress;
mod resolve;

pub(crate) use egress::EgressProxy;
pub(crate) use resolve::ResolveError;

use crate::guard::{Networks, check_address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy as Redirects;
use resolve::{Lookup, Resolver, System};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use url::{Host, Url};

/// Longest time for resolving, connecting and the TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Below the idle limits of usual servers, which close a connection just when it is used again.
const IDLE: Duration = Duration::from_secs(15);
/// More sets of networks than anybody configures; beyond it all clients are made anew.
const CLIENTS_MAX: usize = 64;

/// Why there is no client to send with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoClient {
    #[error("no HTTP client can be made")]
    Build(#[source] reqwest::Error),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

/// Clients by allowed networks, made when first used.
#[derive(Debug)]
pub(crate) struct Clients {
    made: Mutex<HashMap<Networks, reqwest::Client>>,
    resolver: Arc<Resolver>,
    proxy: Option<EgressProxy>,
}

impl Clients {
    /// Makes the client of endpoints that are allowed nothing special, as a proof that clients can be made.
    pub(crate) fn new(proxy: Option<EgressProxy>) -> reqwest::Result<Self> {
        Self::resolving_by(System, proxy)
    }

    fn resolving_by(lookup: impl Lookup, proxy: Option<EgressProxy>) -> reqwest::Result<Self> {
        let clients = Self { made: Mutex::default(), resolver: Arc::new(Resolver::new(lookup)), proxy };
        clients.with(&Networks::default())?;
        Ok(clients)
    }

    /// What to send to this URL with; the URL itself has passed [`crate::guard::check_url`]. Without a proxy names are
    /// judged when they are dialled, and this does not wait.
    ///
    /// # Errors
    /// Through a proxy, also that the name cannot be resolved within three seconds, or leads anywhere that is not allowed.
    pub(crate) async fn to(&self, url: &Url, networks: &Networks) -> Result<reqwest::Client, NoClient> {
        if self.proxy.is_some() {
            self.check_all(url, networks).await?;
        }
        self.with(networks).map_err(NoClient::Build)
    }

    async fn check_all(&self, url: &Url, networks: &Networks) -> Result<(), ResolveError> {
        let address = match url.host().ok_or(ResolveError::Nothing)? {
            Host::Domain(name) => {
                let found = timeout(CONNECT_TIMEOUT, self.resolver.resolve(name));
                let found = found.await.map_err(|_| ResolveError::timed_out())??;
                return found.all_pass(networks);
            }
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
        };
        check_address(address, networks).map_err(ResolveError::Refused)
    }

    fn with(&self, networks: &Networks) -> reqwest::Result<reqwest::Client> {
        // A map of clients is whole after every statement.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(networks) {
            return Ok(client.clone());
        }
        let client = self.build(networks)?;
        if made.len() >= CLIENTS_MAX {
            made.clear();
        }
        made.insert(networks.clone(), client.clone());
        Ok(client)
    }

    fn build(&self, networks: &Networks) -> reqwest::Result<reqwest::Client> {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Redirects::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        let resolver = Arc::clone(&self.resolver);
        match &self.proxy {
            None => builder.dns_resolver(Arc::new(Guarded { resolver, networks: networks.clone() })).build(),
            Some(proxy) => builder
                .dns_resolver(Arc::new(OnlyTheProxy { resolver, host: proxy.host().to_owned() }))
                .proxy(proxy.proxy()?)
                .build(),
        }
    }
}

/// Hands on the addresses that the guard lets pass.
#[derive(Debug)]
struct Guarded {
    resolver: Arc<Resolver>,
    networks: Networks,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, networks) = (Arc::clone(&self.resolver), self.networks.clone());
        Box::pin(async move {
            let passed = resolver.resolve(name.as_str()).await?.those_that_pass(&networks)?;
            Ok(Box::new(passed.into_iter()) as Addrs)
        })
    }
}

/// Through a proxy, its own name is all that is dialled. The operator chose it, so it may lead anywhere.
#[derive(Debug)]
struct OnlyTheProxy {
    resolver: Arc<Resolver>,
    host: String,
}

impl Resolve for OnlyTheProxy {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.resolver);
        let is_the_proxy = name.as_str().eq_ignore_ascii_case(&self.host);
        Box::pin(async move {
            if !is_the_proxy {
                return Err(ResolveError::Nothing.into());
            }
            Ok(Box::new(resolver.resolve(name.as_str()).await?.all().into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
