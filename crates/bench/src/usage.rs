//! CPU seconds and peak memory of processes, as the kernel counts them.
//!
//! Counted in ticks of 10 ms: a difference over a second is right to a percent. PostgreSQL is a family of processes; those
//! of it that have ended are counted by their parent. What the machine did beside all of them is a share of its own, so that a
//! disturbed run shows it.
//!
//! Of all this only the product and its two servers can excuse a result: what the load takes, or a neighbour, says nothing
//! of what the product could have done.

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

/// The share of this program: it makes the load and takes what is delivered.
pub(crate) const LOAD: &str = "load";
/// The share of whatever was not counted by name.
const OTHERS: &str = "others";
/// From this share of the machine on, whoever uses it is limited by it.
const USED_UP: f64 = 0.9;

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

    /// Several rounds as one.
    pub(crate) fn sum(rounds: &[Self]) -> Self {
        let mut sum = Self::default();
        for round in rounds {
            sum.elapsed += round.elapsed;
            for (name, seconds) in &round.shares {
                *sum.shares.entry(name.clone()).or_default() += seconds;
            }
        }
        sum
    }

    /// The parts in cores, the greatest first.
    pub(crate) fn per_core(&self) -> String {
        self.parts(|_| true)
    }

    /// Cores that the product and its servers use.
    fn measured(&self) -> f64 {
        let measured = self.shares.iter().filter(|(name, _)| is_measured(name));
        measured.map(|(_, seconds)| seconds).sum::<f64>() / self.elapsed.as_secs_f64()
    }

    fn parts(&self, shown: impl Fn(&str) -> bool) -> String {
        let elapsed = self.elapsed.as_secs_f64();
        let shown = self.shares.iter().filter(|(name, _)| shown(name));
        let mut parts: Vec<(&String, f64)> = shown.map(|(name, seconds)| (name, seconds / elapsed)).collect();
        parts.sort_by(|one, other| other.1.total_cmp(&one.1));
        let parts: Vec<String> = parts.iter().map(|(name, cores)| format!("{name} {cores:.2}")).collect();
        parts.join(", ")
    }
}

fn is_measured(name: &str) -> bool {
    ![LOAD, OTHERS].contains(&name)
}

/// What limits a result, if each of its rounds shows it: the product and its servers alone use up the machine's CPUs.
/// `None` without rounds.
pub(crate) fn binds(rounds: &[Usage], cores: usize) -> Option<String> {
    let used_up = |round: &Usage| round.measured() >= USED_UP * cores as f64;
    if !rounds.iter().all(used_up) {
        return None;
    }
    let least = rounds.iter().min_by(|one, other| one.measured().total_cmp(&other.measured()))?;
    Some(format!(
        "CPU: the product and its servers use at least {:.2} of {cores} cores in each of {} rounds ({})",
        least.measured(),
        rounds.len(),
        least.parts(is_measured)
    ))
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

    fn usage(shares: &[(&str, f64)]) -> Usage {
        let shares = shares.iter().map(|(name, seconds)| ((*name).to_owned(), *seconds)).collect();
        Usage { elapsed: Duration::from_secs(10), shares }
    }

    #[test]
    fn only_a_machine_that_the_product_and_its_servers_use_up_binds() {
        let round = |worker: f64| usage(&[("worker-1", worker), ("postgres", 9.0), ("load", 1.0)]);
        assert_eq!(binds(&[round(8.9)], 2), None);
        let text = binds(&[round(9.5), round(9.2)], 2).unwrap();
        assert!(
            text.contains("1.82 of 2 cores in each of 2 rounds (worker-1 0.92, postgres 0.90)"),
            "{text}"
        );
    }

    #[test]
    fn neither_the_load_nor_a_neighbour_excuses_anything() {
        let shares =
            [("worker-1", 4.0), ("postgres", 4.0), ("rabbitmq", 1.0), ("load", 5.0), ("others", 6.0)];
        assert_eq!(binds(&[usage(&shares)], 2), None);
    }

    #[test]
    fn one_round_that_was_not_bound_is_enough_to_excuse_nothing() {
        let full = usage(&[("worker-1", 9.5), ("postgres", 9.5)]);
        let idle = usage(&[("worker-1", 7.0), ("postgres", 9.5)]);
        assert!(binds(&[full.clone(), full.clone()], 2).is_some());
        assert_eq!(binds(&[idle, full.clone()], 2), None);
        assert_eq!(binds(&[full, Usage::default()], 2), None, "a round of which nothing is known");
        assert_eq!(binds(&[], 2), None);
    }

    #[test]
    fn rounds_are_added_up_part_by_part() {
        let sum = Usage::sum(&[usage(&[("worker-1", 4.0)]), usage(&[("worker-1", 2.0), ("others", 1.0)])]);
        assert_eq!((sum.elapsed, sum.of("worker"), sum.of("others")), (Duration::from_secs(20), 6.0, 1.0));
        assert_eq!(sum.per_core(), "worker-1 0.30, others 0.05");
    }
}
