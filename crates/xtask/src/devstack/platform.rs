//! The two servers a stack stands on: given by address, or private.

use crate::process::Supervisor;
use crate::servers::install::{Wanted, provide};
use crate::servers::{
    Daemon, Durability, Layout, Postgres, PostgresPrograms, RabbitMq, RabbitMqPrograms, Search,
};
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, Ordering};

/// Given servers are used as they are: neither emptied nor ended.
#[derive(Debug)]
enum Server<T> {
    Given(String),
    Private(T),
}

#[derive(Debug)]
pub struct Platform {
    postgres: Server<Postgres>,
    rabbitmq: Server<RabbitMq>,
}

fn given(name: &str) -> Option<String> {
    // Not valid text would be no URL either.
    std::env::var_os(name)?.into_string().ok().filter(|value| !value.is_empty())
}

impl Platform {
    /// Takes the servers of `SENDSTATE_TEST_DATABASE_URL` and `SENDSTATE_TEST_AMQP_URL`, and starts private ones for
    /// what is not given; `meanwhile` runs while they boot, and should give up when its argument turns true: a server
    /// has failed.
    ///
    /// # Errors
    /// When a server is missing or does not start, or `meanwhile` fails.
    pub fn start(
        supervisor: &Supervisor,
        layout: &Layout,
        durability: Durability,
        meanwhile: impl FnOnce(&AtomicBool) -> Result<()>,
    ) -> Result<Self> {
        let database = given("SENDSTATE_TEST_DATABASE_URL");
        let broker = given("SENDSTATE_TEST_AMQP_URL");
        let search = Search::from_environment();
        let mut wanted = Vec::new();
        wanted.extend(database.is_none().then_some(Wanted::Postgres));
        wanted.extend(broker.is_none().then_some(Wanted::RabbitMq));
        provide(supervisor, &search, &wanted, &layout.logs)?;
        let failed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let postgres = scope.spawn(|| {
                let server = database.map_or_else(
                    || {
                        let programs = PostgresPrograms::find(&search).context("PostgreSQL is gone")?;
                        Postgres::start(supervisor, &programs, layout, "postgres", durability)
                            .map(Server::Private)
                    },
                    |url| Ok(Server::Given(url)),
                );
                failed.fetch_or(server.is_err(), Ordering::SeqCst);
                server
            });
            let rabbitmq = scope.spawn(|| {
                let server = broker.map_or_else(
                    || {
                        let programs = RabbitMqPrograms::find(&search).context("RabbitMQ is gone")?;
                        RabbitMq::start(supervisor, &programs, layout, "rabbitmq").map(Server::Private)
                    },
                    |url| Ok(Server::Given(url)),
                );
                failed.fetch_or(server.is_err(), Ordering::SeqCst);
                server
            });
            let done = meanwhile(&failed);
            let panicked = "the thread that starts it panicked";
            let postgres = postgres.join().map_err(|_| anyhow::anyhow!("PostgreSQL: {panicked}"))?;
            let rabbitmq = rabbitmq.join().map_err(|_| anyhow::anyhow!("RabbitMQ: {panicked}"))?;
            // A server's failure is why `meanwhile` gave up, so it is told first.
            let this = Self { postgres: postgres?, rabbitmq: rabbitmq? };
            done?;
            Ok(this)
        })
    }

    /// An empty database when private.
    #[must_use]
    pub fn database_url(&self) -> String {
        match &self.postgres {
            Server::Given(url) => url.clone(),
            Server::Private(postgres) => postgres.url("sendstate"),
        }
    }

    #[must_use]
    pub fn amqp_url(&self) -> String {
        match &self.rabbitmq {
            Server::Given(url) => url.clone(),
            Server::Private(rabbitmq) => rabbitmq.url(),
        }
    }

    /// Whether the broker may hold queues of others.
    #[must_use]
    pub const fn broker_is_shared(&self) -> bool {
        matches!(self.rabbitmq, Server::Given(_))
    }

    /// The private servers' processes.
    pub fn daemons(&mut self) -> Vec<&mut Daemon> {
        let mut daemons = Vec::new();
        if let Server::Private(postgres) = &mut self.postgres {
            daemons.push(postgres.daemon());
        }
        if let Server::Private(rabbitmq) = &mut self.rabbitmq {
            daemons.extend(rabbitmq.daemons());
        }
        daemons
    }
}
