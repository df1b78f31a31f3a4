//! What a client is told: a token, or an error of RFC 6749, section 5.2.
//!
//! `error` is a code of the RFC, except for 503, for which it has none: there it is that of its section 4.1.2.1. Nothing of
//! it may be kept by a cache.

use super::Granted;
use crate::answer::Refusal;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use wire::oauth::{RequestError, Which};

/// Why no token is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denial {
    #[error("Tokens are asked for by POST only.")]
    Method,
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Unknown id or wrong secret: the client is told no difference.
    #[error("There is no such client, or this is not its secret.")]
    Client,
    /// As for any other request: body, room, list of sources, key.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// How a request for a token ended, in the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Granted,
    /// For the secret that is being replaced: its client has not changed over yet.
    GrantedOldSecret,
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
    Unavailable,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] = [
        Self::Granted,
        Self::GrantedOldSecret,
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::UnsupportedGrantType,
        Self::Unavailable,
    ];

    /// The label, and the code where it is an error.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::GrantedOldSecret => "granted_old_secret",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Unavailable => "temporarily_unavailable",
        }
    }
}

impl Denial {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Request(RequestError::OtherGrantType) => Outcome::UnsupportedGrantType,
            Self::Client | Self::Request(RequestError::NotBasic | RequestError::NoCredentials) => {
                Outcome::InvalidClient
            }
            Self::Refused(refusal) if refusal.status().is_server_error() => Outcome::Unavailable,
            Self::Method | Self::Request(_) | Self::Refused(_) => Outcome::InvalidRequest,
        }
    }

    fn status(self) -> StatusCode {
        match (self, self.outcome()) {
            (Self::Method, _) => StatusCode::METHOD_NOT_ALLOWED,
            (Self::Refused(refusal), _) => refusal.status(),
            (_, Outcome::InvalidClient) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Method => Some((ALLOW, HeaderValue::from_static("POST"))),
            Self::Refused(refusal) => refusal.header(),
            _ if self.outcome() == Outcome::InvalidClient => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sendstate\"")))
            }
            _ => None,
        }
    }
}

pub(super) fn outcome(result: &Result<Granted, Denial>) -> Outcome {
    match result {
        Ok(granted) if granted.which == Which::Old => Outcome::GrantedOldSecret,
        Ok(_) => Outcome::Granted,
        Err(denial) => denial.outcome(),
    }
}

/// The answer to one request.
pub(super) fn response(result: &Result<Granted, Denial>) -> Response<Full<Bytes>> {
    let (status, header, body) = match result {
        Ok(granted) => (StatusCode::OK, None, token(granted)),
        Err(denial) => (denial.status(), denial.header(), error(*denial)),
    };
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The RFC asks for it, too, for caches of HTTP/1.0.
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.extend(header);
    response
}

fn token(granted: &Granted) -> Value {
    json!({
        "access_token": granted.token,
        "token_type": "Bearer",
        "expires_in": granted.expires_in.as_secs(),
    })
}

fn error(denial: Denial) -> Value {
    json!({ "error": denial.outcome().as_str(), "error_description": denial.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use std::time::Duration;

    fn every_denial() -> Vec<Denial> {
        let refused =
            [Refusal::BodyTooLarge, Refusal::BodyTimeout, Refusal::BodyIncomplete, Refusal::Overloaded]
                .into_iter()
                .chain([Refusal::NoSources, Refusal::OauthUnavailable]);
        let requests = RequestError::ALL.map(Denial::Request);
        [Denial::Method, Denial::Client]
            .into_iter()
            .chain(requests)
            .chain(refused.map(Denial::Refused))
            .collect()
    }

    async fn document(response: Response<Full<Bytes>>) -> Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_told_with_its_type_and_life_and_is_kept_by_no_cache() {
        let expires_in = Duration::from_secs(3_600);
        let granted = Granted { token: "oat1_x".to_owned(), expires_in, which: Which::Current };
        let response = response(&Ok(granted));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[PRAGMA], "no-cache");
        let expected = json!({"access_token": "oat1_x", "token_type": "Bearer", "expires_in": 3_600});
        assert_eq!(document(response).await, expected);
    }

    #[tokio::test]
    async fn every_error_is_one_of_the_rfc_in_letters_that_it_allows() {
        for denial in every_denial() {
            let response = response(&Err(denial));
            assert!(response.status().is_client_error() || response.status().is_server_error());
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
            let document = document(response).await;
            assert_eq!(document["error"], denial.outcome().as_str());
            let description = document["error_description"].as_str().unwrap();
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(description.ends_with('.') && description.bytes().all(allowed), "{description}");
        }
    }

    #[test]
    fn status_and_headers_are_those_of_the_rfc() {
        let of = |denial: Denial| {
            let response = response(&Err(denial));
            let header = [WWW_AUTHENTICATE, ALLOW, hyper::header::RETRY_AFTER]
                .into_iter()
                .find_map(|name| response.headers().get(name).cloned());
            (response.status().as_u16(), header.map(|value| value.to_str().unwrap().to_owned()))
        };
        let basic = Some("Basic realm=\"sendstate\"".to_owned());
        for client in [
            Denial::Client,
            Denial::Request(RequestError::NotBasic),
            Denial::Request(RequestError::NoCredentials),
        ] {
            assert_eq!(of(client), (401, basic.clone()), "{client:?}");
        }
        assert_eq!(of(Denial::Request(RequestError::OtherGrantType)), (400, None));
        assert_eq!(of(Denial::Request(RequestError::Repeated)), (400, None));
        assert_eq!(of(Denial::Method), (405, Some("POST".to_owned())));
        assert_eq!(of(Denial::Refused(Refusal::BodyTooLarge)), (413, None));
        assert_eq!(of(Denial::Refused(Refusal::OauthUnavailable)).0, 503);
        assert!(of(Denial::Refused(Refusal::Overloaded)).1.is_some());
    }
}
