//! The three promises, broken into from outside: 2xx means confirmed, acked means committed, finished means told.
//!
//! A process is killed just before and just after each promise is kept, and killed, stopped and cut off again and again
//! under load. What must then be true is known from the sender's and the receiver's own books.

mod accepted;
mod acked;
mod drain;
mod outage;
mod told;
mod under_load;
