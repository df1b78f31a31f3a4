//! What came back, with its body whole or not at all.

use super::limit;
use crate::error::{Error, showable};
use crate::refusal;
use memchr::memmem;
use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::error::Error as _;

/// A thousand rows with long subjects, or a hundred events with long URLs, stay far below.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Of a refusal, enough for its messages.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

/// An answer, its body within the bounds.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Of a refusal the status is the whole word, whatever becomes of its body. A success counts when its body has ended.
    pub(super) async fn read(mut response: Response) -> Result<Self, Error> {
        let status = response.status();
        let headers = response.headers().clone();
        let max = if status.is_success() { BODY_BYTES_MAX } else { REFUSAL_BYTES_MAX };
        let mut answer = Self { status: status.as_u16(), headers, body: Vec::new() };
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(answer),
                Ok(Some(chunk)) if answer.body.len() + chunk.len() <= max => {
                    answer.body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) if status.is_success() => {
                    return Err(answer.unreadable(&format!("it is larger than {max} bytes")));
                }
                Err(error) if status.is_success() => {
                    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                    return Err(answer.unreadable(&format!("it broke off: {}", showable(&why))));
                }
                Ok(Some(_)) | Err(_) => return Ok(answer),
            }
        }
    }

    /// Strikes out what the answer repeats of the secrets that it was asked with: people are shown what SendGrid, or a proxy
    /// before it, says.
    pub(super) fn strike(&mut self, secrets: &[&str]) {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let places: Vec<usize> = memmem::find_iter(&self.body, secret).collect();
            for place in places {
                self.body[place..place + secret.len()].fill(b'*');
            }
        }
    }

    pub(super) fn success(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(refusal::read(self.status, &self.body, limit::pause(&self.headers, 0)))
    }

    pub(crate) fn json(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable(&refusal::not_json(&self.body)))
    }

    pub(crate) fn unreadable(&self, why: &str) -> Error {
        Error::Unreadable { status: self.status, why: why.to_owned() }
    }
}
