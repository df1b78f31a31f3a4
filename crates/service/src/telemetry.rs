//! Logs on stdout, metrics for the admin port.
//!
//! No directive brings back the lines of lapin: they carry bodies, which are personal data.
//!
//! Every histogram has explicit buckets chosen by the end of its name; without them the exporter renders quantiles,
//! which cannot be added up over replicas. The exporter keeps each sample until upkeep runs, so a task runs it
//! whether or not anybody scrapes.

use crate::config::{LogFormat, Shared};
use crate::metrics;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::{self, IsTerminal as _};
use std::time::Duration;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::{layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _};

/// The crate whose lines are never logged. lapin debug-prints every returned message, body and all, at WARN
/// (`Server returned us a message`), and more below; what it says at ERROR is told by conditions and warnings of ours.
const SILENT: &str = "lapin";

const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Requests and statements: half a millisecond to half a minute.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Ages and lags: a tenth of a second to SendGrid's day of retries and the three days of ours.
const LONG_SECONDS: [f64; 14] =
    [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0];
/// Bodies: 256 bytes to 16 MiB.
const BYTES: [f64; 9] =
    [256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];
/// Anything else is a number of things.
const COUNTS: [f64; 13] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 5_000.0, 20_000.0, 50_000.0];

/// The process's metrics. Clones share them.
#[derive(Clone, Debug)]
pub struct Telemetry {
    handle: PrometheusHandle,
    process: metrics_process::Collector,
}

impl Telemetry {
    /// Every metric in Prometheus' text format, with those of the process itself taken now.
    #[must_use]
    pub fn render(&self) -> String {
        self.process.collect();
        self.handle.render()
    }

    #[cfg(test)]
    pub(crate) fn detached() -> Self {
        let recorder = builder().expect("the buckets are not empty").build_recorder();
        Self { handle: recorder.handle(), process: metrics_process::Collector::default() }
    }
}

/// Starts logs and metrics. To be called once, first thing in `main`, inside a Tokio runtime.
///
/// # Panics
///
/// If the process already has a subscriber or a recorder: two of them would each see half.
#[must_use]
pub fn init(shared: &Shared) -> Telemetry {
    logs(shared);
    report_panics();
    let handle = builder()
        .and_then(PrometheusBuilder::install_recorder)
        .expect("the buckets are not empty and no other recorder is installed");
    let process = metrics_process::Collector::default();
    process.describe();
    metrics::describe();
    tokio::spawn(upkeep(handle.clone()));
    Telemetry { handle, process }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    // The exporter tries suffixes in alphabetical order, so the longer `_age_seconds` wins over `_seconds`.
    PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets(&COUNTS)?
        .set_buckets_for_metric(Matcher::Suffix("_age_seconds".to_owned()), &LONG_SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_lag_seconds".to_owned()), &LONG_SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)
}

fn logs(shared: &Shared) {
    let registry = filtered(&shared.log);
    match shared.log_format {
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false))
            .init(),
        LogFormat::Text => {
            registry.with(tracing_subscriber::fmt::layer().with_ansi(io::stdout().is_terminal())).init();
        }
    }
}

/// What passes both the directives and [`loud`]. A directive `lapin=off` would not do: a more specific one beats it.
fn filtered(directives: &str) -> impl Subscriber + for<'span> LookupSpan<'span> + Send + Sync {
    let filter = EnvFilter::builder().parse(directives).expect("Shared::read has parsed it");
    tracing_subscriber::registry().with(filter).with(filter_fn(loud))
}

fn loud(metadata: &Metadata<'_>) -> bool {
    let crate_name = metadata.target().split("::").next();
    crate_name != Some(SILENT)
}

/// A panic becomes an error line that says where. Its text stays out: it may quote what was being read.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}

async fn upkeep(handle: PrometheusHandle) {
    let mut due = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        due.tick().await;
        handle.run_upkeep();
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_macros, reason = "names of no crate, to see which buckets they get")]
mod tests {
    use super::*;

    fn rendered(record: impl FnOnce()) -> String {
        let recorder = builder().unwrap().build_recorder();
        ::metrics::with_local_recorder(&recorder, record);
        recorder.handle().render()
    }

    #[test]
    fn every_histogram_is_rendered_with_the_buckets_of_its_unit() {
        for (name, bound) in [
            ("sendstate_probe_request_seconds", "0.0005"),
            ("sendstate_probe_signature_age_seconds", "86400"),
            ("sendstate_probe_due_lag_seconds", "259200"),
            ("sendstate_probe_body_bytes", "65536"),
            ("sendstate_probe_events", "50000"),
        ] {
            let text = rendered(|| ::metrics::histogram!(name).record(3.0));
            assert!(text.contains(&format!("# TYPE {name} histogram")), "{text}");
            assert!(text.contains(&format!("{name}_bucket{{le=\"{bound}\"}}")), "{text}");
        }
    }

    #[test]
    fn whatever_is_asked_for_lapin_is_never_logged() {
        for directives in
            ["info", "trace", "lapin=trace", "lapin::channel=trace", "info,lapin::channel[{id}]=trace"]
        {
            tracing::subscriber::with_default(filtered(directives), || {
                assert!(!tracing::enabled!(target: "lapin", tracing::Level::ERROR), "{directives}");
                assert!(!tracing::enabled!(target: "lapin::channel", tracing::Level::WARN), "{directives}");
            });
        }
    }

    #[test]
    fn everything_else_is_logged_as_asked() {
        tracing::subscriber::with_default(filtered("info,lapinette=debug"), || {
            assert!(tracing::enabled!(target: "ingest::intake", tracing::Level::INFO));
            assert!(!tracing::enabled!(target: "ingest::intake", tracing::Level::DEBUG));
            assert!(tracing::enabled!(target: "lapinette", tracing::Level::DEBUG));
        });
    }

    #[test]
    fn names_are_rendered_as_they_are_written() {
        let text = rendered(|| {
            ::metrics::describe_counter!("sendstate_probe_requests_total", ::metrics::Unit::Count, "d");
            ::metrics::counter!("sendstate_probe_requests_total").absolute(0);
            ::metrics::describe_gauge!("sendstate_probe_age_seconds", ::metrics::Unit::Seconds, "d");
            ::metrics::gauge!("sendstate_probe_age_seconds").set(1.0);
        });
        assert!(text.contains("\nsendstate_probe_requests_total 0\n"), "{text}");
        assert!(text.contains("\nsendstate_probe_age_seconds 1\n"), "{text}");
    }

    #[test]
    fn every_metric_of_this_crate_is_described_and_starts_at_zero() {
        let program = crate::Program { name: "probe", version: "0", about: "", settings: &[] };
        let text = rendered(|| {
            metrics::describe();
            metrics::info(&program);
        });
        for name in metrics::NAMES {
            assert!(text.contains(&format!("# HELP {name} ")), "{name} is not described");
            assert!(text.contains(&format!("\n{name}")), "{name} has no series");
        }
    }
}
