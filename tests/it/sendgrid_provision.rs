//! A source's webhook, set up, looked after and taken away in SendGrid by the real `sendstate`, against a whole pipeline.

mod at_once;
mod interrupted;
mod looked_at;
mod nothing_changed;
mod proof;
mod refused;
mod rotation;
mod setup;
mod stage;
mod taken_away;
mod tokens;
