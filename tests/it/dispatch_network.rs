//! What the network may do to the dispatcher: servers that speak HTTP badly or not at all, certificates that do not fit,
//! redirects, proxies, addresses that are not allowed.
//!
//! The real processes, and one attempt at each server: endpoints do not wait for each other, so one pipeline meets them
//! all. A resolver that changes its mind is in the dispatcher's own tests, where it can be scripted.

mod egress;
mod hostile;
mod tls;

use crate::harness::{DEADLINE, Mail, Options, Receiver, Sender, World, wait_for};
use egress::Proxy;
use hostile::{Hostile, Manner};
use std::collections::BTreeMap;
use tls::{Authority, Secured};
use tokio_postgres::Client;

/// (outcome, status, error) of an attempt.
type End = (String, Option<i16>, Option<String>);

fn end(outcome: &str, status: Option<i16>, error: Option<&str>) -> End {
    (outcome.to_owned(), status, error.map(str::to_owned))
}

fn rejected(status: i16) -> End {
    end("rejected", Some(status), None)
}

fn unanswered(error: &str) -> End {
    end("unanswered", None, Some(error))
}

/// A pipeline to which endpoints are added one by one, and which then owes each the same notification.
struct Trial {
    world: World,
    db: Client,
    sender: Sender,
    hook: String,
    expected: BTreeMap<i32, (String, End)>,
}

impl Trial {
    /// These settings are the dispatcher's.
    async fn begin(settings: &[(&str, &str)], trusted: Option<&Authority>) -> Self {
        let options = Options::new(1, 1, 1).not_started();
        let mut world = World::start(options).await;
        let bundle = world.snapshot("authorities");
        let dispatcher = world.program("dispatcher-1");
        settings.iter().for_each(|(name, value)| dispatcher.set(name, value));
        if let Some(authority) = trusted {
            std::fs::write(&bundle, authority.pem()).unwrap();
            dispatcher.set("SSL_CERT_FILE", bundle.to_str().unwrap());
        }
        for name in ["ingest-1", "worker-1", "dispatcher-1"] {
            world.start_process(name).await;
        }
        let sender = Sender::new();
        let hook = world.signed_source("mail", &sender).await;
        Self { db: world.db().await, world, sender, hook, expected: BTreeMap::new() }
    }

    /// An endpoint on loopback, and how the attempt to reach it will end. Returns its id.
    async fn expect(&mut self, what: &str, url: &str, end: End) -> i32 {
        // Only who is waited for in vain is given little time: a busy machine makes nobody else late.
        let timeout = if end.2.as_deref() == Some("timeout") { "2s" } else { "60s" };
        let flags = ["--allow-http", "--allow-network", "127.0.0.0/8", "--timeout", timeout];
        let added = self.world.cli_json(&[&["endpoint", "add", url], &flags[..]].concat()).await;
        let id = added["id"].as_i64().unwrap().try_into().unwrap();
        self.expected.insert(id, (what.to_owned(), end));
        id
    }

    /// Owes everybody one notification, and looks how the first attempt at each ended.
    async fn hold(self) -> World {
        let answer = self.sender.batch(&[Mail::new().event("delivered", 10)]).to(&self.hook).await.unwrap();
        assert_eq!(answer.status, 204, "{}", answer.text());
        let attempts = "SELECT coalesce(q.endpoint_id, f.endpoint_id), a.outcome, a.http_status, a.error
                        FROM attempts a
                        LEFT JOIN delivery_queue q ON q.id = a.delivery_id
                        LEFT JOIN deliveries_finished f ON f.id = a.delivery_id
                        WHERE a.number = 1";
        let ended: BTreeMap<i32, End> = wait_for("an attempt at each endpoint", DEADLINE, async || {
            let rows = self.db.query(attempts, &[]).await.map_err(|error| error.to_string())?;
            let ended: BTreeMap<_, _> =
                rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3)))).collect();
            if ended.len() == self.expected.len() { Ok(ended) } else { Err(format!("{ended:?}")) }
        })
        .await;
        let found: Vec<_> =
            self.expected.iter().map(|(id, (what, _))| (what.clone(), ended[id].clone())).collect();
        let expected: Vec<_> = self.expected.into_values().collect();
        assert_eq!(found, expected);
        self.world
    }
}

/// Ends as soon as it may.
fn head(rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 {rest}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn whatever_a_server_does_is_one_attempt_that_says_so_and_no_redirect_is_followed() {
    let mut trial = Trial::begin(&[], None).await;
    // Allowed, and nobody's endpoint: only a redirect leads here.
    let elsewhere = Hostile::start(Manner::Says(head("200 OK\r\ncontent-length: 0"))).await;
    let redirect = |status: &str, to: &str| head(&format!("{status}\r\nlocation: {to}\r\ncontent-length: 0"));
    const OK_OF_100: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let table = [
        ("302 elsewhere", Manner::Says(redirect("302 Found", &elsewhere.url())), rejected(302)),
        ("307 elsewhere", Manner::Says(redirect("307 Temporary Redirect", &elsewhere.url())), rejected(307)),
        ("308 elsewhere", Manner::Says(redirect("308 Permanent Redirect", &elsewhere.url())), rejected(308)),
        ("301 private", Manner::Says(redirect("301 Moved", "http://169.254.169.254/latest")), rejected(301)),
        ("nothing", Manner::Says(Vec::new()), unanswered("closed")),
        ("half a status line", Manner::Says(b"HTTP/1.1 20".to_vec()), unanswered("closed")),
        ("half a body", Manner::Says([OK_OF_100, b"half"].concat()), unanswered("closed")),
        ("half a chunk", Manner::Says([CHUNKED, b"64\r\nhalf"].concat()), unanswered("closed")),
        ("reset before a word", Manner::SaysAndResets(b""), unanswered("closed")),
        ("reset in the head", Manner::SaysAndResets(b"HTTP/1.1 200 OK\r\nx: "), unanswered("closed")),
        (
            "reset in the body",
            Manner::SaysAndResets(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            unanswered("closed"),
        ),
        ("not HTTP", Manner::Says(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()), unanswered("protocol")),
        ("HTTP/2", Manner::Says(b"\0\0\x12\x04\0\0\0\0\0".to_vec()), unanswered("protocol")),
        ("a broken chunk", Manner::Says([CHUNKED, b"zz\r\n"].concat()), unanswered("protocol")),
        (
            "two lengths",
            Manner::Says(head("200 OK\r\ncontent-length: 1\r\ncontent-length: 2")),
            unanswered("protocol"),
        ),
        ("a head without end", Manner::Floods(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), unanswered("protocol")),
        ("slow headers", Manner::Drips(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), unanswered("timeout")),
        ("a slow body", Manner::Drips(CHUNKED, b"1\r\nx\r\n"), unanswered("timeout")),
        (
            "interim answers for ever",
            Manner::Drips(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
            unanswered("timeout"),
        ),
        // As much of it as will be read has come, and the status stands.
        // Its line end falls where a chunk of 4,096 bytes needs one, so it is well formed for ever.
        ("endless chunks", Manner::Floods(CHUNKED, b"1000\r\n"), end("delivered", Some(200), None)),
        (
            "an endless 200",
            Manner::Floods(b"HTTP/1.1 200 OK\r\n\r\n", b"words "),
            end("delivered", Some(200), None),
        ),
        ("an endless 500", Manner::Floods(b"HTTP/1.1 500 Oops\r\n\r\n", b"words "), rejected(500)),
    ];
    let mut servers = Vec::new();
    for (what, manner, end) in table {
        let server = Hostile::start(manner).await;
        trial.expect(what, &server.url(), end).await;
        servers.push((what, server));
    }
    let world = trial.hold().await;
    for (what, server) in servers {
        assert_eq!(server.requests(), 1, "{what}");
    }
    assert_eq!(elsewhere.requests(), 0, "a redirect was followed");
    let kept = "SELECT max(length(response)) FROM attempts";
    let kept: i32 = world.db().await.query_one(kept, &[]).await.unwrap().get(0);
    assert!((1..=16 * 1024).contains(&kept), "{kept} bytes of an answer were kept");
    world.finish().await;
}

#[tokio::test]
async fn a_request_goes_only_to_a_server_whose_certificate_fits_and_past_every_proxy_of_the_environment() {
    let (trusted, unknown) = (Authority::new(), Authority::new());
    let proxy = Proxy::start().await;
    let proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let url = proxy.url();
    let mut trial = Trial::begin(&proxies.map(|name| (name, url.as_str())), Some(&trusted)).await;
    let delivered = || end("delivered", Some(200), None);

    let plain = Receiver::start().await;
    trial.expect("plain HTTP", &plain.url(), delivered()).await;
    let by_name = Secured::start(&trusted, "localhost", 2999).await;
    trial.expect("a name that fits", &by_name.url("localhost"), delivered()).await;
    let by_address = Secured::start(&trusted, "127.0.0.1", 2999).await;
    trial.expect("an address that fits", &by_address.url("127.0.0.1"), delivered()).await;

    let other = Secured::start(&trusted, "hooks.example.com", 2999).await;
    trial.expect("another name", &other.url("localhost"), unanswered("tls")).await;
    let expired = Secured::start(&trusted, "localhost", 2020).await;
    trial.expect("expired", &expired.url("localhost"), unanswered("tls")).await;
    let stranger = Secured::start(&unknown, "localhost", 2999).await;
    trial.expect("unknown authority", &stranger.url("localhost"), unanswered("tls")).await;
    let no_tls = plain.url().replace("http://", "https://");
    trial.expect("no TLS", &no_tls, unanswered("tls")).await;

    let world = trial.hold().await;
    assert_eq!([&by_name, &by_address].map(Secured::requests), [1, 1]);
    assert_eq!([&other, &expired, &stranger].map(Secured::requests), [0, 0, 0]);
    assert_eq!(proxy.asked(), [""; 0]);
    world.finish().await;
}

#[tokio::test]
async fn an_egress_proxy_carries_every_request_and_is_never_asked_for_what_is_not_allowed() {
    let trusted = Authority::new();
    let proxy = Proxy::start().await;
    let settings = [("SENDSTATE_DISPATCHER_EGRESS_PROXY", proxy.url())];
    let settings = settings.each_ref().map(|(name, url)| (*name, url.as_str()));
    let mut trial = Trial::begin(&settings, Some(&trusted)).await;
    let delivered = || end("delivered", Some(200), None);

    let (plain, refused) = (Receiver::start().await, Receiver::start().await);
    trial.expect("plain HTTP", &plain.url(), delivered()).await;
    let secured = Secured::start(&trusted, "127.0.0.1", 2999).await;
    trial.expect("TLS", &secured.url("127.0.0.1"), delivered()).await;
    let id = trial.expect("not allowed", &refused.url(), end("unsent", None, Some("refused"))).await;
    trial.db.execute("UPDATE endpoints SET allow_networks = '{}' WHERE id = $1", &[&id]).await.unwrap();

    let world = trial.hold().await;
    let tunnel = secured.url("127.0.0.1").replace("https://", "CONNECT ").replace("/hook", "");
    assert_eq!(proxy.asked(), [tunnel, format!("POST {}", plain.url())]);
    assert_eq!((secured.requests(), plain.arrived().len(), refused.arrived().len()), (1, 1, 0));
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_when_an_endpoint_is_made_and_again_at_every_attempt() {
    let mut trial = Trial::begin(&[], None).await;
    for (url, flags) in [
        ("http://hooks.example.com/", &[][..]),
        ("https://user:word@hooks.example.com/", &[]),
        ("https://user@hooks.example.com/", &["--allow-http"]),
        ("https://127.0.0.1/", &[]),
        ("https://2130706433/", &["--allow-network", "10.0.0.0/8"]),
        ("https://[::ffff:7f00:1]/", &["--allow-network", "127.0.0.0/8"]),
        ("https://localhost/", &[]),
        ("https://169.254.169.254/latest/meta-data", &[]),
        ("https://hooks.example.com:0/", &[]),
        ("ftp://hooks.example.com/", &["--allow-http"]),
    ] {
        let ran = trial.world.cli(&[&["endpoint", "add", url], flags].concat()).await;
        assert_eq!(ran.code, 2, "{url} {flags:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains("word@"), "{ran:?}");
    }
    let refused = || end("unsent", None, Some("refused"));
    let receiver = Receiver::start().await;
    let credentials = receiver.url().replace("http://", "http://user:word@");
    let changes = [
        ("plain HTTP", "UPDATE endpoints SET allow_http = false WHERE id = $1", ""),
        ("network", "UPDATE endpoints SET allow_networks = '{10.0.0.0/8}' WHERE id = $1", ""),
        ("credentials", "UPDATE endpoints SET url = $2 WHERE id = $1", credentials.as_str()),
        (
            "a name",
            "UPDATE endpoints SET url = $2, allow_networks = '{}' WHERE id = $1",
            "http://localhost/hook",
        ),
    ];
    for (what, change, url) in changes {
        let id = trial.expect(what, &receiver.url(), refused()).await;
        let changed = match url {
            "" => trial.db.execute(change, &[&id]).await,
            url => trial.db.execute(change, &[&id, &url]).await,
        };
        assert_eq!(changed.unwrap(), 1);
    }
    let world = trial.hold().await;
    assert!(receiver.arrived().is_empty());
    world.finish().await;
}
