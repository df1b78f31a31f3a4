//! A consumer: takes notifications as a script tells it, remembers every request, and checks signatures with an
//! implementation that is not ours. When it is gone, whatever it received was as the published schema says.

mod contract;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::Webhook;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    Status(u16),
    /// With one header.
    StatusWith(u16, &'static str, String),
    /// Says nothing until [`Receiver::release`], then 200.
    HangBeforeHeaders,
    /// Says 200 and no end of the body until [`Receiver::release`].
    HangAfterHeaders,
    /// Closes the connection without a word.
    Close,
}

type Script = Box<dyn FnMut(&Arrived) -> Reaction + Send>;
type Answered = Result<Response<BoxBody<Bytes, Infallible>>, io::Error>;

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What was done with it.
    pub(crate) reaction: Reaction,
}

/// A request that was signed with a known secret.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    /// The same for every attempt.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) recipient: String,
    pub(crate) status: String,
    pub(crate) sequence: Option<i64>,
    pub(crate) implied: bool,
    pub(crate) body: Value,
    /// Whether it was answered with a 2xx.
    pub(crate) accepted: bool,
}

struct Shared {
    arrived: Mutex<Vec<Arrived>>,
    script: Mutex<Script>,
    secrets: Mutex<Vec<Webhook>>,
    released: watch::Sender<bool>,
    /// Requests are reacted to and not remembered.
    forgetful: AtomicBool,
}

/// A listening consumer; gone when dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

impl Receiver {
    /// Listens on a free port of loopback and answers everything with 200.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            arrived: Mutex::default(),
            script: Mutex::new(Box::new(|_| Reaction::Status(200))),
            secrets: Mutex::default(),
            released: watch::Sender::new(false),
            forgetful: AtomicBool::new(false),
        });
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, Arc::clone(&shared))));
        Self { address, shared, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Accepts signatures by this secret too.
    pub(crate) fn trust(&self, secret: &str) {
        self.shared.secrets.lock().unwrap().push(Webhook::new(secret).expect("a whsec_ secret"));
    }

    /// From now on reacts like this.
    pub(crate) fn react(&self, script: impl FnMut(&Arrived) -> Reaction + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Lets go of what hangs, and of whatever would hang later.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// From now on remembers no request: for loads that would fill memory, and whose script keeps its own book.
    pub(crate) fn keep_nothing(&self) {
        self.shared.forgetful.store(true, Ordering::Relaxed);
    }

    /// Forgets every request so far, e.g. what the test itself made up.
    pub(crate) fn forget(&self) {
        self.shared.arrived.lock().unwrap().clear();
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }

    /// Every request so far as a notification, in the order of arrival.
    ///
    /// # Panics
    /// When one is not signed with a trusted secret, or not a notification.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        let secrets = self.shared.secrets.lock().unwrap();
        self.arrived().iter().map(|arrived| Notification::read(arrived, &secrets)).collect()
    }

    /// What was told and taken, without repeats of the same notification.
    pub(crate) fn told(&self) -> Vec<Notification> {
        let mut seen = std::collections::HashSet::new();
        let mut told = self.notifications();
        told.retain(|one| one.accepted && seen.insert(one.id.clone()));
        told
    }
}

impl Drop for Receiver {
    /// Here and not on arrival, where a panic would only close a connection, and whichever way a test looked at it.
    fn drop(&mut self) {
        // A test that failed already has its own story.
        if !std::thread::panicking() {
            self.arrived().iter().for_each(|arrived| contract::hold(&arrived.body));
        }
    }
}

impl Notification {
    fn read(arrived: &Arrived, secrets: &[Webhook]) -> Self {
        let refusals: Vec<_> =
            secrets.iter().map_while(|secret| secret.verify(&arrived.body, &arrived.headers).err()).collect();
        assert!(
            refusals.len() < secrets.len(),
            "no secret of {} signed this: {refusals:?} {arrived:?}",
            secrets.len()
        );
        let body: Value = serde_json::from_slice(&arrived.body).expect("a notification is JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let data = &body["data"];
        Self {
            id: arrived.headers["webhook-id"].to_str().unwrap().to_owned(),
            kind: text(&body["type"]),
            recipient: text(&data["recipient"]),
            status: text(&data["status"]),
            sequence: data["sequence"].as_i64(),
            implied: data["implied"] == true,
            accepted: match arrived.reaction {
                Reaction::Status(status) | Reaction::StatusWith(status, ..) => (200..300).contains(&status),
                _ => false,
            },
            body,
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        // An answer of several segments would wait for the peer's delayed acknowledgement.
        drop(stream.set_nodelay(true));
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        connections.spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let mut arrived = Arrived { headers: head.headers, body, reaction: Reaction::Close };
    let reaction = (shared.script.lock().unwrap())(&arrived);
    arrived.reaction = reaction.clone();
    if !shared.forgetful.load(Ordering::Relaxed) {
        shared.arrived.lock().unwrap().push(arrived);
    }
    let mut released = shared.released.subscribe();
    match reaction {
        Reaction::Status(status) => Ok(empty(status)),
        Reaction::StatusWith(status, name, value) => {
            let mut response = empty(status);
            response.headers_mut().insert(name, value.parse().unwrap());
            Ok(response)
        }
        Reaction::HangBeforeHeaders => {
            // The receiver itself may be gone.
            drop(released.wait_for(|released| *released).await);
            Ok(empty(200))
        }
        Reaction::HangAfterHeaders => {
            let end = stream::once(async move {
                drop(released.wait_for(|released| *released).await);
                Ok(Frame::data(Bytes::from_static(b"at last")))
            });
            Ok(Response::new(StreamBody::new(end).boxed()))
        }
        Reaction::Close => Err(io::Error::other("closing, as told")),
    }
}

fn empty(status: u16) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::default().boxed());
    *response.status_mut() = status.try_into().unwrap();
    response
}
