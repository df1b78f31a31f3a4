//! The HTTP client that sends POSTs as SendGrid does, and what comes back.

use crate::failure::Failure;
use reqwest::redirect::Policy;
use std::time::Duration;
use traffic::Post;
use url::Url;
use uuid::Uuid;

const USER_AGENT: &str = "SendGrid Event API";
const HEADER_BATCH_ID: &str = "sendstate-batch-id";

/// Ingest answers within seconds whatever happens; this only bounds a stack that hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Status {
        code: u16,
        batch: Option<Uuid>,
    },
    /// No answer at all, and why.
    None(String),
}

impl Answer {
    /// As a key of the report: the status, or `none`.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Status { code, .. } => code.to_string(),
            Self::None(_) => "none".to_owned(),
        }
    }
}

/// Sends POSTs and keeps connections open between them. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    pub(crate) fn new() -> Result<Self, Failure> {
        // A second installation in the same process is refused and changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .user_agent(USER_AGENT)
            .build()
            .map(Self)
            .map_err(|error| Failure::failed(format!("the HTTP client cannot be made: {error}")))
    }

    pub(crate) async fn send(&self, url: Url, post: Post) -> Answer {
        let mut request = self.0.post(url);
        for (name, value) in post.headers() {
            request = request.header(name, value);
        }
        match request.body(post.body).send().await {
            Ok(response) => {
                let code = response.status().as_u16();
                let batch = response.headers().get(HEADER_BATCH_ID).and_then(|id| id.to_str().ok());
                Answer::Status { code, batch: batch.and_then(|id| Uuid::try_parse(id).ok()) }
            }
            Err(error) => Answer::None(with_causes(&error.without_url())),
        }
    }
}

/// The client's top line ("error sending request") alone helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes =
        std::iter::successors(error.source(), |cause| cause.source()).map(|cause| format!(": {cause}"));
    error.to_string() + &causes.collect::<String>()
}
