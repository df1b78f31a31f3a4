//! Keys that come and go: what ingest believes while one is replaced, and what may not be done to a source.

use crate::harness::{DEADLINE, Mail, Options, Post, Sender, Server, World, wait_for};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// One ingest that reads its sources every second, and a worker that looks at what was accepted.
async fn world() -> World {
    World::start(Options::new(1, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "1s")).await
}

/// Status and code of an answer.
async fn answer(post: &Post, url: &str) -> Result<(u16, String), String> {
    let answer = post.to(url).await.map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    Ok((answer.status.as_u16(), body["error"].as_str().unwrap_or_default().to_owned()))
}

/// Waits until what this sender signs is answered so.
async fn until(sender: &Sender, url: &str, status: u16) {
    let expected = (status, if status == 403 { "invalid_signature" } else { "" }.to_owned());
    wait_for(&format!("{status}"), DEADLINE, async || {
        let found = answer(&sender.post("[]"), url).await?;
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

async fn add(world: &World, name: &str, sender: &Sender) -> Value {
    world.cli_json(&["source", "key", "add", name, "--public-key", &sender.public_key()]).await
}

/// State of each key, oldest first.
async fn states(world: &World, name: &str) -> Vec<String> {
    let keys = world.cli_json(&["source", "key", "list", name]).await;
    keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_key_is_replaced_both_are_believed_and_after_that_only_the_new_one() {
    let mut world = world().await;
    let (old, new, mail) = (Sender::new(), Sender::new(), Mail::new());
    let url = world.signed_source("main", &old).await;
    until(&old, &url, 204).await;
    assert_eq!(answer(&new.post("[]"), &url).await, Ok((403, "invalid_signature".to_owned())));

    let added = world
        .cli_json(&[
            "source",
            "key",
            "add",
            "main",
            "--public-key",
            &new.public_key(),
            "--label",
            "from March",
        ])
        .await;
    assert_eq!((&added["outcome"], &added["state"]), (&"added".into(), &"active".into()), "{added}");
    until(&new, &url, 204).await;
    let retiring = world.cli_json(&["source", "key", "retire", "main", "1", "--after", "1h"]).await;
    assert_eq!(
        (&retiring["outcome"], &retiring["state"]),
        (&"end_set".into(), &"retiring".into()),
        "{retiring}"
    );
    // The refresh after the change: the list of sources says so when it is taken over.
    let end = retiring["retires_at"].as_str().unwrap();
    let snapshot = world.snapshot("ingest-1");
    wait_for("ingest to know the end", DEADLINE, async || {
        let known = std::fs::read_to_string(&snapshot).map_err(|error| error.to_string())?;
        if known.contains(end) { Ok(()) } else { Err(known) }
    })
    .await;
    for (sender, second) in [(&old, 1), (&new, 2)] {
        let batch = world.batch(&sender.batch(&[mail.event("open", second)]).to(&url).await.unwrap()).await;
        assert_eq!(batch["applied"], 1, "both are believed during the overlap");
    }

    let sha256 = retiring["sha256"].as_str().unwrap();
    let retired = world.cli_json(&["source", "key", "retire", "main", sha256.split_at(8).0, "--now"]).await;
    assert_eq!(retired["state"], "retired", "{retired}");
    until(&old, &url, 403).await;
    assert_eq!(answer(&new.post("[]"), &url).await, Ok((204, String::new())));
    world.restart("ingest-1").await;
    assert_eq!(answer(&old.post("[]"), &url).await, Ok((403, "invalid_signature".to_owned())));
    assert_eq!(answer(&new.post("[]"), &url).await, Ok((204, String::new())));
    assert_eq!(states(&world, "main").await, ["retired", "active"]);

    assert_eq!(add(&world, "main", &old).await["outcome"], "active_again");
    until(&old, &url, 204).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_by_itself_and_also_for_an_ingest_that_has_lost_the_database() {
    let options = Options::new(2, 1, 0).set("ingest", "SENDSTATE_INGEST_REFRESH", "1s");
    let mut world = World::start(options.through_proxies()).await;
    let (old, new) = (Sender::new(), Sender::new());
    let keys = ["--public-key", &old.public_key(), "--public-key", &new.public_key()];
    let source = world.source("main", &keys).await;
    let urls = [1, 2].map(|ingest| world.inbound(&source, ingest));
    for url in &urls {
        until(&old, url, 204).await;
    }
    let retiring = world.cli_json(&["source", "key", "retire", "main", "1", "--after", "1h"]).await;
    let end = retiring["retires_at"].as_str().unwrap();
    let snapshot = world.snapshot("ingest-2");
    let text = wait_for("the second ingest to know the end", DEADLINE, async || {
        let known = std::fs::read_to_string(&snapshot).map_err(|error| error.to_string())?;
        if known.contains(end) { Ok(known) } else { Err(known) }
    })
    .await;
    assert_eq!(world.terminate("ingest-2").await, Some(0));
    world.proxy("ingest-2", Server::Database).vanish();
    // What the hour would bring: from its snapshot alone, ingest does not believe what has ended.
    std::fs::write(&snapshot, with_list(&text, |list| list.replace(end, "2026-01-01T00:00:00Z"))).unwrap();
    world.start_process("ingest-2").await;
    assert_eq!(answer(&old.post("[]"), &urls[1]).await, Ok((403, "invalid_signature".to_owned())));
    assert_eq!(answer(&new.post("[]"), &urls[1]).await, Ok((204, String::new())));
    assert_eq!(answer(&old.post("[]"), &urls[0]).await, Ok((204, String::new())));
    // The other one sees the end come.
    world.cli_json(&["source", "key", "retire", "main", "1", "--after", "1s"]).await;
    until(&old, &urls[0], 403).await;
    assert_eq!(answer(&new.post("[]"), &urls[0]).await, Ok((204, String::new())));
    assert_eq!(states(&world, "main").await, ["retired", "active"]);
    world.proxy("ingest-2", Server::Database).pass();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_active_key_is_only_retired_by_force_and_then_nothing_is_believed() {
    let world = world().await;
    let (first, second) = (Sender::new(), Sender::new());
    let url = world.signed_source("main", &first).await;
    for flags in [&["--now"][..], &["--after", "1h"], &[]] {
        let refused = world.cli(&[&["source", "key", "retire", "main", "1"], flags].concat()).await;
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("--force"), "{refused:?}");
    }
    // Another one that is retiring itself does not help.
    add(&world, "main", &second).await;
    world.cli_json(&["source", "key", "retire", "main", "2"]).await;
    assert_eq!(world.cli(&["source", "key", "retire", "main", "1", "--now"]).await.code, 1);
    assert_eq!(states(&world, "main").await, ["active", "retiring"]);
    until(&first, &url, 204).await;

    world.cli_json(&["source", "key", "retire", "main", "2", "--now"]).await;
    let forced = world.cli(&["source", "key", "retire", "main", "1", "--now", "--force"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");
    assert!(forced.stderr.contains("WARNING") && forced.stderr.contains("403"), "{forced:?}");
    for sender in [&first, &second] {
        until(sender, &url, 403).await;
    }
    let unsigned = answer(&Post::unsigned("[]"), &url).await;
    assert_eq!(unsigned, Ok((401, "missing_signature".to_owned())), "no key is not no signature");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_commands_at_the_same_time_the_second_sees_what_the_first_did() {
    let world = world().await;
    let senders: Vec<Sender> = (0..11).map(|_| Sender::new()).collect();
    let publics: Vec<String> = senders.iter().map(Sender::public_key).collect();
    let nine: Vec<&str> = publics[..9].iter().flat_map(|key| ["--public-key", key.as_str()]).collect();
    world.source("full", &nine).await;
    let pair = world.source("pair", &["--public-key", &publics[0], "--public-key", &publics[1]]).await;
    let ids = [0, 1].map(|position| pair["keys"][position]["id"].to_string());

    // Both wait until each of them has begun.
    let mut db = world.db().await;
    let held = db.transaction().await.unwrap();
    held.execute("SELECT FROM sources FOR UPDATE", &[]).await.unwrap();
    let add = |key: usize| ["source", "key", "add", "full", "--public-key", publics[key].as_str()];
    let retire = |position: usize| ["source", "key", "retire", "pair", ids[position].as_str(), "--now"];
    let (adds, retirements) = ([add(9), add(10)], [retire(0), retire(1)]);
    let release = async {
        world.waiting_for_locks(4).await;
        held.commit().await.unwrap();
    };
    let (one, other, first, second, ()) = tokio::join!(
        world.cli(&adds[0]),
        world.cli(&adds[1]),
        world.cli(&retirements[0]),
        world.cli(&retirements[1]),
        release
    );
    let mut codes = [one.code, other.code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 1], "ten keys at most: {one:?} {other:?}");
    let mut codes = [first.code, second.code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 1], "one of them stays active: {first:?} {second:?}");
    assert_eq!(states(&world, "full").await, ["active"; 10]);
    let mut pair = states(&world, "pair").await;
    pair.sort_unstable();
    assert_eq!(pair, ["active", "retired"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_accepts_ten_keys_and_one_that_is_retired_makes_room() {
    let world = world().await;
    let senders: Vec<Sender> = (0..11).map(|_| Sender::new()).collect();
    world.signed_source("main", &senders[0]).await;
    for sender in &senders[1..10] {
        assert_eq!(add(&world, "main", sender).await["outcome"], "added");
    }
    let eleventh = senders[10].public_key();
    let eleventh = ["source", "key", "add", "main", "--public-key", eleventh.as_str()];
    world.cli_json(&["source", "key", "retire", "main", "1", "--after", "1h"]).await;
    let refused = world.cli(&eleventh).await;
    assert_eq!(refused.code, 1, "a retiring key still counts: {refused:?}");
    assert!(refused.stderr.contains("10 keys") && refused.stderr.contains("ends at"), "{refused:?}");
    assert_eq!(add(&world, "main", &senders[1]).await["outcome"], "unchanged", "it is there, full or not");
    world.cli_json(&["source", "key", "retire", "main", "1", "--now"]).await;
    assert_eq!(world.cli(&eleventh).await.code, 0);
    let back = ["source", "key", "add", "main", "--public-key", &senders[0].public_key()];
    assert_eq!(world.cli(&back).await.code, 1, "a retired one needs room, too");
    assert_eq!(world.cli_json(&["source", "list"]).await[0]["keys"].as_array().unwrap().len(), 10);
    world.finish().await;
}

#[tokio::test]
async fn keys_are_named_labelled_and_listed() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let (old, new) = (Sender::new(), Sender::new());
    world.source("main", &["--public-key", &old.public_key()]).await;
    let add = |label: &'static str| {
        let key = new.public_key();
        async move { ["source", "key", "add", "main", "--public-key", &key, "--label", label].map(str::to_owned) }
    };
    for (label, outcome) in [("March", "added"), ("April", "unchanged")] {
        let words = add(label).await;
        let done = world.cli_json(&words.each_ref().map(String::as_str)).await;
        assert_eq!((&done["outcome"], &done["label"]), (&outcome.into(), &label.into()), "{done}");
    }
    let retired = world.cli_json(&["source", "key", "retire", "main", "1"]).await;
    let again = world.cli_json(&["source", "key", "retire", "main", "1", "--after", "7d"]).await;
    assert_eq!(
        (&again["outcome"], &again["retires_at"]),
        (&"unchanged".into(), &retired["retires_at"]),
        "{again}"
    );

    let keys = world.cli_json(&["source", "key", "list", "main"]).await;
    assert_eq!(keys[0]["public_key"], old.public_key());
    assert!(keys[0]["label"].is_null() && keys[1]["retires_at"].is_null(), "{keys}");
    let table = world.cli(&["source", "key", "list", "main"]).await.stdout;
    for part in ["April", "retiring, until", keys[1]["sha256"].as_str().unwrap()] {
        assert!(table.contains(part), "{part}: {table}");
    }

    for (code, words) in [
        (4, ["source", "key", "retire", "other", "1"]),
        (4, ["source", "key", "retire", "main", "3"]),
        (4, ["source", "key", "retire", "main", "0123456789abcdef"]),
        (2, ["source", "key", "retire", "main", "old"]),
    ] {
        let refused = world.cli(&words).await;
        assert_eq!(refused.code, code, "{words:?}: {refused:?}");
    }
    world.source("open", &["--unsigned"]).await;
    let refused = world.cli(&["source", "key", "add", "open", "--public-key", &new.public_key()]).await;
    assert_eq!(refused.code, 1, "a key that protects nothing: {refused:?}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_no_key_of_sendgrid_s_is_refused_with_its_name_and_is_never_repeated() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let key = Sender::new();
    world.source("main", &["--public-key", &key.public_key()]).await;
    let file = world.snapshot("pasted");
    // Random bytes in the form of PKCS #8: as private as any.
    let private =
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq1w2x3y4z5A6B7C8D9E0F1G2H3I4J5K6L7M8N9O0P1Q=";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{private}\n-----END PRIVATE KEY-----\n");
    let cut = key.public_key().split_at(100).0.to_owned();
    for (text, said) in [
        (private, "private key"),
        (&pem, "private key"),
        (&cut, "cut off"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "certificate"),
        ("SG.aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "API key"),
    ] {
        std::fs::write(&file, text).unwrap();
        for given in [text.to_owned(), format!("@{}", file.display())] {
            let refused = world.cli(&["source", "key", "add", "main", "--public-key", &given]).await;
            assert_eq!(refused.code, 2, "{refused:?}");
            assert!(refused.stderr.contains(said), "{said}: {refused:?}");
            let repeated =
                text.lines().any(|line| refused.stderr.contains(line) || refused.stdout.contains(line));
            assert!(!repeated, "{refused:?}");
        }
    }
    assert_eq!(states(&world, "main").await, ["active"]);
    world.finish().await;
}

/// A snapshot whose list was changed, with the checksum that belongs to it.
fn with_list(snapshot: &str, change: impl FnOnce(&str) -> String) -> String {
    let (head, list) = snapshot.split_once("\"list\":").unwrap();
    let list = list.strip_suffix('}').unwrap();
    let (before, after) = (Sha256::digest(list), change(list));
    assert_ne!(list, after);
    let head = head.replace(&hex(&before), &hex(&Sha256::digest(&after)));
    format!("{head}\"list\":{after}}}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
