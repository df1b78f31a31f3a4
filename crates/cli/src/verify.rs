//! `sendstate verify`: whether a saved request is signed by whom it should be, and if not, why.
//!
//! Here is all I/O: reading the request and the keys, telling the result. What is found out is [`diagnose`]'s.

mod body;
mod diagnose;
mod header;
mod hint;
mod input;
mod keys;
mod mistake;
mod report;
mod saved;
mod token;

use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::output;
use crate::settings::Global;
use mistake::Mistake;
use report::{Findings, Verdict};
use token::Token;

pub(crate) async fn run(global: &Global, args: &VerifyArgs) -> Result<(), Failure> {
    let saved = input::read(args)?;
    let keys = keys::collect(global, args).await?;
    let diagnosis = diagnose::diagnose(&saved, &keys.known);
    let found = diagnosis.found.as_ref();
    let mut mistakes = found.map(|found| found.mistakes.clone()).unwrap_or_default();
    let token = token::token(&saved, keys.tokens);
    if let Some(found) = found {
        mistakes.extend((token == Token::Missing).then_some(Mistake::TokenMissing));
        mistakes.extend(args.at.and_then(|at| diagnose::stale(found, at, keys.age_max)));
    }
    let hints = if found.is_none() { hint::hints(&saved, &diagnosis, token) } else { Vec::new() };
    let findings = Findings {
        found,
        mistakes: &mistakes,
        hints: &hints,
        known: &keys.known,
        token,
        work: diagnosis.work,
        body_bytes: saved.body.len(),
        at: args.at,
        age_max: keys.age_max,
    };
    output::print(global.json, &findings.document(), || findings.text())?;
    match findings.verdict() {
        Verdict::Verified => Ok(()),
        Verdict::Explained | Verdict::Unexplained => Err(Failure::failed("the request does not verify")),
    }
}
