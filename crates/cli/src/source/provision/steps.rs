//! The steps of a change in SendGrid, and how each came out: a table for people, objects for scripts.
//!
//! Steps are taken in the order in which they are declared for a command. The first that fails ends it; those after it
//! are listed as skipped, so that nobody has to guess how far it came.

use super::ask::Refused;
use crate::failure::Failure;
use crate::output::{self, Progress};
use sendgrid::Permission;
use serde::Serialize;

/// One thing that is seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// What the API key may do.
    Permissions,
    /// The webhook is there and posts to the source.
    Webhook,
    /// The source accepts the key that is about to be replaced.
    OldKey,
    /// SendGrid signs.
    Signing,
    /// The source is there and wants signatures.
    Source,
    /// The source accepts the webhook's key.
    Key,
    /// SendGrid gets tokens, where the source asks for them.
    Oauth,
    /// The webhook is on, with the wanted events.
    Events,
    /// SendGrid's test has arrived.
    Test,
    /// The old key has an end.
    Retire,
}

impl Step {
    fn as_str(self) -> &'static str {
        match self {
            Self::Permissions => "permissions",
            Self::Webhook => "webhook",
            Self::OldKey => "old_key",
            Self::Signing => "signing",
            Self::Source => "source",
            Self::Key => "key",
            Self::Oauth => "oauth",
            Self::Events => "events",
            Self::Test => "test",
            Self::Retire => "retire",
        }
    }
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Done,
    /// It was so before.
    Unchanged,
    Failed,
    Skipped,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// A step that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    outcome: Outcome,
    detail: String,
}

pub(super) fn done(detail: impl Into<String>) -> Taken {
    Taken { outcome: Outcome::Done, detail: detail.into() }
}

pub(super) fn unchanged(detail: impl Into<String>) -> Taken {
    Taken { outcome: Outcome::Unchanged, detail: detail.into() }
}

pub(super) fn skipped(detail: impl Into<String>) -> Taken {
    Taken { outcome: Outcome::Skipped, detail: detail.into() }
}

#[derive(Debug, Serialize)]
struct Ended {
    step: Step,
    outcome: Outcome,
    detail: String,
}

/// The steps of one command.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Steps {
    ended: Vec<Ended>,
    #[serde(skip)]
    planned: &'static [Step],
    /// What the API key turned out to lack.
    #[serde(skip)]
    missing: Vec<Permission>,
}

impl Steps {
    pub(super) fn new(planned: &'static [Step]) -> Self {
        Self { ended: Vec::new(), planned, missing: Vec::new() }
    }

    /// Takes a step: says that it is under way, notes how it came out, and passes its failure on.
    pub(super) async fn take(
        &mut self,
        step: Step,
        taking: impl Future<Output = Result<Taken, Refused>>,
    ) -> Result<(), Failure> {
        let mut progress = Progress::new();
        progress.show(&format!("{} …", step.as_str()));
        let taken = taking.await;
        progress.clear();
        self.note(step, taken)
    }

    fn note(&mut self, step: Step, taken: Result<Taken, Refused>) -> Result<(), Failure> {
        let (outcome, detail, result) = match taken {
            Ok(Taken { outcome, detail }) => (outcome, detail, Ok(())),
            Err(Refused { failure, missing }) => {
                self.missing = missing;
                (Outcome::Failed, failure.what().to_owned(), Err(failure))
            }
        };
        self.ended.push(Ended { step, outcome, detail });
        result
    }

    /// What the API key turned out to lack, for the way round it.
    pub(super) fn missing(&self) -> &[Permission] {
        &self.missing
    }

    /// Lists what a failure has kept from being tried.
    pub(super) fn close(&mut self) {
        let tried = |step: &Step| self.ended.iter().any(|ended| ended.step == *step);
        let left: Vec<Step> = self.planned.iter().copied().filter(|step| !tried(step)).collect();
        let detail = "not tried, because of what failed before";
        self.ended.extend(left.into_iter().map(|step| Ended {
            step,
            outcome: Outcome::Skipped,
            detail: detail.to_owned(),
        }));
    }

    pub(super) fn table(&self) -> String {
        let mut table = output::table(&["step", "outcome", "detail"]);
        for Ended { step, outcome, detail } in &self.ended {
            table.add_row([step.as_str(), outcome.as_str(), &output::plain_lines(detail)]);
        }
        table.trim_fmt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_has_kept_from_being_tried_is_listed_as_skipped() {
        let mut steps = Steps::new(&[Step::Webhook, Step::Signing, Step::Test]);
        steps.note(Step::Webhook, Ok(done("made"))).unwrap();
        let refused = Refused {
            failure: Failure::failed("refused").next("ask"),
            missing: vec![Permission::UpdateWebhooks],
        };
        let failure = steps.note(Step::Signing, Err(refused)).unwrap_err();
        assert_eq!(failure.code, 1);
        assert_eq!(steps.missing(), [Permission::UpdateWebhooks]);
        steps.close();
        let document = serde_json::to_value(&steps).unwrap();
        let outcomes: Vec<_> = document.as_array().unwrap().iter().map(|step| &step["outcome"]).collect();
        assert_eq!(outcomes, ["done", "failed", "skipped"]);
        assert_eq!(document[1]["detail"], "refused");
        assert!(steps.table().contains("not tried"), "{}", steps.table());
    }

    #[test]
    fn what_has_been_tried_is_not_listed_twice() {
        let mut steps = Steps::new(&[Step::Webhook]);
        steps.note(Step::Webhook, Ok(unchanged("there"))).unwrap();
        steps.close();
        assert_eq!(serde_json::to_value(&steps).unwrap().as_array().unwrap().len(), 1);
    }
}
