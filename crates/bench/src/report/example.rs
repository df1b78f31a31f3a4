//! A report of plausible figures, made up: what the forms of a report are tried on.

use super::{CpuRun, Histogram, Mode, Report, Share};
use crate::id::{self, Kind};
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

fn verify(report: &mut Report) {
    let floor = Measurement::of_rounds(id::FLOOR_VERIFY.id([]), id::FLOOR_VERIFY.unit, rounds(301.0));
    let known = Measurement::of_rounds(id::VERIFY.id([]), id::VERIFY.unit, rounds(88.0));
    add(report, [floor.clone(), known.against_rounds_of(&floor)]);
}

fn ingest(report: &mut Report) {
    for (size, floor, cost, rate) in [
        (1, 0.31, 0.42, 2_310.0),
        (10, 0.36, 0.47, 2_140.0),
        (100, 0.71, 0.96, 1_320.0),
        (1_000, 3.9, 6.3, 270.0),
    ] {
        let of = |kind: Kind<1>, figures| Measurement::of_rounds(kind.id([size]), kind.unit, figures);
        let at = |kind: Kind<1>, figure| Measurement::new(kind.id([size]), kind.unit, figure);
        let floor = of(id::FLOOR_PUBLISH, rounds(floor));
        let floors = floor.rounds().iter().enumerate();
        let costs =
            floors.map(|(index, round)| round / floor.value() * cost * [1.0, 1.08, 0.95][index]).collect();
        let cost = of(id::INGEST_CPU, costs).against_rounds_of(&floor);
        let cost =
            cost.bound_by("the broker writes each body twice: 58 % of the CPU is its own, 4.1 of 6.3 s.");
        add(
            report,
            [
                floor,
                cost,
                of(id::FLOOR_PUBLISH_RATE, rounds(rate * 1.4)),
                of(id::INGEST_RATE, rounds(rate)),
                at(id::INGEST_P50, 9_000.0 / rate),
                at(id::INGEST_P99, 31_000.0 / rate),
            ],
        );
    }
}

fn end_to_end(report: &mut Report) {
    for (size, floor) in [(1, 2_900.0), (10, 21_500.0), (100, 41_200.0), (1_000, 44_800.0)] {
        let floor = Measurement::of_rounds(id::FLOOR_INSERT.id([size]), id::FLOOR_INSERT.unit, rounds(floor));
        add(report, [floor.clone()]);
        for (workers, dup, share) in [(1, 0, 0.66), (1, 60, 0.83), (2, 0, 0.57), (2, 60, 0.78)] {
            let shares = [share, share * 1.04, share * 0.93];
            let rates = floor.rounds().iter().zip(shares).map(|(round, share)| round * share).collect();
            let kind = id::END_TO_END;
            let mut result = Measurement::of_rounds(kind.id([size, workers, dup]), kind.unit, rates);
            if dup == 0 {
                result = result.against_rounds_of(&floor);
            }
            if size != 100 {
                result = result.bound_by("PostgreSQL: WAL flushes take 71 % of the time");
            }
            add(report, [result]);
        }
    }
}

fn single(report: &mut Report) {
    let of = |kind: Kind<0>, figure| Measurement::new(kind.id([]), kind.unit, figure);
    let at = |kind: Kind<1>, number, figure| Measurement::new(kind.id([number]), kind.unit, figure);
    add(
        report,
        [
            at(id::LATENCY_P50, 1_000, 14.2),
            at(id::LATENCY_P99, 1_000, 171.0),
            of(id::DISPATCH, 3_420.0),
            of(id::RSS_INGEST, 31.5),
            of(id::RSS_WORKER, 118.0),
            of(id::RSS_DISPATCHER, 140.0),
        ],
    );
    for (calm, troubled, figure) in
        [(id::STALL_FLOOR, id::STALL, 44.0), (id::BACKLOG_FLOOR, id::BACKLOG, 410.0)]
    {
        let pool =
            |kind: Kind<0>, figure| Measurement::of_pool(kind.id([]), kind.unit, figure, rounds(figure));
        let floor = pool(calm, 41.0);
        let result = pool(troubled, figure).against(&floor);
        add(report, [floor, result.noted("99 others").bound_by(" ")]);
    }
    for (kind, figures) in
        [(id::GROWTH_CPU, [61.0, 64.0, 70.0]), (id::GROWTH_WAL, [1_480.0, 1_520.0, 1_840.0])]
    {
        let [empty, some, many] = figures;
        let floor = at(kind, 0, empty);
        let against = |stored, figure| at(kind, stored, figure).against(&floor);
        add(report, [floor.clone(), against(5_000_000, some), against(20_000_000, many)]);
    }
}

fn add(report: &mut Report, results: impl IntoIterator<Item = Measurement>) {
    results.into_iter().for_each(|result| report.add(result).unwrap());
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
        let names = ["ingest-1", "worker-1", "dispatcher-1", "postgres", "rabbitmq", "load"];
        let shares = names.into_iter().zip(shares);
        let shares = shares.map(|(process, cpu_s)| Share { process: process.to_owned(), cpu_s }).collect();
        CpuRun { run: run.to_owned(), seconds, cores: 2, shares }
    };
    vec![
        run("ingest, 100 events a POST", 30.0, [11.0, 0.0, 0.0, 0.0, 27.0, 6.5]),
        run("end to end, 100 a POST, 1 workers, 0 % repeats", 30.0, [4.0, 18.0, 0.2, 24.0, 9.0, 2.5]),
        run("end to end, 1000 a POST, 2 workers, 0 % repeats", 30.0, [3.0, 19.5, 0.2, 28.0, 6.0, 1.5]),
        run("latency at 1000 events/s", 60.0, [3.0, 8.0, 11.0, 17.0, 9.0, 6.0]),
        run("dispatch", 20.0, [0.0, 0.1, 19.0, 14.0, 0.3, 5.0]),
    ]
}

/// Has every kind of result, some missed in every way there is.
pub(super) fn report() -> Report {
    let commit = Commit { hash: "0123456789abcdef0123456789abcdef01234567".to_owned(), dirty: true };
    let started_at = "2026-01-02T03:04:05Z".parse().unwrap();
    let mut report = Report::new(Mode::Full, Some(commit), machine(), started_at);
    report.took = Duration::from_secs(1_930);
    verify(&mut report);
    ingest(&mut report);
    end_to_end(&mut report);
    single(&mut report);
    report.histograms = vec![
        histogram(&id::INGEST_WAITS.id([100]), 0.3),
        histogram(&id::LATENCIES.id([100]), 0.8),
        histogram(&id::LATENCIES.id([1_000]), 1.6),
        histogram(&id::STALL_CALM.id([]), 0.5),
        histogram(&id::STALL_TROUBLED.id([]), 0.54),
        histogram(&id::BACKLOG_CALM.id([]), 0.51),
        histogram(&id::BACKLOG_TROUBLED.id([]), 2.1),
    ];
    report.cpu = cpu();
    let method = [
        (
            "Floors",
            "A floor is a bare form of the same work. It is measured in the same run as what is held \
          against it, in rounds that take turns.\n\nThe ratio is the median of the ratios of the pairs.",
        ),
        ("What is not measured", "No network: everything is on one machine, the load, too."),
    ];
    report.method = method.map(|(heading, text)| (heading.to_owned(), text.to_owned())).into();
    report
}
