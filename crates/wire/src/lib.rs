//! Every byte that crosses the border: SendGrid's JSON and signature, the envelope on the queue, the keys by which
//! things are recognised, the notification that consumers receive and its signature, the tokens of OAuth.
//!
//! Pure functions over bytes: no I/O and no clock. What arrives is hostile until proven otherwise, so nothing here
//! panics, recurses or allocates beyond what its input's size justifies. What each of them costs is measured by
//! `cargo bench -p wire`.

pub mod envelope;
mod hash;
pub mod hex;
pub mod key;
pub mod notification;
pub mod oauth;
pub mod sendgrid;
pub mod signature;
pub mod webhook;
