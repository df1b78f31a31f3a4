//! SendGrid's management API, as far as Sendstate needs it: scopes of a key, Event Webhook settings, Email Activity,
//! Email Logs, suppression lists.
//!
//! One [`Client`] is one account (or one subuser of it) in one [`Region`]. It has one request in flight at a time, waits
//! out rate limits within its patience, follows no redirect, uses no proxy out of the environment and repeats nothing
//! else. What SendGrid answers is read leniently, because its own specification disagrees with itself: fields may be
//! missing, null, of another type or the text `"null"`, and an account without webhooks lists one that is empty. What is
//! asked of SendGrid is written strictly. What cannot be read is said ([`Error::Unreadable`], `unreadable` of a list),
//! never taken for nothing.
//!
//! Facts are from SendGrid's published specification (twilio/sendgrid-oai: tsg_webhooks_v3, tsg_email_activity_v3,
//! tsg_logs_v3, tsg_suppressions_v3, tsg_scopes_v3). Keys and client secrets never show in `Debug`, errors or URLs.

mod access;
pub mod activity;
mod client;
mod error;
mod lenient;
pub mod logs;
mod page;
mod refusal;
mod scopes;
pub mod suppression;
pub mod webhook;

pub use access::{AccessError, ApiKey, Base, OnBehalfOf, Region};
pub use client::{Client, NoClient, Settings};
pub use error::{Error, Said};
pub use page::{Limit, MessageId, Page};
pub use scopes::{Permission, Scopes};
