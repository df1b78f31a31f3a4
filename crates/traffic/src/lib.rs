//! Made-up SendGrid traffic: mails, what happens to them, and the signed POSTs that tell of it.
//!
//! Every body is a function of a seed and of when its first mail is accepted, so a run can be repeated byte for byte; only
//! the time of signing and signatures differ.
//! `sendstate generate` and `demo` send it, and the benchmark measures with it. Nothing here does I/O or reads a clock.

mod batches;
mod chance;
mod dress;
mod event;
mod life;
mod mail;
mod post;
mod scenario;
mod step;

pub use batches::{Batches, Body};
pub use chance::Chance;
pub use dress::{CUSTOM_ARGS_BYTES_MAX, Dress};
pub use event::{Happening, element};
pub use mail::Mail;
pub use post::{CONTENT_TYPE, Post, join};
pub use scenario::{Scenario, Story};
pub use step::Step;
