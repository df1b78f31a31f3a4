use super::*;
use crate::oauth::Authority;
use crate::sources::list::SourceList;
use secrecy::SecretBox;
use service::health::Health;
use store::source::ListedSource;
use store::source::oauth::ListedClient;
use store::{PoolSettings, Role};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;
use wire::oauth::{TokenKey, TokenRing};

const DEADLINE: Duration = Duration::from_secs(20);

/// A refresher whose database is away: nothing listens on the discard port of loopback.
struct Bench {
    sources: Sources,
    health: Health,
    _running: DropGuard,
}

fn bench(snapshot: Option<PathBuf>) -> Bench {
    bench_of(snapshot, Authority::new(None, Duration::from_secs(60)))
}

fn bench_of(snapshot: Option<PathBuf>, authority: Authority) -> Bench {
    let url = "postgres://nobody@127.0.0.1:9/none".to_owned().into();
    let health = Health::new();
    let origin = Origin {
        pool: Pool::new(&url, Role::Ingest, &PoolSettings::default()).unwrap(),
        snapshot,
        every: Duration::from_secs(3_600),
        condition: health.condition("sources"),
        tokens: TokensCondition::new(health.condition("oauth"), authority),
    };
    let (sources, refresher) = Sources::new(origin);
    let running = CancellationToken::new();
    tokio::spawn(refresher.run(running.clone()));
    Bench { sources, health, _running: running.drop_guard() }
}

impl Bench {
    /// Waits for the end of this reading.
    async fn reading(&self, number: u64) {
        let mut finished = self.sources.finished.clone();
        timeout(DEADLINE, finished.wait_for(|done| *done >= number)).await.unwrap().unwrap();
    }
}

/// The path of a snapshot with one source, or of a file with this content.
fn snapshot_file(name: &str, content: Option<&str>) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sendstate-sources-{}-{name}.json", std::process::id()));
    let main = ListedSource {
        id: 7,
        path: "main".to_owned(),
        max_age_s: 600,
        signed: true,
        keys: vec![],
        oauth: None,
    };
    match content {
        Some(content) => std::fs::write(&path, content).unwrap(),
        None => snapshot::write(&path, &[&main], jiff::Timestamp::UNIX_EPOCH).unwrap(),
    }
    path
}

#[tokio::test]
async fn without_database_and_snapshot_there_are_no_sources_and_no_readiness() {
    let bench = bench(None);
    assert_eq!(bench.sources.find("main").await.unwrap_err(), Refusal::NoSources);
    bench.reading(1).await;
    assert_eq!(bench.sources.find("main").await.unwrap_err(), Refusal::NoSources);
    assert!(!bench.health.report().ready);
}

#[tokio::test]
async fn without_database_the_snapshot_is_enough_to_start() {
    let path = snapshot_file("start", None);
    let bench = bench(Some(path.clone()));
    bench.reading(1).await;
    assert_eq!(bench.sources.find("main").await.unwrap().id, domain::SourceId(7));
    assert!(bench.health.report().ready);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_used_counts_as_none() {
    for (name, content) in [("empty", ""), ("half", "{\"version\":1,"), ("other", "[]")] {
        let path = snapshot_file(name, Some(content));
        let bench = bench(Some(path.clone()));
        bench.reading(1).await;
        assert_eq!(bench.sources.find("main").await.unwrap_err(), Refusal::NoSources);
        assert!(!bench.health.report().ready);
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn everybody_who_asks_for_an_unknown_path_shares_one_reading() {
    let path = snapshot_file("shared", None);
    let bench = bench(Some(path.clone()));
    bench.reading(1).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let sources = bench.sources.clone();
        asking.spawn(async move { sources.find("unknown").await.map(|source| source.id) });
    }
    let answers = timeout(DEADLINE, asking.join_all()).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Err(Refusal::UnknownSource)));
    assert_eq!(bench.sources.shared.begun.load(Ordering::SeqCst), 2);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn an_unknown_path_is_looked_up_again_after_the_reading() {
    let path = snapshot_file("added", None);
    let bench = bench(Some(path.clone()));
    bench.reading(1).await;
    let mut asking = std::pin::pin!(bench.sources.find("added"));
    assert!(timeout(Duration::ZERO, &mut asking).await.is_err(), "it was answered from the list in memory");
    let added = ListedSource {
        id: 8,
        path: "added".to_owned(),
        max_age_s: 60,
        signed: false,
        keys: vec![],
        oauth: None,
    };
    // What the demanded reading would bring if the database were there.
    bench.sources.shared.list.store(Some(Arc::new(SourceList::new(
        vec![added],
        jiff::Timestamp::UNIX_EPOCH,
        None,
    ))));
    assert_eq!(timeout(DEADLINE, asking).await.unwrap().unwrap().id, domain::SourceId(8));
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_source_that_asks_for_tokens_needs_a_key_for_the_process_to_be_ready() {
    let client = ListedClient { client_id: "x".to_owned(), secret_sha256: vec![7; 32], old: None };
    let main = ListedSource {
        id: 7,
        path: "main".to_owned(),
        max_age_s: 600,
        signed: true,
        keys: vec![],
        oauth: Some(client),
    };
    let path = snapshot_file("asking", Some(""));
    snapshot::write(&path, &[&main], jiff::Timestamp::UNIX_EPOCH).unwrap();
    let key = TokenKey::new(SecretBox::new(Box::new([1; 32])));
    for (ring, ready) in [(None, false), (Some(Arc::new(TokenRing::new(key, None))), true)] {
        let bench = bench_of(Some(path.clone()), Authority::new(ring, Duration::from_secs(60)));
        bench.reading(1).await;
        let report = bench.health.report();
        assert_eq!(report.ready, ready, "{report:?}");
        assert_eq!(report.conditions["oauth"] == "ok", ready);
        // It is known all the same: what it is answered is for its requests to learn.
        assert!(bench.sources.find("main").await.unwrap().oauth.is_some());
        assert!(bench.sources.ask_for_tokens());
    }
    std::fs::remove_file(path).unwrap();
}
