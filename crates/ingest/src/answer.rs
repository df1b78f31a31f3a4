//! What SendGrid is told: 204 with the batch's id, or a refusal with a stable code.
//!
//! SendGrid tries anything but a 2xx again for a day, so every refusal leaves the batch with SendGrid.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde_json::json;
use uuid::Uuid;

/// On every 204: the id under which the ledger knows the batch.
const BATCH_ID: HeaderName = HeaderName::from_static("sendstate-batch-id");

/// Seconds after which to try again: a busy moment passes sooner than a broker comes back.
const RETRY_SOON: HeaderValue = HeaderValue::from_static("1");
const RETRY_LATER: HeaderValue = HeaderValue::from_static("5");

/// What a request without a token is asked for, and what one with a bad token is told (RFC 6750, section 3).
const ASKED: HeaderValue = HeaderValue::from_static("Bearer realm=\"sendstate\"");
const NOT_TAKEN: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"sendstate\", error=\"invalid_token\"");

/// Why a request was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("There is nothing here; events are taken at /webhooks/sendgrid/{{source}}.")]
    NotFound,
    #[error("No source has this path.")]
    UnknownSource,
    #[error("The list of sources could not be read yet; try again later.")]
    NoSources,
    #[error("Events are taken by POST only.")]
    MethodNotAllowed,
    #[error("The body is larger than the limit.")]
    BodyTooLarge,
    #[error("The body did not arrive in time.")]
    BodyTimeout,
    #[error("The body ended before it was complete.")]
    BodyIncomplete,
    #[error("This source's webhook must send an OAuth token: exactly one header Authorization: Bearer.")]
    MissingToken,
    #[error("The OAuth token has expired or was not made for this source.")]
    InvalidToken,
    #[error("OAuth tokens can be neither made nor checked here at the moment; try again later.")]
    OauthUnavailable,
    #[error(
        "This source's webhook must be signed: exactly one signature and one timestamp of ten digits are needed."
    )]
    MissingSignature,
    #[error("The signature does not match the body under any key of this source.")]
    InvalidSignature,
    #[error("The signature is right but its timestamp is outside of what this source allows.")]
    Expired,
    #[error("The message broker is not available; try again later.")]
    BrokerUnavailable,
    #[error("Too much is being received at the moment; try again soon.")]
    Overloaded,
    #[error("The message broker did not confirm in time; try again later.")]
    ConfirmTimeout,
}

impl Refusal {
    pub(crate) const ALL: [Self; 16] = [
        Self::NotFound,
        Self::UnknownSource,
        Self::NoSources,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::MissingToken,
        Self::InvalidToken,
        Self::OauthUnavailable,
        Self::MissingSignature,
        Self::InvalidSignature,
        Self::Expired,
        Self::BrokerUnavailable,
        Self::Overloaded,
        Self::ConfirmTimeout,
    ];

    /// The code in the answer and the label in the metrics. Scripts rely on it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::UnknownSource => "unknown_source",
            Self::NoSources => "no_sources",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyIncomplete => "body_incomplete",
            Self::MissingToken => "missing_token",
            Self::InvalidToken => "invalid_token",
            Self::OauthUnavailable => "oauth_unavailable",
            Self::MissingSignature => "missing_signature",
            Self::InvalidSignature => "invalid_signature",
            Self::Expired => "expired",
            Self::BrokerUnavailable => "broker_unavailable",
            Self::Overloaded => "overloaded",
            Self::ConfirmTimeout => "confirm_timeout",
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::UnknownSource => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::MissingToken | Self::InvalidToken | Self::MissingSignature => StatusCode::UNAUTHORIZED,
            Self::InvalidSignature | Self::Expired => StatusCode::FORBIDDEN,
            Self::NoSources
            | Self::OauthUnavailable
            | Self::BrokerUnavailable
            | Self::Overloaded
            | Self::ConfirmTimeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The header that this refusal owes beside its body.
    pub(crate) fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Overloaded => Some((RETRY_AFTER, RETRY_SOON)),
            Self::NoSources | Self::OauthUnavailable | Self::BrokerUnavailable | Self::ConfirmTimeout => {
                Some((RETRY_AFTER, RETRY_LATER))
            }
            Self::MissingToken => Some((WWW_AUTHENTICATE, ASKED)),
            Self::InvalidToken => Some((WWW_AUTHENTICATE, NOT_TAKEN)),
            Self::MethodNotAllowed => Some((ALLOW, HeaderValue::from_static("POST"))),
            // What is left of the body could not be told from a next request.
            Self::BodyTimeout | Self::BodyIncomplete => Some((CONNECTION, HeaderValue::from_static("close"))),
            _ => None,
        }
    }
}

/// The answer to one request.
pub(crate) fn response(result: Result<Uuid, Refusal>) -> Response<Full<Bytes>> {
    match result {
        Ok(batch) => accepted(batch),
        Err(refusal) => refused(refusal),
    }
}

fn accepted(batch: Uuid) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let id =
        HeaderValue::try_from(batch.to_string()).expect("a UUID is made of hexadecimal digits and dashes");
    response.headers_mut().insert(BATCH_ID, id);
    response
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let body = json!({ "error": refusal.as_str(), "message": refusal.to_string() });
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(refusal.header());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[test]
    fn accepted_is_a_204_without_a_body_that_names_the_batch() {
        let response = response(Ok(Uuid::from_u128(7)));
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()["sendstate-batch-id"], "00000000-0000-0000-0000-000000000007");
    }

    #[tokio::test]
    async fn every_refusal_is_an_error_with_its_code_and_a_sentence() {
        for refusal in Refusal::ALL {
            let response = response(Err(refusal));
            assert!(response.status().is_client_error() || response.status().is_server_error());
            assert!(!response.headers().contains_key("sendstate-batch-id"));
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"], refusal.as_str());
            assert!(body["message"].as_str().unwrap().ends_with('.'), "{body}");
        }
    }

    #[test]
    fn every_503_says_when_to_try_again_and_nothing_else_does() {
        for refusal in Refusal::ALL {
            let response = response(Err(refusal));
            let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
            assert_eq!(response.headers().contains_key(RETRY_AFTER), unavailable, "{refusal:?}");
        }
    }

    #[test]
    fn a_missing_or_bad_token_is_asked_for_as_the_rfc_has_it() {
        let asked = |refusal| response(Err(refusal)).headers()[WWW_AUTHENTICATE].clone();
        assert_eq!(asked(Refusal::MissingToken), "Bearer realm=\"sendstate\"");
        assert_eq!(asked(Refusal::InvalidToken), "Bearer realm=\"sendstate\", error=\"invalid_token\"");
    }

    #[test]
    fn a_405_says_what_is_allowed() {
        assert_eq!(response(Err(Refusal::MethodNotAllowed)).headers()[ALLOW], "POST");
    }
}
