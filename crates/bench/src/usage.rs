//! CPU seconds and peak memory of processes, as the kernel counts them.
//!
//! Counted in ticks of 10 ms: a difference over a second is right to a percent. PostgreSQL is a family of processes; those
//! of it that have ended are counted by their parent. What the machine did beside all of them is a share of its own, so that a
//! disturbed run shows it.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// CPU seconds by the name of the process.
pub(crate) type Shares = BTreeMap<String, f64>;

/// What to count: a process alone, or with its children.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) pid: i32,
    pub(crate) family: bool,
}

/// A stretch of time being counted.
pub(crate) struct Meter {
    counted: Vec<Counted>,
    before: Shares,
    machine_before: f64,
    began: Instant,
}

/// The share of whatever was not counted by name.
const OTHERS: &str = "others";

/// What a stretch of time took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) elapsed: Duration,
    pub(crate) shares: Shares,
}

impl Meter {
    pub(crate) fn start(counted: Vec<Counted>) -> Result<Self> {
        let before = shares(&counted)?;
        Ok(Self { counted, before, machine_before: machine()?, began: Instant::now() })
    }

    pub(crate) fn stop(&self) -> Result<Usage> {
        let elapsed = self.began.elapsed();
        let mut shares = shares(&self.counted)?;
        for (name, seconds) in &mut shares {
            *seconds -= self.before.get(name).copied().unwrap_or_default();
        }
        let named: f64 = shares.values().sum();
        shares.insert(OTHERS.to_owned(), (machine()? - self.machine_before - named).max(0.0));
        Ok(Usage { elapsed, shares })
    }
}

impl Usage {
    /// CPU seconds of all processes whose name begins so.
    pub(crate) fn of(&self, prefix: &str) -> f64 {
        self.shares.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, seconds)| seconds).sum()
    }

    /// What limits, if the figures show it: the machine's CPUs, or a process that cannot use more than one of them.
    pub(crate) fn binds(&self, cores: usize) -> Option<String> {
        let elapsed = self.elapsed.as_secs_f64();
        let used: f64 = self.shares.values().sum();
        if used >= 0.9 * elapsed * cores as f64 {
            return Some(format!(
                "CPU: {:.2} of {cores} cores are used ({})",
                used / elapsed,
                self.per_core()
            ));
        }
        None
    }

    /// The parts in cores, the greatest first.
    pub(crate) fn per_core(&self) -> String {
        let elapsed = self.elapsed.as_secs_f64();
        let mut parts: Vec<(&String, f64)> =
            self.shares.iter().map(|(name, seconds)| (name, seconds / elapsed)).collect();
        parts.sort_by(|one, other| other.1.total_cmp(&one.1));
        let parts: Vec<String> = parts.iter().map(|(name, cores)| format!("{name} {cores:.2}")).collect();
        parts.join(", ")
    }
}

fn shares(counted: &[Counted]) -> Result<Shares> {
    let all = if counted.iter().any(|one| one.family) { stats() } else { Vec::new() };
    counted
        .iter()
        .map(|one| {
            let own =
                Times::of(one.pid).with_context(|| format!("{} (pid {}) is gone", one.name, one.pid))?;
            let mut ticks = own.own;
            if one.family {
                let children = all.iter().filter(|child| child.parent == one.pid);
                ticks +=
                    own.ended_children + children.map(|child| child.own + child.ended_children).sum::<u64>();
            }
            Ok((one.name.clone(), seconds(ticks)))
        })
        .collect()
}

/// CPU seconds that all of the machine has been busy for, without waiting for disks.
fn machine() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("cpu ")).context("the kernel counts no CPU time")?;
    // user nice system idle iowait irq softirq steal; proc_stat(5).
    let fields: Vec<u64> = line.split_ascii_whitespace().filter_map(|field| field.parse().ok()).collect();
    Ok(seconds([0, 1, 2, 5, 6, 7].iter().filter_map(|field| fields.get(*field)).sum()))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Ticks of `/proc/<pid>/stat`.
struct Times {
    parent: i32,
    own: u64,
    ended_children: u64,
}

impl Times {
    fn of(pid: i32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold spaces and parentheses, so the fields are counted from the last closing one.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: field(14)? + field(15)?,
            ended_children: field(16)? + field(17)?,
        })
    }
}

fn stats() -> Vec<Times> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| Times::of(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// Most memory that a process has had resident, in MiB.
pub(crate) fn peak_mib(pid: i32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel counts no peak")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_this_process_is_counted() {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let meter = Meter::start(vec![Counted { name: "own".to_owned(), pid, family: false }]).unwrap();
        let mut sum = 0_u64;
        while meter.stop().unwrap().of("own") < 0.02 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(peak_mib(pid).unwrap() > 0.5);
    }

    #[test]
    fn only_a_machine_that_is_used_up_binds() {
        let usage = |seconds: f64| Usage {
            elapsed: Duration::from_secs(10),
            shares: Shares::from([("worker-1".to_owned(), seconds), ("postgres".to_owned(), 9.0)]),
        };
        assert_eq!(usage(4.0).binds(2), None);
        let binds = usage(9.5).binds(2).unwrap();
        assert!(binds.contains("worker-1 0.95, postgres 0.90"), "{binds}");
    }
}
