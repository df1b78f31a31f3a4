//! `sendstate source key`.

use super::time::seconds;
use clap::{Args, Subcommand};
use std::time::Duration;

/// As long as the table takes it.
const LABEL_CHARS_MAX: usize = 64;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Accept what is signed with one more key, or again with one that was retired.
    ///
    /// A source accepts at most 10 keys at a time. Ingest follows within its refresh, 5 s by default.
    #[command(after_help = "\
Examples:
  sendstate source key add newsletter --public-key MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE... --label 'from March on'
  sendstate source key add newsletter --public-key @new.pem --json | jq .id
")]
    Add(KeyAdd),
    /// Let a key end: after a while in which it is still accepted, or at once.
    ///
    /// Its end can be brought nearer, not put off; `source key add` makes it active again. The only active key of a source is
    /// not retired without --force.
    #[command(after_help = "\
Examples:
  sendstate source key retire newsletter 3
  sendstate source key retire newsletter 3 --after 7d
  sendstate source key retire newsletter f0fe1f9c --now
")]
    Retire(KeyRetire),
    /// List every key of a source, retired ones too.
    #[command(after_help = "\
Examples:
  sendstate source key list newsletter
  sendstate source key list newsletter --json | jq '.[] | select(.state == \"active\")'
")]
    List(KeyList),
}

#[derive(Args, Debug)]
pub(crate) struct KeyAdd {
    /// The source's name in `source list`.
    pub name: String,

    /// SendGrid's verification key: base64, PEM, or @FILE that holds either.
    // PEM begins with dashes.
    #[arg(long, value_name = "B64|PEM|@FILE", allow_hyphen_values = true)]
    pub public_key: String,

    /// What to tell it apart by: 1 to 64 characters.
    #[arg(long, value_name = "TEXT", value_parser = label)]
    pub label: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct KeyRetire {
    /// The source's name in `source list`.
    pub name: String,

    /// Its number in `source key list`, or at least 6 digits that its sha256 begins with.
    pub key: String,

    /// At once: what it has signed is refused as soon as ingest follows.
    #[arg(long, conflicts_with = "after")]
    pub now: bool,

    /// After this long, up to 30d. SendGrid tries again for up to 24 h what was not accepted.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = after)]
    pub after: Duration,

    /// Also if no other key of the source is active, so that in the end every request is refused.
    #[arg(long)]
    pub force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct KeyList {
    /// The source's name in `source list`.
    pub name: String,
}

fn after(text: &str) -> Result<Duration, String> {
    seconds(text, 1..=30 * 24 * 60 * 60, "from 1s to 30 days; or --now").map(Duration::from_secs)
}

fn label(text: &str) -> Result<String, String> {
    let label = text.trim();
    if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX || label != crate::output::plain(label) {
        return Err(format!("give 1 to {LABEL_CHARS_MAX} characters that can be shown on one line"));
    }
    Ok(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_some_seconds_away_and_not_for_ever() {
        assert_eq!(after("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(after("30d"), Ok(Duration::from_secs(2_592_000)));
        for bad in ["0s", "31d", "1.5s", "90", "soon"] {
            assert!(after(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_label_fits_on_a_line_and_cannot_steer_a_terminal() {
        assert_eq!(label(" neu ab März ").as_deref(), Ok("neu ab März"));
        assert!(label(&"ä".repeat(64)).is_ok());
        for bad in ["", " ", "a\nb", "a\u{1b}[2J", "a\u{202E}b", &"ä".repeat(65)] {
            assert!(label(bad).is_err(), "{bad:?}");
        }
    }
}
