//! The HTTP side: reads a request, lets the orders of the test and the limits have their say, answers, writes it down.

use super::fault::{self, Fault};
use super::limit::{self, Told};
use super::post;
use super::routes::{self, Reply, Request};
use super::{Call, Shared};
use crate::harness::clock::now_seconds;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::{JoinSet, yield_now};

type Body = BoxBody<Bytes, io::Error>;
type Answered = io::Result<Response<Body>>;

/// One piece of a body that is too large.
const PIECE: &[u8] = &[b' '; 64 * 1024];

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
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

async fn answer(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Answered {
    let request = read(request).await?;
    let line = format!("{} {}", request.method, request.path);
    let mut recovered = shared.recovered.subscribe();
    let fault = fault::of(&mut shared.state.lock().unwrap().orders, &line);
    let told = limit::count(&mut shared.state.lock().unwrap().limits, &request.path, now_seconds());
    let early = match &fault {
        Some(Fault::Status(status)) => Some(Reply::usual(*status)),
        Some(Fault::Answer(status, body)) => Some(Reply::json(*status, body.clone())),
        Some(Fault::Echo(status)) => {
            let said = format!("not with {:?} and {}", request.key, request.body);
            Some(Reply::json(*status, json!({ "errors": [{ "message": said }] })))
        }
        Some(Fault::RateLimited { .. }) => Some(Reply::usual(429)),
        _ if told.is_some_and(|told| told.refused) => Some(Reply::usual(429)),
        _ => None,
    };
    match &fault {
        Some(Fault::Close) => {
            write_down(&shared, &request, None);
            return Err(io::Error::other("closing, as told"));
        }
        Some(Fault::Hang) => {
            write_down(&shared, &request, None);
            // The stand-in itself may be gone.
            drop(recovered.changed().await);
            return Err(io::Error::other("hung, as told"));
        }
        Some(Fault::Raw(status, body)) => {
            write_down(&shared, &request, Some(*status));
            return Ok(whole(*status, Bytes::from_static(body.as_bytes())));
        }
        _ => {}
    }
    let carried_out = early.is_none();
    shared.state.lock().unwrap().go_on_meanwhile(&line);
    let reply = early.unwrap_or_else(|| routes::answer(&mut shared.state.lock().unwrap(), &request));
    let unanswered = matches!(fault, Some(Fault::CloseAfterwards));
    write_down(&shared, &request, (!unanswered).then_some(reply.status));
    if carried_out {
        send_test(&shared, &request, &reply);
    }
    let body = Bytes::from(reply.body.as_ref().map(Value::to_string).unwrap_or_default());
    let half = body.slice(..body.len() / 2);
    let mut response = match fault {
        Some(Fault::CloseAfterwards) => return Err(io::Error::other("closing, as told")),
        // What is written before a wait is sent before it.
        Some(Fault::Truncate) => broken(reply.status, half, yield_now()),
        Some(Fault::HangInBody) => broken(reply.status, half, async move { drop(recovered.changed().await) }),
        Some(Fault::Oversized(bytes)) => oversized(reply.status, bytes),
        _ => whole(reply.status, body),
    };
    if let Some(Fault::RateLimited { reset_in }) = fault {
        let reset = now_seconds() + i64::try_from(reset_in).unwrap();
        tell(&mut response, Told { limit: 1, remaining: 0, reset, refused: true });
    } else if let Some(told) = told {
        tell(&mut response, told);
    }
    Ok(response)
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = head.uri.query().unwrap_or_default();
    Ok(Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        // A body that is no JSON is none; whoever needs one says so.
        body: serde_json::from_slice(&body).unwrap_or_default(),
        key: header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        on_behalf_of: header("on-behalf-of"),
    })
}

fn write_down(shared: &Shared, request: &Request, status: Option<u16>) {
    let Request { method, path, query, body, key, on_behalf_of } = request.clone();
    shared.state.lock().unwrap().calls.push(Call { method, path, query, body, key, on_behalf_of, status });
}

/// SendGrid answers first and posts then.
fn send_test(shared: &Arc<Shared>, request: &Request, reply: &Reply) {
    let Some(test) = reply.test.clone() else { return };
    let (shared, account) = (Arc::clone(shared), request.on_behalf_of.clone().unwrap_or_default());
    drop(tokio::spawn(async move {
        let posted = test.posted(&post::send(&test).await);
        let mut state = shared.state.lock().unwrap();
        state.accounts.entry(account).or_default().posted.push(posted);
    }));
}

fn response(status: u16, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
    response
}

fn whole(status: u16, body: Bytes) -> Response<Body> {
    response(status, Full::new(body).map_err(|never| match never {}).boxed())
}

type Piece = io::Result<Frame<Bytes>>;

fn streamed(status: u16, pieces: impl Stream<Item = Piece> + Send + Sync + 'static) -> Response<Body> {
    response(status, BodyExt::boxed(StreamBody::new(pieces)))
}

/// Some of a body, and the end of the connection when `until` is over.
fn broken(
    status: u16,
    start: Bytes,
    until: impl Future<Output = ()> + Send + Sync + 'static,
) -> Response<Body> {
    let end = stream::once(async move {
        until.await;
        Err(io::Error::other("broken off, as told"))
    });
    streamed(status, stream::iter([Ok(Frame::data(start))]).chain(end))
}

fn oversized(status: u16, bytes: usize) -> Response<Body> {
    let pieces = (0..bytes.div_ceil(PIECE.len())).map(|_| Ok(Frame::data(Bytes::from_static(PIECE))));
    streamed(status, stream::iter(pieces))
}

fn tell(response: &mut Response<Body>, told: Told) {
    let told = [
        ("x-ratelimit-limit", i64::from(told.limit)),
        ("x-ratelimit-remaining", i64::from(told.remaining)),
        ("x-ratelimit-reset", told.reset),
    ];
    for (name, value) in told {
        response.headers_mut().insert(name, value.into());
    }
}
