//! `sendstate generate`: batches as SendGrid sends them, signed, to a URL, into files, or as curl commands.
//!
//! Bodies are a function of the seed, the counts and the start; only the time of signing and signatures differ between
//! runs.
//! Memory is bounded whatever the number of messages: bodies are made when their turn comes.

mod bodies;
mod client;
mod key;
mod send;
mod write;

pub(crate) use client::{Answer, Client};
#[cfg(test)]
pub(crate) use write::command;

use crate::args::GenerateArgs;
use crate::failure::Failure;
use crate::settings::{self, Global};
use crate::{database, output};
use bodies::Bodies;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use traffic::Post;
use url::Url;
use uuid::Uuid;
use wire::signature::SigningKey;

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub posts: u64,
    pub events: u64,
    pub public_key: String,
    /// How many answers had each status; `none`: no answer at all.
    pub answers: BTreeMap<String, u64>,
    /// Ids of the accepted batches, in the order of sending.
    pub batches: Vec<Uuid>,
    /// With `start` and the same arguments it gives the same bodies again. Null for bodies from files.
    pub seed: Option<u64>,
    /// When the first mail is accepted.
    pub start: Option<String>,
    /// The commands, with `--curl`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl Report {
    fn not_accepted(&self) -> u64 {
        self.answers.iter().filter(|(status, _)| !status.starts_with('2')).map(|(_, count)| count).sum()
    }
}

pub(crate) async fn run(global: &Global, args: &GenerateArgs) -> Result<(), Failure> {
    let to = args.to.as_deref().map(|to| destination(global, to)).transpose()?;
    let bodies = Bodies::new(args, database::now())?;
    let key = key::load_or_make(&args.private_key)?;
    let mut report = Report {
        public_key: key.public_key().to_base64(),
        seed: bodies.seed(),
        start: bodies.start().map(output::time),
        ..Report::default()
    };
    if let Some(url) = to {
        send::all(bodies, &key, args, url, &mut report).await?;
    } else if let Some(directory) = &args.out {
        write::files(bodies, &key, args, directory, &mut report)?;
    } else {
        write::commands(bodies, &key, args, global.json, &mut report)?;
        if !global.json {
            // The commands are the result; they may be piped into a shell.
            output::note(&text(&report));
            return Ok(());
        }
    }
    output::print(global.json, &report, || text(&report))?;
    verdict(&report)
}

/// Where to send: a URL, or a path at the ingest that is set.
fn destination(global: &Global, to: &str) -> Result<Url, Failure> {
    if !to.starts_with('/') {
        let url = Url::parse(to).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        return url.ok_or_else(|| {
            Failure::usage(format!("--to {} is neither an http URL nor a path", output::plain(to)))
        });
    }
    let ingest = global.ingest_url()?.ok_or_else(|| {
        Failure::configuration("--to is a path and SENDSTATE_INGEST_URL is not set")
            .next("set it, or give the whole URL")
    })?;
    ingest
        .join(to)
        .map_err(|error| Failure::usage(format!("--to {} cannot be used: {error}", output::plain(to))))
}

/// Signs a body at `timestamp` (Unix seconds), or now.
pub(crate) fn sign(body: impl Into<Bytes>, key: &SigningKey, timestamp: Option<i64>) -> Post {
    Post::sign(body, key, timestamp.unwrap_or_else(|| database::now().as_second()))
}

/// The URL of a source's path at an ingest.
pub(crate) fn inbound_url(ingest: &str, segment: &str) -> Result<Url, Failure> {
    let url = settings::base_url("SENDSTATE_INGEST_URL", ingest)?;
    url.join(&format!("/webhooks/sendgrid/{segment}"))
        .map_err(|error| Failure::configuration(error.to_string()))
}

fn verdict(report: &Report) -> Result<(), Failure> {
    let failed = report.not_accepted();
    if failed == 0 {
        return Ok(());
    }
    if report.answers.keys().all(|status| status == "none") {
        return Err(Failure::unreachable("ingest cannot be reached: no POST was answered")
            .next("check the URL and that ingest is ready (its /readyz)"));
    }
    Err(Failure::failed(format!("{failed} of {} POSTs were not accepted", report.posts)).next(
        "401, 403: is the printed public key the source's, and --timestamp within its --max-age? 404: is the path right? \
         503: is the broker up?",
    ))
}

fn text(report: &Report) -> String {
    let answers: Vec<String> =
        report.answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let mut text = format!("{} POSTs with {} events", report.posts, report.events);
    if !answers.is_empty() {
        text.push_str(&format!("; answers {}", answers.join(", ")));
    }
    if let (Some(seed), Some(start)) = (report.seed, &report.start) {
        text.push_str(&format!("; again with --seed {seed} --start {start}"));
    }
    text.push_str(&format!("\npublic key {}", report.public_key));
    text
}
