//! A request to be made.

use crate::webhook::OAUTH_SECRET;
use reqwest::Method;
use serde_json::Value;

/// Endpoints that share a rate limit, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Settings and scopes.
    Settings,
    Activity,
    Logs,
    Suppressions,
}

/// One request, without whatever all of them have.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) family: Family,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Call {
    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&step| step.to_owned()).collect();
        Self { method, family: Family::Settings, path, query: Vec::new(), body: None }
    }

    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn patch(path: &[&str]) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(crate) fn family(self, family: Family) -> Self {
        Self { family, ..self }
    }

    pub(crate) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    pub(crate) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The secret in the body; empty if there is none.
    pub(super) fn secret(&self) -> &str {
        let secret = self.body.as_ref().and_then(|body| body.get(OAUTH_SECRET));
        secret.and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(super) fn query_pairs(&self) -> &[(&'static str, String)] {
        &self.query
    }
}
