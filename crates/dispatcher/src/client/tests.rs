//! With real servers on loopback, and a resolver that answers as a hostile name server would. "Allowed" is 127.0.0.1 here,
//! and 127.0.0.2 stands for whatever is not.

use super::*;
use crate::guard::Refusal;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

const HEAD_MAX: usize = 64 * 1024;

/// A resolver with its answers in a row; the last one stands for ever.
#[derive(Clone, Debug)]
struct Scripted(Arc<Script>);

#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Vec<SocketAddr>>>,
    asked: Mutex<Vec<String>>,
    /// One is taken for each answer.
    leave: Semaphore,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Self {
        let scripted = Self::waiting(answers);
        scripted.0.leave.add_permits(1_000);
        scripted
    }

    /// Answers nothing until it may.
    fn waiting(answers: &[&[&str]]) -> Self {
        let address = |text: &&str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0);
        let answers = answers.iter().map(|answer| answer.iter().map(address).collect()).collect();
        Self(Arc::new(Script {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            leave: Semaphore::new(0),
        }))
    }

    fn asked(&self) -> Vec<String> {
        self.0.asked.lock().unwrap().clone()
    }
}

impl Lookup for Scripted {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.0.asked.lock().unwrap().push(name);
        let script = Arc::clone(&self.0);
        Box::pin(async move {
            script.leave.acquire().await.unwrap().forget();
            let mut answers = script.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
            answer.ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}

/// Answers every request with 200, and remembers the head of each with the number of its connection.
struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<(usize, String)>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Server {
    async fn start(address: &str, connection: &'static str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::default());
        let serving = tokio::spawn(serve(listener, Arc::clone(&heads), connection));
        Self { address, heads, _serving: AbortOnDropHandle::new(serving) }
    }

    fn heads(&self) -> Vec<(usize, String)> {
        self.heads.lock().unwrap().clone()
    }

    fn url(&self, name: &str) -> Url {
        format!("http://{name}:{}/hook", self.address.port()).parse().unwrap()
    }
}

async fn serve(listener: TcpListener, heads: Arc<Mutex<Vec<(usize, String)>>>, connection: &'static str) {
    let mut open = tokio::task::JoinSet::new();
    for number in 1.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        let heads = Arc::clone(&heads);
        open.spawn(async move {
            while let Some(head) = head(&mut stream).await {
                heads.lock().unwrap().push((number, head));
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: {connection}\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                if connection == "close" {
                    break;
                }
            }
        });
    }
}

/// The next head of a connection, without its last line ends; `None` at its end. The requests here have no bodies.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        assert!(bytes.len() < HEAD_MAX, "no head ends here");
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(bytes).unwrap().trim_end().to_owned())
}

fn networks(texts: &[&str]) -> Networks {
    Networks::parse(texts).unwrap()
}

fn clients(scripted: &Scripted, proxy: Option<&str>) -> Clients {
    // Another test of this process may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let proxy = proxy.map(|proxy| EgressProxy::parse(&proxy.into()).unwrap());
    Clients::resolving_by(scripted.clone(), proxy).unwrap()
}

async fn post(clients: &Clients, url: &Url, allowed: &[&str]) -> reqwest::Result<u16> {
    let client = clients.to(url, &networks(allowed)).await.unwrap();
    client.post(url.clone()).send().await.map(|response| response.status().as_u16())
}

/// Which address a request was not sent to.
fn refused(error: &(dyn Error + 'static)) -> Option<IpAddr> {
    if let Some(ResolveError::Refused(Refusal::Address { address, .. })) = error.downcast_ref() {
        return Some(*address);
    }
    refused(error.source()?)
}

#[tokio::test]
async fn a_name_that_changes_after_it_was_checked_is_not_followed() {
    let good = Server::start("127.0.0.1:0", "close").await;
    let bad = Server::start(&format!("127.0.0.2:{}", good.address.port()), "close").await;
    let scripted = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let (clients, url) = (clients(&scripted, None), good.url("hooks.example.com"));
    assert_eq!(post(&clients, &url, &["127.0.0.1"]).await.unwrap(), 200);
    // One connection is one lookup: between check and dial there was no other.
    assert_eq!(scripted.asked(), ["hooks.example.com"]);
    let error = post(&clients, &url, &["127.0.0.1"]).await.unwrap_err();
    assert_eq!(refused(&error), Some("127.0.0.2".parse().unwrap()), "{error:?}");
    assert_eq!(scripted.asked().len(), 2);
    assert_eq!((good.heads().len(), bad.heads().len()), (1, 0));
}

#[tokio::test]
async fn of_several_addresses_only_those_that_passed_are_dialled() {
    let good = Server::start("127.0.0.1:0", "close").await;
    let bad = Server::start(&format!("127.0.0.2:{}", good.address.port()), "close").await;
    let url = good.url("hooks.example.com");
    for answer in [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::1", "127.0.0.1"]] {
        let clients = clients(&Scripted::new(&[&answer]), None);
        assert_eq!(post(&clients, &url, &["127.0.0.1"]).await.unwrap(), 200, "{answer:?}");
    }
    assert_eq!((good.heads().len(), bad.heads().len()), (3, 0));
    // Nothing answers where the allowed one points to: the others are no way out.
    let clients = clients(&Scripted::new(&[&["127.0.0.2", "127.0.0.3"]]), None);
    let error = post(&clients, &bad.url("hooks.example.com"), &["127.0.0.3"]).await.unwrap_err();
    assert!(error.is_connect() && refused(&error).is_none(), "{error:?}");
    assert_eq!(bad.heads(), []);
}

#[tokio::test]
async fn what_is_handed_to_the_dialler_is_what_passed_in_both_families() {
    let answer =
        ["10.0.0.1", "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2606:4700::1", "::1", "fd00::7"];
    for (allowed, expected) in [
        (vec![], vec!["8.8.8.8", "2606:4700::1"]),
        (vec!["fd00::/8", "10.0.0.0/8"], vec!["10.0.0.1", "8.8.8.8", "2606:4700::1", "fd00::7"]),
    ] {
        let resolver = Arc::new(Resolver::new(Scripted::new(&[&answer])));
        let guarded = Guarded { resolver, networks: networks(&allowed) };
        let passed = guarded.resolve("hooks.example.com".parse().unwrap()).await.unwrap();
        assert_eq!(passed.map(|address| address.ip().to_string()).collect::<Vec<_>>(), expected);
    }
    for (answer, expected) in [(&["::1", "10.0.0.1"][..], Some("10.0.0.1")), (&[], None)] {
        let resolver = Arc::new(Resolver::new(Scripted::new(&[answer])));
        let guarded = Guarded { resolver, networks: Networks::default() };
        let error = guarded.resolve("hooks.example.com".parse().unwrap()).await.err().unwrap();
        assert_eq!(refused(&*error).map(|address| address.to_string()).as_deref(), expected);
    }
}

#[tokio::test]
async fn a_connection_that_is_kept_open_serves_nobody_with_other_networks() {
    let server = Server::start("127.0.0.1:0", "keep-alive").await;
    let scripted = Scripted::new(&[&["127.0.0.1"]]);
    let (clients, url) = (clients(&scripted, None), server.url("hooks.example.com"));
    for allowed in [&["127.0.0.1"][..], &["127.0.0.1/32"], &["127.0.0.0/8"]] {
        assert_eq!(post(&clients, &url, allowed).await.unwrap(), 200);
    }
    let connections: Vec<_> = server.heads().into_iter().map(|(number, _)| number).collect();
    assert_eq!(connections, [1, 1, 2]);
    // And nobody is let onto one who may not dial it.
    let error = post(&clients, &url, &[]).await.unwrap_err();
    assert_eq!(refused(&error), Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn the_name_and_not_the_address_stands_in_host_and_in_the_tls_greeting() {
    let server = Server::start("127.0.0.1:0", "close").await;
    let clients = clients(&Scripted::new(&[&["127.0.0.1"]]), None);
    let url = server.url("hooks.example.com");
    assert_eq!(post(&clients, &url, &["127.0.0.1"]).await.unwrap(), 200);
    let host = format!("host: hooks.example.com:{}", server.address.port());
    let (_, head) = server.heads().remove(0);
    assert!(head.lines().any(|line| line.eq_ignore_ascii_case(&host)), "{head}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url =
        format!("https://hooks.example.com:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    let (said, sent) = tokio::join!(greeting(listener), post(&clients, &url, &["127.0.0.1"]));
    assert_eq!(said.as_deref(), Some("hooks.example.com"));
    assert!(sent.unwrap_err().is_connect());
}

/// The server name that a client asks for, then hangs up.
async fn greeting(listener: TcpListener) -> Option<String> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut acceptor = rustls::server::Acceptor::default();
    loop {
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "no greeting");
        acceptor.read_tls(&mut &bytes[..read]).unwrap();
        if let Ok(Some(accepted)) = acceptor.accept() {
            return accepted.client_hello().server_name().map(str::to_owned);
        }
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_at_a_time_and_again_afterwards() {
    let scripted = Scripted::waiting(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let resolver = Arc::new(Resolver::new(scripted.clone()));
    let (one, other) = (resolver.resolve("slow.example.com"), resolver.resolve("slow.example.com"));
    let asks = async {
        // Whoever gave up: the lookup goes on, and is not begun again.
        let gone = timeout(Duration::ZERO, resolver.resolve("slow.example.com")).await;
        assert!(gone.is_err());
        assert_eq!(scripted.asked(), ["slow.example.com"]);
        scripted.0.leave.add_permits(1);
    };
    let (one, other, ()) = tokio::join!(one, other, asks);
    assert_eq!(one.unwrap().all(), other.unwrap().all());
    scripted.0.leave.add_permits(1);
    let later = resolver.resolve("slow.example.com").await.unwrap().all();
    assert_eq!((later[0].ip().to_string(), scripted.asked().len()), ("127.0.0.2".to_owned(), 2));
}

#[tokio::test]
async fn a_lookup_that_fails_or_panics_is_told_to_all_who_wait_and_not_remembered() {
    #[derive(Debug)]
    struct Broken;
    impl Lookup for Broken {
        fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move {
                assert_ne!(name, "panics");
                Err(io::ErrorKind::NotFound.into())
            })
        }
    }
    let resolver = Resolver::new(Broken);
    for name in ["panics", "panics", "fails", "fails"] {
        assert!(matches!(resolver.resolve(name).await, Err(ResolveError::Lookup(_))), "{name}");
    }
}

#[tokio::test]
async fn through_a_proxy_names_are_checked_before_it_is_asked() {
    let proxy = Server::start("127.0.0.1:0", "close").await;
    let at = format!("http://user:word@{}", proxy.address);
    let plain: Url = "http://hooks.example.com/hook".parse().unwrap();
    let tls: Url = "https://hooks.example.com/hook".parse().unwrap();
    for answer in [&["10.0.0.1"][..], &["8.8.8.8", "10.0.0.1"], &["2606:4700::1", "::1"]] {
        let clients = clients(&Scripted::new(&[answer]), Some(&at));
        for url in [&plain, &tls] {
            let refusal = clients.to(url, &Networks::default()).await.unwrap_err();
            assert!(matches!(refusal, NoClient::Resolve(ResolveError::Refused(_))), "{answer:?}: {refusal}");
        }
    }
    let literal: Url = "https://10.0.0.1/".parse().unwrap();
    let none = clients(&Scripted::new(&[&[]]), Some(&at));
    assert!(matches!(none.to(&literal, &Networks::default()).await, Err(NoClient::Resolve(_))));
    assert!(matches!(none.to(&tls, &Networks::default()).await, Err(NoClient::Resolve(_))));
    assert_eq!(proxy.heads(), []);

    let scripted = Scripted::new(&[&["8.8.8.8", "2606:4700::1"]]);
    let clients = clients(&scripted, Some(&at));
    assert_eq!(post(&clients, &plain, &[]).await.unwrap(), 200);
    // It is no proxy: it says 200 and hangs up instead of passing TLS on.
    assert!(post(&clients, &tls, &[]).await.unwrap_err().is_connect());
    let heads: Vec<_> = proxy.heads().into_iter().map(|(_, head)| head).collect();
    assert!(heads[0].starts_with("POST http://hooks.example.com/hook HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[1].starts_with("CONNECT hooks.example.com:443 HTTP/1.1\r\n"), "{heads:?}");
    for head in heads {
        let authorization = "proxy-authorization: basic dxnlcjp3b3jk";
        assert!(head.to_ascii_lowercase().contains(authorization), "{head}");
    }
    assert_eq!(scripted.asked(), ["hooks.example.com"; 2]);
}

#[tokio::test]
async fn a_proxy_with_a_name_may_be_anywhere_and_nothing_else_is_dialled_past_it() {
    let proxy = Server::start("127.0.0.1:0", "close").await;
    let at = format!("http://proxy.internal:{}", proxy.address.port());
    let scripted = Scripted::new(&[&["8.8.8.8"], &["127.0.0.1"]]);
    let clients = clients(&scripted, Some(&at));
    let url: Url = "http://hooks.example.com/hook".parse().unwrap();
    assert_eq!(post(&clients, &url, &[]).await.unwrap(), 200);
    assert_eq!(scripted.asked(), ["hooks.example.com", "proxy.internal"]);
    let only = OnlyTheProxy { resolver: Arc::clone(&clients.resolver), host: "proxy.internal".to_owned() };
    assert!(only.resolve("hooks.example.com".parse().unwrap()).await.is_err());
    assert!(only.resolve("PROXY.internal".parse().unwrap()).await.is_ok());
}
