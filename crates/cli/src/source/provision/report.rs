//! What a command has come to, for people and for scripts.

use super::address::shown;
use super::hand::ByHand;
use super::steps::Steps;
use crate::failure::Failure;
use crate::output;
use crate::settings::Global;
use serde::Serialize;

/// The document. `more` is what only one command has.
#[derive(Serialize)]
pub(super) struct Report<'a, M: Serialize> {
    pub(super) source: &'a str,
    pub(super) webhook_id: Option<&'a str>,
    /// Where the webhook posts to, or shall; without user, password and query.
    #[serde(serialize_with = "without_secrets")]
    pub(super) url: Option<String>,
    pub(super) dry_run: bool,
    pub(super) steps: &'a Steps,
    pub(super) warnings: &'a [String],
    /// Only when the API key lacks a permission.
    pub(super) by_hand: Option<ByHand>,
    #[serde(flatten)]
    pub(super) more: M,
}

/// For a command that has nothing to add.
#[derive(Serialize)]
pub(super) struct Nothing {}

fn without_secrets<S: serde::Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_deref().map(shown).serialize(serializer)
}

impl<M: Serialize> Report<'_, M> {
    /// Prints it. What the command failed with is said after that, on stderr.
    pub(super) fn print(&self, global: &Global) -> Result<(), Failure> {
        output::print(global.json, self, || self.text())
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        let webhook = self.webhook_id.unwrap_or("no webhook");
        let url = self.url.as_deref().map(shown).unwrap_or_default();
        let mode = if self.dry_run { " (dry run: nothing is changed)" } else { "" };
        parts.push(format!("Source `{}`, {webhook} {url}{mode}", output::plain(self.source)));
        parts.push(self.steps.table());
        parts.extend(self.warnings.iter().map(|warning| format!("warning: {}", output::plain(warning))));
        parts.extend(self.by_hand.as_ref().map(ByHand::text));
        parts.join("\n")
    }
}
