//! Which of SendGrid's records are read.

use super::ask::{Asker, NoAnswer};
use super::records::Api;
use crate::args::ApiArg;
use crate::failure::Failure;
use crate::output;
use jiff::{SignedDuration, Timestamp};
use sendgrid::Error;

/// Email Activity is preferred: it is listed by what happened last and says how often, so that most messages cost no request
/// of their own.
pub(super) async fn choose(arg: ApiArg, asker: &mut Asker, from: Timestamp) -> Result<Api, Failure> {
    let candidates: &[Api] = match arg {
        ApiArg::Activity => &[Api::Activity],
        ApiArg::Logs => &[Api::Logs],
        ApiArg::Auto => &[Api::Activity, Api::Logs],
    };
    let mut refusals = Vec::new();
    for api in candidates {
        // The shortest question there is.
        let until = from + SignedDuration::from_secs(1);
        match asker.ask(async |client| api.list(client, from..until).await).await {
            Ok(_) => {
                told(*api, &refusals, from);
                return Ok(*api);
            }
            Err(NoAnswer::SendGrid(error)) if error.is_not_available() => refusals.push((*api, error)),
            Err(other) => return Err(other.into()),
        }
    }
    Err(unavailable(&refusals))
}

/// What the other records, or these, do not have.
fn told(api: Api, refusals: &[(Api, Error)], from: Timestamp) {
    if !refusals.is_empty() {
        output::note(&format!("sendstate: {}; reading {} instead", said(refusals), api.name()));
    }
    if let Some(accepted) = api.accepted_from(from) {
        output::note(&format!(
            "sendstate: {} is listed by when a message was accepted: what happened later to messages accepted before {} is not looked for",
            api.name(),
            output::time(accepted)
        ));
    }
}

fn said(refusals: &[(Api, Error)]) -> String {
    let said: Vec<String> = refusals
        .iter()
        .map(|(api, error)| format!("{}: {}", api.name(), output::plain(&error.to_string())))
        .collect();
    said.join("; ")
}

fn unavailable(refusals: &[(Api, Error)]) -> Failure {
    Failure::configuration(format!("SendGrid does not let its records be read; {}", said(refusals))).next(
        "give the API key the permission Email Activity (messages.read), and see in SendGrid whether the plan includes the history; subusers in the EU have none",
    )
}
