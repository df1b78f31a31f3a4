//! Switching signing off and on: the one moment at which a webhook posts unsigned.

use super::{PublicKey, Refused, WebhookId, key, refused};
use crate::failure::Failure;
use crate::output;
use sendgrid::webhook::{Signing, SigningSwitch};
use sendgrid::{Client, Error, Permission};
use service::shutdown::Asked;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long signing is asked to be switched on at most. Nothing else the command could do would be of more use.
pub(super) const LONGEST: Duration = Duration::from_secs(5 * 60);
/// Between two tries; doubled after each, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long signing was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Was(Duration),
    /// Since before this command began.
    SinceBefore,
}

impl Gap {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Was(long) => format!("off for {} and on again", rounded(*long)),
            Self::SinceBefore => "was off, and is on".to_owned(),
        }
    }

    pub(super) fn warning(&self) -> String {
        let when = match self {
            Self::Was(long) => format!("for {}", rounded(*long)),
            Self::SinceBefore => "until now".to_owned(),
        };
        format!(
            "SendGrid posted unsigned {when}: ingest refuses that (401 missing_signature), and SendGrid repeats it for 24 \
             hours, by all that is known signed with the new key"
        )
    }

    pub(super) fn milliseconds(&self) -> Option<u64> {
        match self {
            Self::Was(long) => u64::try_from(long.as_millis()).ok(),
            Self::SinceBefore => None,
        }
    }
}

fn rounded(long: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_millis(u64::try_from(long.as_millis()).unwrap_or(u64::MAX)))
}

/// Gives a webhook a new key pair. `old` is the key that it signs with; without one signing is off already.
pub(super) async fn renew(
    api: &Client,
    id: &WebhookId,
    old: Option<&PublicKey>,
) -> Result<(PublicKey, Gap), Refused> {
    // From here on the first Ctrl-C, SIGTERM or end of the terminal is not heeded: what ends it is signing being on. The
    // second one is.
    let asked_to_stop = service::shutdown::on_signal_or_hangup(|asked| {
        output::note(match asked {
            Asked::Once => {
                "sendstate: not now: signing may be off; waiting until it is on and its key accepted (again: leave it so)"
            }
            Asked::Again => {
                "sendstate: left as it is: signing may be off, or its new key not accepted, and then everything that SendGrid \
                 posts is refused; run this again at once"
            }
        });
    });
    let began = Instant::now();
    if old.is_some() {
        output::note(
            "sendstate: switching signing off and on; until it is on, SendGrid posts unsigned and ingest refuses that",
        );
        match api.set_signing(id, SigningSwitch::Off).await {
            Ok(_) => {}
            // It was not done.
            Err(
                error @ (Error::Unauthorized { .. }
                | Error::Forbidden { .. }
                | Error::NotFound { .. }
                | Error::RateLimited { .. }
                | Error::PlanLimit { .. }),
            ) => return Err(refused("switching signing off", Permission::UpdateWebhooks, &error)),
            // It may have been done.
            Err(error) => {
                output::note(&format!("sendstate: switching signing off: {error}; making sure that it is on"))
            }
        }
    }
    let new = switch_on(api, id).await?;
    if asked_to_stop.is_cancelled() {
        output::note("sendstate: signing is on; going on to have the new key accepted");
    }
    if old == Some(&new) {
        return Err(Failure::failed(
            "SendGrid signs with the same key as before: switching signing off did not take effect",
        )
        .next("nothing has changed; run this again in a while")
        .into());
    }
    Ok((new, if old.is_some() { Gap::Was(began.elapsed()) } else { Gap::SinceBefore }))
}

/// Asks for signing to be on until it is, and returns the key.
async fn switch_on(api: &Client, id: &WebhookId) -> Result<PublicKey, Refused> {
    let deadline = Instant::now() + LONGEST;
    let mut pause = PAUSE;
    loop {
        let error = match api.set_signing(id, SigningSwitch::On).await {
            Ok(signing) => match key::read(&signing)? {
                Some(key) => return Ok(key),
                None => "SendGrid shows no key".to_owned(),
            },
            Err(error @ Error::NotFound { .. }) => {
                return Err(refused("switching signing on", Permission::UpdateWebhooks, &error));
            }
            // The answer was lost or odd; what counts is what is so by now.
            Err(error) => match api.signing(id).await {
                Ok(signing @ Signing::On { .. }) => match key::read(&signing)? {
                    Some(key) => return Ok(key),
                    None => error.to_string(),
                },
                Ok(Signing::Off) | Err(_) => error.to_string(),
            },
        };
        if Instant::now() + pause >= deadline {
            return Err(Failure::failed(format!(
                "SIGNING IS OFF and could not be switched on again: {}",
                output::plain(&error)
            ))
            .next("run this again at once, or enable Signature Verification in SendGrid by hand; until then everything that SendGrid posts is refused, and it repeats that for 24 hours only")
            .into());
        }
        output::note(&format!("sendstate: switching signing on: {}; trying again", output::plain(&error)));
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_said_to_the_millisecond() {
        let gap = Gap::Was(Duration::from_micros(412_900));
        assert!(gap.text().contains("off for 412ms"), "{}", gap.text());
        assert!(gap.warning().contains("missing_signature"));
        assert_eq!(gap.milliseconds(), Some(412));
        assert_eq!(Gap::SinceBefore.milliseconds(), None);
    }
}
