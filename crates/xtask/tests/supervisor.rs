//! The promise of the crate: what is started does not outlive its supervisor. With real processes, no servers.
#![expect(clippy::unwrap_used, reason = "what a test's helper does is part of the test")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::process::proc::{self, Identity};
use xtask::process::watchdog::Order;
use xtask::wait::held_within;
use xtask::{Ending, Launch, Output, Supervisor};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
const SOON: Duration = Duration::from_secs(20);

/// A directory of this test's own.
fn control(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn script(name: &str, text: &str) -> Launch {
    Launch::new(name, "/bin/sh", Output::Inherit).args(["-c", text])
}

fn family_of(pid: i32, size: usize) -> Vec<Identity> {
    let mut family = Vec::new();
    let complete = held_within(SOON, || {
        family = Identity::of(pid).map(proc::family).unwrap_or_default();
        family.len() >= size
    });
    assert!(complete, "only {family:?}");
    family.into_iter().map(|member| member.identity).collect()
}

fn all_gone(family: &[Identity]) -> bool {
    held_within(SOON, || family.iter().all(|member| !member.is_alive()))
}

#[test]
fn dropping_the_handle_ends_children_of_children() {
    let control = control("drop");
    let supervisor = Supervisor::start(Path::new(XTASK), &control).unwrap();
    let process = supervisor.launch(&script("parent", "sleep 600 & sleep 600; true")).unwrap();
    let family = family_of(process.identity().pid, 3);
    drop(process);
    assert!(family.iter().all(|member| !member.is_alive()), "{family:?}");
    drop(supervisor);
    assert!(!control.join("journal").exists(), "a clean end leaves no journal");
}

#[test]
fn a_stubborn_and_stopped_process_is_killed_after_its_patience() {
    let supervisor = Supervisor::start(Path::new(XTASK), &control("stubborn")).unwrap();
    let mut process =
        supervisor.launch(&script("stubborn", "trap '' TERM; while :; do sleep 600; done")).unwrap();
    // Its first sleep shows that it has set its trap.
    family_of(process.identity().pid, 2);
    process.signal(rustix::process::Signal::STOP).unwrap();
    assert!(!process.stop(rustix::process::Signal::TERM, Duration::from_millis(100)).unwrap());
    assert!(!process.identity().is_alive());
}

#[test]
fn private_data_goes_with_its_owner_and_the_rest_with_the_supervisor() {
    let control = control("private");
    let supervisor = Supervisor::start(Path::new(XTASK), &control).unwrap();
    let directory = supervisor.private_directory(&control, None).unwrap();
    let secret = directory.write("secret", "x", None).unwrap();
    assert_eq!(std::fs::metadata(directory.path()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(&secret).unwrap().mode() & 0o777, 0o600);
    let path = directory.path().to_owned();
    drop(directory);
    assert!(!path.exists());
    let file = control.join("file");
    std::fs::write(&file, "x").unwrap();
    supervisor.discard_at_end(file.clone()).unwrap();
    drop(supervisor);
    assert!(!file.exists());
}

#[test]
fn a_killed_watchdog_is_replaced_and_knows_everything() {
    let control = control("replaced");
    let supervisor = Supervisor::start(Path::new(XTASK), &control).unwrap();
    let process = supervisor.launch(&script("child", "sleep 600")).unwrap();
    let watchdogs = || {
        let own = std::process::id().cast_signed();
        let children = proc::all().into_iter().filter(move |stat| stat.parent == own);
        children.map(|stat| stat.identity).collect::<Vec<_>>()
    };
    let before = watchdogs();
    for watchdog in
        before.iter().filter(|identity| command_line(identity.pid).contains(&*control.to_string_lossy()))
    {
        watchdog.send(rustix::process::Signal::KILL);
    }
    assert!(held_within(SOON, || {
        supervisor.ensure_watched().unwrap();
        watchdogs()
            .iter()
            .any(|now| !before.contains(now) && command_line(now.pid).contains(&*control.to_string_lossy()))
    }));
    assert!(process.identity().is_alive());
}

fn command_line(pid: i32) -> String {
    String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).into_owned()
}

/// A supervisor that we can kill: a watchdog whose pipe we hold.
fn watchdog(control: &Path, orders: &[Order]) -> std::process::Child {
    let journal = control.join("journal");
    std::fs::write(&journal, "").unwrap();
    let mut watchdog = Command::new(XTASK)
        .args(["watchdog", "--journal"])
        .arg(&journal)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(watchdog.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let pipe = watchdog.stdin.as_mut().unwrap();
    for order in orders {
        writeln!(pipe, "{}", serde_json::to_string(order).unwrap()).unwrap();
    }
    watchdog
}

#[test]
fn the_watchdog_ends_groups_undoes_and_removes_when_its_pipe_ends() {
    let control = control("watchdog");
    let (data, undone) = (control.join("data"), control.join("undone"));
    std::fs::create_dir_all(data.join("deep")).unwrap();
    let mut child =
        Command::new("/bin/sh").args(["-c", "sleep 600 & sleep 600; true"]).process_group(0).spawn().unwrap();
    let family = family_of(child.id().cast_signed(), 3);
    let process = Identity::of(child.id().cast_signed()).unwrap();
    let mut watchdog = watchdog(
        &control,
        &[
            Order::Own { process, ending: Ending::Kill },
            Order::Discard { path: data.clone() },
            Order::Undo { command: vec!["touch".into(), undone.display().to_string()] },
        ],
    );
    drop(watchdog.stdin.take());
    child.wait().unwrap();
    assert!(watchdog.wait().unwrap().success());
    assert!(all_gone(&family));
    assert!(!data.exists() && undone.exists());
    assert!(!control.join("journal").exists());
}

#[test]
fn a_process_that_only_has_the_same_pid_is_left_alone() {
    let control = control("reused");
    let mut bystander = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
    let identity = Identity::of(bystander.id().cast_signed()).unwrap();
    let earlier = Identity { started: identity.started - 1, ..identity };
    let mut watchdog = watchdog(&control, &[Order::Own { process: earlier, ending: Ending::Kill }]);
    drop(watchdog.stdin.take());
    assert!(watchdog.wait().unwrap().success());
    assert!(identity.is_alive());
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_journal_of_killed_supervisor_and_watchdog_is_finished_by_the_next() {
    let control = control("journal");
    let data = control.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let mut child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
    let process = Identity::of(child.id().cast_signed()).unwrap();
    let orders = [Order::Own { process, ending: Ending::Kill }, Order::Discard { path: data.clone() }];
    let lines: String = orders.iter().map(|order| serde_json::to_string(order).unwrap() + "\n").collect();
    std::fs::write(control.join("journal"), lines + "{\"Own\":{\"pro").unwrap();
    let supervisor = Supervisor::start(Path::new(XTASK), &control).unwrap();
    child.wait().unwrap();
    assert!(!process.is_alive() && !data.exists());
    drop(supervisor);
}

#[test]
fn a_child_whose_supervisor_is_gone_before_it_begins_does_not_begin() {
    let marker = control("late").join("began");
    let status = Command::new(XTASK)
        .args(["launch", "--parent=1", "--ending=kill", "--", "touch"])
        .arg(&marker)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success() && !marker.exists());
}
