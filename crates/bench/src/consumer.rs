//! Consumers: HTTP servers that verify what they get, note when it came, and behave as they are told.
//!
//! What counts is each notification's first arrival at its endpoint, by its `webhook-id`. Only an endpoint that misbehaves
//! has reason to be told again: a repeat at another one, or a signature that does not hold, fails the run.

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use standardwebhooks::Webhook;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What a consumer does with a notification that it has verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// 204 at once.
    Fast,
    /// Does not answer within anybody's patience.
    Stalls,
    /// Answers after so long; every second time with 500.
    SlowAndFailing(Duration),
}

/// A notification that came for the first time.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) endpoint: usize,
    pub(crate) sg_message_id: String,
}

/// One server for all consumers, told apart by their path.
#[derive(Clone)]
pub(crate) struct Consumers {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    endpoints: HashMap<usize, Endpoint>,
    arrivals: Vec<Arrival>,
    /// Signatures that did not hold.
    refused: u64,
    /// Notifications that came again to an endpoint that had answered them at once.
    repeated: u64,
}

struct Endpoint {
    webhook: Arc<Webhook>,
    manner: Manner,
    /// `webhook-id`s that have come.
    seen: HashSet<Box<str>>,
    contact: Contact,
}

/// What an endpoint has seen of the dispatcher.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contact {
    /// Requests ever begun.
    pub(crate) begun: u64,
    /// Those of them that are not answered, nor given up.
    pub(crate) under_way: u64,
}

/// A request that is being answered; dropped when it is, or when its connection is closed.
struct UnderWay {
    consumers: Consumers,
    endpoint: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(endpoint) = self.consumers.lock().endpoints.get_mut(&self.endpoint) {
            endpoint.contact.under_way -= 1;
        }
    }
}

/// What is read of a notification.
#[derive(Deserialize)]
struct Notification {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    sg_message_id: Option<String>,
}

impl Consumers {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let consumers = Self { address: listener.local_addr()?, shared: Arc::default() };
        let serving = consumers.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                drop(stream.set_nodelay(true));
                tokio::spawn(async move {
                    let service = service_fn(move |request| serving.clone().take(request));
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Ok(consumers)
    }

    /// Where endpoint `number` is.
    pub(crate) fn url(&self, number: usize) -> String {
        format!("http://{}/{number}", self.address)
    }

    /// Makes an endpoint known: whose secret it has and how it behaves.
    pub(crate) fn expect(&self, number: usize, secret: &str, manner: Manner) -> Result<()> {
        let webhook = Arc::new(Webhook::new(secret)?);
        let endpoint = Endpoint { webhook, manner, seen: HashSet::new(), contact: Contact::default() };
        self.lock().endpoints.insert(number, endpoint);
        Ok(())
    }

    /// Changes how an endpoint behaves from now on.
    pub(crate) fn behave(&self, number: usize, manner: Manner) {
        if let Some(endpoint) = self.lock().endpoints.get_mut(&number) {
            endpoint.manner = manner;
        }
    }

    /// How many have come of those that `counts` counts.
    pub(crate) fn arrived(&self, counts: impl Fn(&Arrival) -> bool) -> usize {
        self.lock().arrivals.iter().filter(|arrival| counts(arrival)).count()
    }

    /// What has come since the last time.
    ///
    /// # Errors
    /// When a signature did not hold or something came again, ever.
    pub(crate) fn take_arrivals(&self) -> Result<Vec<Arrival>> {
        let mut shared = self.lock();
        let Shared { refused, repeated, .. } = *shared;
        ensure!(refused == 0, "{refused} notifications had no valid signature");
        ensure!(repeated == 0, "{repeated} notifications came again to endpoints that had answered them");
        Ok(std::mem::take(&mut shared.arrivals))
    }

    /// Nothing for an endpoint that is not known.
    pub(crate) fn contact(&self, number: usize) -> Contact {
        self.lock().endpoints.get(&number).map(|endpoint| endpoint.contact).unwrap_or_default()
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let number = request.uri().path().trim_start_matches('/').parse().unwrap_or(usize::MAX);
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Ok(answer(StatusCode::BAD_REQUEST)) };
        let body = body.to_bytes();
        let at = Instant::now();
        let Some((webhook, manner, turn)) = self.whose(number) else {
            return Ok(answer(StatusCode::NOT_FOUND));
        };
        let _under_way = UnderWay { consumers: self.clone(), endpoint: number };
        let told: Option<Notification> = serde_json::from_slice(&body).ok();
        match told {
            Some(told) if webhook.verify(&body, &head.headers).is_ok() => {
                let sg_message_id = told.data.sg_message_id.unwrap_or_default();
                let id = head.headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
                self.note(id, Arrival { at, endpoint: number, sg_message_id });
            }
            _ => {
                self.lock().refused += 1;
                return Ok(answer(StatusCode::BAD_REQUEST));
            }
        }
        Ok(match manner {
            Manner::Fast => answer(StatusCode::NO_CONTENT),
            Manner::Stalls => std::future::pending().await,
            Manner::SlowAndFailing(wait) => {
                tokio::time::sleep(wait).await;
                answer(if turn % 2 == 0 { StatusCode::NO_CONTENT } else { StatusCode::INTERNAL_SERVER_ERROR })
            }
        })
    }

    /// Whose request this is, which is under way from now on.
    fn whose(&self, number: usize) -> Option<(Arc<Webhook>, Manner, u64)> {
        let mut shared = self.lock();
        let endpoint = shared.endpoints.get_mut(&number)?;
        endpoint.contact.begun += 1;
        endpoint.contact.under_way += 1;
        Some((Arc::clone(&endpoint.webhook), endpoint.manner, endpoint.contact.begun))
    }

    /// Counts what is verified: a first arrival, or a repeat.
    fn note(&self, id: &str, arrival: Arrival) {
        let mut shared = self.lock();
        let Shared { endpoints, arrivals, repeated, .. } = &mut *shared;
        let Some(endpoint) = endpoints.get_mut(&arrival.endpoint) else { return };
        if endpoint.seen.insert(id.into()) {
            arrivals.push(arrival);
        } else if endpoint.manner == Manner::Fast {
            *repeated += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn answer(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn consumers(manner: Manner) -> Consumers {
        let consumers = Consumers { address: ([127, 0, 0, 1], 0).into(), shared: Arc::default() };
        for number in [0, 1] {
            consumers.expect(number, SECRET, manner).unwrap();
        }
        consumers
    }

    fn arrival(endpoint: usize) -> Arrival {
        Arrival { at: Instant::now(), endpoint, sg_message_id: String::new() }
    }

    #[test]
    fn the_same_notification_counts_once_at_each_endpoint() {
        let consumers = consumers(Manner::Fast);
        for endpoint in [0, 1] {
            consumers.note("msg_a", arrival(endpoint));
        }
        consumers.note("msg_b", arrival(0));
        assert_eq!(consumers.arrived(|arrival| arrival.endpoint == 0), 2);
        assert_eq!(consumers.take_arrivals().unwrap().len(), 3);
    }

    #[test]
    fn a_repeat_at_an_endpoint_that_answers_at_once_fails_the_run() {
        let consumers = consumers(Manner::Fast);
        consumers.note("msg_a", arrival(0));
        assert_eq!(consumers.take_arrivals().unwrap().len(), 1);
        consumers.note("msg_a", arrival(0));
        let error = consumers.take_arrivals().unwrap_err().to_string();
        assert!(error.starts_with("1 notifications came again"), "{error}");
    }

    #[test]
    fn an_endpoint_that_misbehaves_is_told_again_and_counts_once() {
        let consumers = consumers(Manner::Stalls);
        (0..3).for_each(|_| consumers.note("msg_a", arrival(0)));
        assert_eq!(consumers.take_arrivals().unwrap().len(), 1);
    }

    #[test]
    fn a_request_is_under_way_until_it_is_answered_or_given_up() {
        let consumers = consumers(Manner::Fast);
        let (_, _, turn) = consumers.whose(0).unwrap();
        let under_way = UnderWay { consumers: consumers.clone(), endpoint: 0 };
        let Contact { begun, under_way: now } = consumers.contact(0);
        assert_eq!((turn, begun, now), (1, 1, 1));
        drop(under_way);
        let Contact { begun, under_way: now } = consumers.contact(0);
        assert_eq!((begun, now), (1, 0));
    }
}
