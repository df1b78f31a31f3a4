//! `cargo xtask` leaves nothing behind, whatever ends it, and says what to do when it cannot begin.
//!
//! Each test has a control directory of its own. Cargo is a script here: what it would build is there already.

mod run;

use crate::harness::environment;
use run::{Moment, Sandbox};
use rustix::process::Signal;
use std::collections::BTreeMap;

#[test]
fn interrupting_up_at_any_moment_leaves_nothing() {
    for moment in [Moment::Begun, Moment::Database, Moment::Broker, Moment::Up] {
        let sandbox = Sandbox::new("up-interrupted");
        let run = sandbox.start(&["up"]);
        run.reaches(moment);
        run.signal(Signal::INT);
        let ended = run.end();
        // A clean-up that takes place before the exit, not some time after.
        sandbox.assert_nothing_left(&ended);
        assert_eq!(ended.code, Some(130), "at {moment:?}: {}", ended.stderr);
    }
}

#[test]
fn killing_up_at_any_moment_leaves_nothing() {
    for moment in [Moment::Begun, Moment::Database, Moment::Broker, Moment::Up] {
        let sandbox = Sandbox::new("up-killed");
        let run = sandbox.start(&["up"]);
        run.reaches(moment);
        run.signal(Signal::KILL);
        sandbox.wait_until_nothing_is_left(&run.end());
    }
}

#[test]
fn ending_a_test_run_ends_its_cargo_and_its_servers() {
    for signal in [Signal::TERM, Signal::KILL] {
        let sandbox = Sandbox::new("test-ended");
        let run = sandbox.start(&["test"]);
        run.reaches(Moment::Testing);
        run.signal(signal);
        sandbox.wait_until_nothing_is_left(&run.end());
    }
}

#[test]
fn interrupting_the_demo_leaves_nothing() {
    let sandbox = Sandbox::new("demo-interrupted");
    let run = sandbox.start(&["demo"]);
    run.reaches(Moment::Up);
    run.signal(Signal::INT);
    let ended = run.end();
    sandbox.assert_nothing_left(&ended);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
}

#[test]
fn a_detached_stack_outlives_its_command_restarts_what_dies_and_goes_down() {
    let sandbox = Sandbox::new("detached");
    let up = sandbox.start(&["up", "--detach", "--workers=2"]).end();
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    let programs: BTreeMap<_, _> =
        sandbox.pids().into_iter().map(|(name, process)| (name, process.name)).collect();
    let expected = [
        ("dispatcher-1", "sendstate-dispa"),
        ("ingest-1", "sendstate-inges"),
        ("postgres", "postgres"),
        ("rabbitmq", "beam.smp"),
        ("rabbitmq-epmd", "epmd"),
        ("worker-1", "sendstate-worke"),
        ("worker-2", "sendstate-worke"),
    ];
    assert_eq!(programs, expected.map(|(name, program)| (name.to_owned(), program.to_owned())).into());
    for name in ["worker-2", "rabbitmq"] {
        let before = sandbox.pids()[name].identity;
        before.send(Signal::KILL);
        sandbox.waits_for(&format!("another {name}"), || {
            sandbox.pids().get(name).is_some_and(|now| now.identity != before)
        });
    }
    let env = std::fs::read_to_string(sandbox.directory().join("env")).unwrap();
    for name in ["DATABASE_URL", "AMQP_URL", "INGEST_URL", "INGEST_URLS", "ADMIN_URLS", "BIN_DIR"] {
        assert!(env.contains(&format!("export SENDSTATE_{name}='")), "{name}");
    }
    let second = sandbox.start(&["up"]).end();
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("`cargo xtask down`"), "{}", second.stderr);
    let everything = sandbox.processes();
    for says in ["everything is down", "nothing was up"] {
        let down = sandbox.start(&["down"]).end();
        assert_eq!(down.code, Some(0), "{}", down.stderr);
        assert!(down.stderr.contains(says), "{}", down.stderr);
    }
    sandbox.assert_nothing_left(&run::Ended { family: everything, ..up });
}

#[test]
fn a_killed_supervisor_of_a_detached_stack_takes_everything_along() {
    let sandbox = Sandbox::new("detached-killed");
    let up = sandbox.start(&["up", "--detach"]).end();
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    let everything = sandbox.processes();
    sandbox.holder().send(Signal::KILL);
    sandbox.wait_until_nothing_is_left(&run::Ended { family: everything, ..up });
}

#[test]
fn a_missing_server_is_a_clear_message_and_never_a_skipped_test() {
    for command in ["test", "up", "demo", "servers"] {
        let sandbox = Sandbox::new("missing");
        let ended = sandbox.start_with(&[command], &[("SENDSTATE_SERVER_PATH", "/nonexistent")]).end();
        assert_eq!(ended.code, Some(69), "{}", ended.stderr);
        for part in ["PostgreSQL 15 or later", "RabbitMQ", "apt-get install", "postgresql rabbitmq-server"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        sandbox.assert_nothing_left(&ended);
    }
}

#[test]
fn given_servers_are_used_as_they_are_and_the_exit_code_of_the_tests_passes_through() {
    let given = environment();
    let sandbox = Sandbox::new("given");
    let ended = sandbox
        .start_with(
            &["test", "--", "a_filter"],
            &[
                ("SENDSTATE_SERVER_PATH", "/nonexistent"),
                ("SENDSTATE_TEST_DATABASE_URL", &given.database_url),
                ("SENDSTATE_TEST_AMQP_URL", &given.amqp_url),
                ("CARGO_TEST_EXIT", "7"),
            ],
        )
        .end();
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    let told = sandbox.told();
    assert!(told[0].starts_with("build "), "{told:?}");
    assert_eq!(told[1], "test -- a_filter");
    let expected = format!("test -p tests -- a_filter {} {}", given.database_url, given.amqp_url);
    assert_eq!(told[2], expected);
    sandbox.assert_nothing_left(&ended);
}
