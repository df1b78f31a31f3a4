//! `sendstate delivery`: what is owed and what came of it, and changing that by hand.

mod document;
mod list;
mod named;
mod replay;
mod show;
mod skip;

pub(crate) use list::list;
pub(crate) use replay::replay;
pub(crate) use show::{Whole, print as print_whole, show};
pub(crate) use skip::skip;
