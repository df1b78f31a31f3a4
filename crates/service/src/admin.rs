//! The admin port: `/livez`, `/readyz`, `/metrics`, `/version`. Never on a public listener: it has no authentication.
//!
//! Liveness depends on nothing but the runtime, so that a broker's outage never restarts a process. During a drain
//! the port keeps answering (not ready), so its shutdown is the last one.

use crate::health::Health;
use crate::http::{self, Drained, Limits, Listener};
use crate::telemetry::Telemetry;
use crate::{Program, metrics};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
/// Prometheus' text exposition format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A scraper, a few probes and a person.
const CONNECTIONS_MAX: usize = 64;
/// Answers are ready when they are asked for; whoever has not read one in a second is not going to.
const DRAIN: Duration = Duration::from_secs(1);

/// Serves until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    telemetry: Telemetry,
    program: Program,
    shutdown: CancellationToken,
) -> Drained {
    metrics::info(&program);
    let limits =
        Limits { listener: Listener::Admin, connections: CONNECTIONS_MAX, drain: DRAIN, ..Limits::default() };
    let handler = move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &health, &telemetry, &program);
        std::future::ready(answer)
    };
    http::serve(listener, limits, handler, shutdown).await
}

fn answer(
    method: &Method,
    path: &str,
    health: &Health,
    telemetry: &Telemetry,
    program: &Program,
) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "method not allowed\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/livez" | "/healthz" => response(StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => {
            let report = health.report();
            let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            response(status, JSON, format!("{}\n", json!(report)))
        }
        "/metrics" => {
            metrics::ready(health.report().ready);
            response(StatusCode::OK, METRICS, telemetry.render())
        }
        "/version" => {
            let version = json!({ "name": program.name, "version": program.version });
            response(StatusCode::OK, JSON, format!("{version}\n"))
        }
        _ => response(StatusCode::NOT_FOUND, TEXT, "not found\n".to_owned()),
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::client::Client;
    use std::net::SocketAddr;

    struct Port {
        address: SocketAddr,
        health: Health,
        shutdown: CancellationToken,
        serving: tokio::task::JoinHandle<Drained>,
    }

    async fn port() -> Port {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, health, shutdown) =
            (listener.local_addr().unwrap(), Health::new(), CancellationToken::new());
        let program = Program { name: "sendstate-probe", version: "1.2.3", about: "", settings: &[] };
        let serving =
            tokio::spawn(serve(listener, health.clone(), Telemetry::detached(), program, shutdown.clone()));
        Port { address, health, shutdown, serving }
    }

    #[tokio::test]
    async fn readiness_follows_the_conditions_and_liveness_does_not() {
        let port = port().await;
        let broker = port.health.condition("broker");
        let mut client = Client::connect(port.address).await;
        let starting = client.get("/readyz").await;
        assert!(starting.starts_with("HTTP/1.1 503 "), "{starting}");
        assert!(
            starting
                .ends_with("{\"conditions\":{\"broker\":\"starting\"},\"draining\":false,\"ready\":false}\n"),
            "{starting}"
        );
        assert!(client.get("/livez").await.starts_with("HTTP/1.1 200 "));
        broker.met();
        assert!(client.get("/readyz").await.starts_with("HTTP/1.1 200 "));
        port.health.drain();
        assert!(client.get("/readyz").await.starts_with("HTTP/1.1 503 "));
        assert!(client.get("/healthz").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn version_metrics_unknown_paths_and_methods_are_answered() {
        let port = port().await;
        let mut client = Client::connect(port.address).await;
        let version = client.get("/version").await;
        assert!(version.ends_with("{\"name\":\"sendstate-probe\",\"version\":\"1.2.3\"}\n"), "{version}");
        let metrics = client.get("/metrics").await;
        assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
        assert!(client.get("/").await.starts_with("HTTP/1.1 404 "));
        let refused = client.ask("POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
        assert!(refused.starts_with("HTTP/1.1 405 ") && refused.contains("allow: GET, HEAD"), "{refused}");
    }

    #[tokio::test]
    async fn shutdown_closes_idle_connections_and_leaves_nothing() {
        let port = port().await;
        let mut client = Client::connect(port.address).await;
        client.get("/livez").await;
        port.shutdown.cancel();
        assert_eq!(port.serving.await.unwrap(), Drained { left: 0 });
        assert_eq!(client.rest().await, "");
    }
}
