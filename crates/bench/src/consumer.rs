//! Consumers: HTTP servers that verify what they get, note when it came, and behave as they are told.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use standardwebhooks::Webhook;
use std::collections::HashMap;
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

/// A notification that came.
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
    /// Signatures that did not hold: a run with one means nothing.
    refused: u64,
}

struct Endpoint {
    webhook: Arc<Webhook>,
    manner: Manner,
    requests: u64,
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
        self.lock().endpoints.insert(number, Endpoint { webhook, manner, requests: 0 });
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

    /// What has come since the last time, and how many signatures did not hold.
    pub(crate) fn take_arrivals(&self) -> (Vec<Arrival>, u64) {
        let mut shared = self.lock();
        (std::mem::take(&mut shared.arrivals), shared.refused)
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
        let told: Option<Notification> = serde_json::from_slice(&body).ok();
        match told {
            Some(told) if webhook.verify(&body, &head.headers).is_ok() => {
                let sg_message_id = told.data.sg_message_id.unwrap_or_default();
                self.lock().arrivals.push(Arrival { at, endpoint: number, sg_message_id });
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

    fn whose(&self, number: usize) -> Option<(Arc<Webhook>, Manner, u64)> {
        let mut shared = self.lock();
        let endpoint = shared.endpoints.get_mut(&number)?;
        endpoint.requests += 1;
        Some((Arc::clone(&endpoint.webhook), endpoint.manner, endpoint.requests))
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
