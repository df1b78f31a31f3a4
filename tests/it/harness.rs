//! What the tests of whole processes stand on: real servers, real programs, and ways to hurt the connections between.
//!
//! [`World`] is one pipeline of its own: a database, queue names, processes on free ports, a directory of logs. It ends
//! with [`World::finish`], which looks for leftovers. A [`Receiver`] is a consumer that checks signatures by itself, a
//! [`Sender`] is SendGrid with a key of its own, [`SendGrid`] is its management API with accounts; none of them shares
//! code with the programs under test. Nothing here sleeps but [`wait_for`].

mod broker;
mod cli;
mod clock;
mod database;
mod endings;
mod environment;
mod http;
mod load;
mod logs;
mod mail;
mod memory;
mod ports;
mod program;
mod proxy;
mod receiver;
mod sender;
pub(crate) mod sendgrid;
mod setup;
mod supervisor;
mod wait;
mod world;

pub(crate) use broker::Breakable;
pub(crate) use cli::{Ran, Running};
pub(crate) use clock::now_seconds;
pub(crate) use environment::environment;
pub(crate) use http::{Answer, Exchange};
pub(crate) use load::Load;
pub(crate) use mail::Mail;
pub(crate) use proxy::{Cut, Proxy, Side};
pub(crate) use receiver::{Notification, Reaction, Receiver};
pub(crate) use sender::{Post, SIGNATURE, Sender, TIMESTAMP, target};
pub(crate) use sendgrid::SendGrid;
pub(crate) use setup::tally;
pub(crate) use wait::{DEADLINE, wait_for};
pub(crate) use world::{Options, Server, World};
