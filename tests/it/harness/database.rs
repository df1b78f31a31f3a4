//! One database per test, copied from one that the real `sendstate migrate` has made.

use super::environment::environment;
use super::supervisor;
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use url::Url;

const MIGRATE_DEADLINE: Duration = Duration::from_secs(120);

static TEMPLATE: OnceCell<()> = OnceCell::const_new();
static TEMPLATE_NAME: LazyLock<String> = LazyLock::new(|| format!("it_template_{}", std::process::id()));

/// A migrated database of one test.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) async fn create(name: &str) -> Self {
        TEMPLATE.get_or_init(make_template).await;
        administer(&format!("CREATE DATABASE {name} TEMPLATE {}", *TEMPLATE_NAME)).await;
        Self { name: name.to_owned() }
    }

    /// As superuser, not through any proxy.
    pub(crate) fn url(&self) -> Url {
        url_of(&self.name)
    }

    pub(crate) async fn connect(&self) -> Client {
        connect(&self.url()).await
    }

    pub(crate) async fn drop_for_good(&self) {
        administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

fn url_of(database: &str) -> Url {
    let mut url: Url = environment().database_url.parse().expect("SENDSTATE_TEST_DATABASE_URL is a URL");
    url.set_path(database);
    url
}

async fn connect(url: &Url) -> Client {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.unwrap();
    // Ends with the client; whoever still asks is told there.
    tokio::spawn(connection);
    client
}

async fn administer(statement: &str) {
    let client = connect(&environment().database_url.parse().unwrap()).await;
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

async fn make_template() {
    // A pid may have been another run's.
    administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", *TEMPLATE_NAME)).await;
    administer(&format!("CREATE DATABASE {}", *TEMPLATE_NAME)).await;
    let migrate = Command::new(environment().programs.join("sendstate"))
        .arg("migrate")
        .env_clear()
        .env("SENDSTATE_DATABASE_URL", url_of(&TEMPLATE_NAME).as_str())
        .current_dir(supervisor::directory())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output =
        tokio::time::timeout(MIGRATE_DEADLINE, migrate).await.expect("`sendstate migrate` ends").unwrap();
    assert!(output.status.success(), "`sendstate migrate`: {output:?}");
}
