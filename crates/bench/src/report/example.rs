//! A report of plausible figures, made up: what the forms of a report are tried on.

use super::{CpuRun, Histogram, Mode, Report, Share};
use crate::machine::{Commit, Machine};
use crate::result::Measurement;
use hdrhistogram::Histogram as Recorded;
use std::time::Duration;

fn machine() -> Machine {
    let versions = [("PostgreSQL", "17.6"), ("RabbitMQ", "4.1.3"), ("rustc", "1.95.0")];
    Machine {
        cpu: Some("AMD EPYC 7B13".to_owned()),
        cores: Some(2),
        memory_mib: Some(7_851),
        kernel: Some("6.12.41".to_owned()),
        filesystem: Some("ext4".to_owned()),
        versions: versions.map(|(name, version)| (name.to_owned(), version.to_owned())).into(),
    }
}

/// Three rounds about a figure.
fn rounds(figure: f64) -> Vec<f64> {
    vec![figure, figure * 1.06, figure * 0.97]
}

fn results(report: &mut Report) {
    let mut add = |result: Measurement| {
        report.add(result.clone()).unwrap();
        result
    };
    let verify = add(Measurement::of_rounds("floor.verify", "µs", rounds(301.0)));
    add(Measurement::of_rounds("verify.known_key", "µs", rounds(88.0)).against_rounds_of(&verify));
    for (size, floor, cost, rate) in [
        (1, 0.31, 0.42, 2_310.0),
        (10, 0.36, 0.47, 2_140.0),
        (100, 0.71, 0.96, 1_320.0),
        (1_000, 3.9, 6.3, 270.0),
    ] {
        let floor = add(Measurement::of_rounds(format!("floor.ingest.{size}"), "s", rounds(floor)));
        let floors = floor.rounds().iter().enumerate();
        let costs =
            floors.map(|(index, round)| round / floor.value() * cost * [1.0, 1.08, 0.95][index]).collect();
        let cost = Measurement::of_rounds(format!("ingest.cpu.{size}"), "s", costs).against_rounds_of(&floor);
        add(cost.bound_by("the broker writes each body twice: 58 % of the CPU is its own, 4.1 of 6.3 s."));
        add(Measurement::new(format!("ingest.rate.{size}"), "POSTs/s", rate));
        add(Measurement::new(format!("ingest.p50.{size}"), "ms", 9_000.0 / rate));
        add(Measurement::new(format!("ingest.p99.{size}"), "ms", 31_000.0 / rate));
    }
    for (size, floor) in [(1, 2_900.0), (10, 21_500.0), (100, 41_200.0), (1_000, 44_800.0)] {
        let floor = add(Measurement::of_rounds(format!("floor.insert.{size}"), "events/s", rounds(floor)));
        for (workers, dup, share) in [(1, 0, 0.66), (1, 60, 0.83), (2, 0, 0.57), (2, 60, 0.78)] {
            let id = format!("e2e.{size}.w{workers}.dup{dup}");
            let shares = [share, share * 1.04, share * 0.93];
            let rates = floor.rounds().iter().zip(shares).map(|(round, share)| round * share).collect();
            let result = Measurement::of_rounds(id, "events/s", rates).against_rounds_of(&floor);
            add(if size == 100 {
                result
            } else {
                result.bound_by("PostgreSQL: WAL flushes take 71 % of the time")
            });
        }
    }
    for (id, unit, figure) in [
        ("latency.1000.p50", "ms", 14.2),
        ("latency.1000.p99", "ms", 171.0),
        ("dispatch.rate", "deliveries/s", 3_420.0),
        ("isolation.stall.floor", "ms", 41.0),
        ("isolation.backlog.floor", "ms", 41.0),
        ("growth.0.cpu", "µs", 61.0),
        ("growth.0.wal", "B", 1_480.0),
        ("rss.ingest", "MiB", 31.5),
        ("rss.worker", "MiB", 118.0),
        ("rss.dispatcher", "MiB", 140.0),
    ] {
        add(Measurement::new(id, unit, figure));
    }
    for (id, figure, floor) in [
        ("isolation.stall.p99", 44.0, "isolation.stall.floor"),
        ("isolation.backlog.p99", 410.0, "isolation.backlog.floor"),
        ("growth.5000000.cpu", 64.0, "growth.0.cpu"),
        ("growth.5000000.wal", 1_520.0, "growth.0.wal"),
        ("growth.20000000.cpu", 70.0, "growth.0.cpu"),
        ("growth.20000000.wal", 1_840.0, "growth.0.wal"),
    ] {
        let floor = report.get(floor).unwrap().clone();
        let result = Measurement::new(id, floor.unit(), figure).against(&floor);
        report.add(result.noted("one endpoint of a hundred").bound_by(" ")).unwrap();
    }
}

fn histogram(id: &str, scale: f64) -> Histogram {
    let mut recorded = Recorded::<u64>::new(3).unwrap();
    for step in 1..60_000_u32 {
        // A tail that is long and thin, in µs.
        let share = f64::from(step) / 60_000.0;
        let micros = scale * (6_000.0 + 9_000.0 * share + 9_500.0 * -(1.0 - share).ln());
        recorded.record(micros as u64).unwrap();
    }
    Histogram::of(id, "ms", &recorded, 1_000)
}

fn cpu() -> Vec<CpuRun> {
    let run = |run: &str, seconds, shares: [f64; 6]| {
        let names = ["ingest", "worker", "dispatcher", "PostgreSQL", "RabbitMQ", "load"];
        let shares = names.into_iter().zip(shares);
        let shares = shares.map(|(process, cpu_s)| Share { process: process.to_owned(), cpu_s }).collect();
        CpuRun { run: run.to_owned(), seconds, cores: 2, shares }
    };
    vec![
        run("ingest.cpu.100", 30.0, [11.0, 0.0, 0.0, 0.0, 27.0, 6.5]),
        run("e2e.100.w1.dup0", 30.0, [4.0, 18.0, 0.2, 24.0, 9.0, 2.5]),
        run("e2e.1000.w2.dup0", 30.0, [3.0, 19.5, 0.2, 28.0, 6.0, 1.5]),
        run("latency.1000", 60.0, [3.0, 8.0, 11.0, 17.0, 9.0, 6.0]),
        run("dispatch", 20.0, [0.0, 0.1, 19.0, 14.0, 0.3, 5.0]),
    ]
}

/// Has every kind of result, some missed in every way there is.
pub(super) fn report() -> Report {
    let commit = Commit { hash: "0123456789abcdef0123456789abcdef01234567".to_owned(), dirty: true };
    let started_at = "2026-01-02T03:04:05Z".parse().unwrap();
    let mut report = Report::new(Mode::Full, Some(commit), machine(), started_at);
    report.took = Duration::from_secs(1_930);
    results(&mut report);
    report.histograms = vec![
        histogram("latency.100", 0.8),
        histogram("latency.1000", 1.6),
        histogram("isolation.undisturbed", 0.5),
        histogram("isolation.stall", 0.54),
        histogram("isolation.backlog", 2.1),
    ];
    report.cpu = cpu();
    let method = [
        (
            "Floors",
            "A floor is the least the same work could cost. It is measured in the same run as what is held \
          against it, in rounds that take turns.\n\nThe ratio is the median of the ratios of the pairs.",
        ),
        ("What is not measured", "No network: everything is on one machine, the load, too."),
    ];
    report.method = method.map(|(heading, text)| (heading.to_owned(), text.to_owned())).into();
    report
}
