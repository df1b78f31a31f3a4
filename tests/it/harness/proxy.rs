//! A TCP relay that can be told to misbehave: hold bytes back, cut, end one direction, turn newcomers away.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

const BUFFER_BYTES: usize = 16 * 1024;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// From whoever connected to the server behind.
    ToServer,
    ToClient,
}

/// How connections end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// With a FIN, in an orderly way.
    Close,
    /// With an RST; bytes under way are lost.
    Reset,
}

#[derive(Clone, Debug)]
struct State {
    /// Whether bytes flow to the server, and to the client. Where they do not, sockets stay open and fill.
    to_server: bool,
    to_client: bool,
    /// Whether newcomers are connected, or reset at once.
    welcome: bool,
    /// Raised to end what is connected at that moment, and how.
    cuts: u64,
    how: Cut,
    /// Raised to end the direction to the client; the other one stays.
    half_closes: u64,
}

/// A relay in front of one server. Dropping it resets what goes through it.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    _serving: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Listens on loopback for `server`, as `host:port`.
    pub(crate) async fn start(server: &str) -> Self {
        let server = lookup_host(server).await.unwrap().next().expect("the server's host has an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = State {
            to_server: true,
            to_client: true,
            welcome: true,
            cuts: 0,
            how: Cut::Close,
            half_closes: 0,
        };
        let (state, watched) = watch::channel(open);
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, server, watched)));
        Self { address, state, _serving: serving }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds everything back, both ways, until [`Self::pass`].
    pub(crate) fn stall(&self) {
        self.state.send_modify(|state| (state.to_server, state.to_client) = (false, false));
    }

    /// Holds one direction back.
    pub(crate) fn stall_only(&self, side: Side) {
        self.state.send_modify(|state| match side {
            Side::ToServer => state.to_server = false,
            Side::ToClient => state.to_client = false,
        });
    }

    /// Lets everything through again, newcomers too.
    pub(crate) fn pass(&self) {
        self.state.send_modify(|state| {
            (state.to_server, state.to_client, state.welcome) = (true, true, true);
        });
    }

    /// Ends every connection there is.
    pub(crate) fn cut(&self, how: Cut) {
        self.state.send_modify(|state| {
            state.cuts += 1;
            state.how = how;
        });
    }

    /// Tells every client that the server has said its last word; what clients say still gets through.
    pub(crate) fn half_close(&self) {
        self.state.send_modify(|state| state.half_closes += 1);
    }

    /// Turns newcomers away until [`Self::pass`].
    pub(crate) fn refuse(&self) {
        self.state.send_modify(|state| state.welcome = false);
    }

    /// The server is gone: newcomers are turned away and every connection is reset.
    pub(crate) fn vanish(&self) {
        self.refuse();
        self.cut(Cut::Reset);
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, state: watch::Receiver<State>) {
    let mut relays = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while relays.try_join_next().is_some() {}
        if state.borrow().welcome {
            relays.spawn(relay(client, server, state.clone()));
        } else {
            drop(client.set_zero_linger());
        }
    }
}

async fn relay(mut client: TcpStream, server: SocketAddr, state: watch::Receiver<State>) {
    let before = state.borrow().clone();
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    // A relay must not make the network slower than it is.
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let mut end = state.clone();
    let how = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = pump(from_client, to_server, Side::ToServer, state.clone(), &before);
        let down = pump(from_server, to_client, Side::ToClient, state, &before);
        tokio::select! {
            _ = async { tokio::join!(up, down) } => return,
            how = cut(&mut end, before.cuts) => how,
        }
    };
    if how == Cut::Reset {
        drop((client.set_zero_linger(), server.set_zero_linger()));
    }
}

/// Returns at the next cut, or when the proxy is gone.
async fn cut(state: &mut watch::Receiver<State>, before: u64) -> Cut {
    state.wait_for(|state| state.cuts != before).await.map_or(Cut::Reset, |state| state.how)
}

/// One direction, until its source ends or its sink is gone.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    side: Side,
    mut state: watch::Receiver<State>,
    before: &State,
) {
    let mut closing = state.clone();
    let moving = async {
        let mut buffer = vec![0; BUFFER_BYTES];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let goes_on = |state: &State| match side {
                _ if state.cuts != before.cuts => true,
                Side::ToServer => state.to_server,
                Side::ToClient => state.to_client,
            };
            // What was held back when the connection was cut is lost, however soon bytes flow again.
            let intact = state.wait_for(goes_on).await.is_ok_and(|state| state.cuts == before.cuts);
            if !intact || to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = moving => {}
        _ = closing.wait_for(|state| side == Side::ToClient && state.half_closes != before.half_closes) => {}
    }
    // The other side may be gone already.
    drop(to.shutdown().await);
}
