//! Verifying a signature with a source's known key, against p256's own way, in turns.

use crate::id::{FLOOR_VERIFY, VERIFY};
use crate::load::{Posts, Repeats};
use crate::result::Measurement;
use crate::session::Session;
use anyhow::{Context, Result, ensure};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use std::time::Instant;
use wire::signature::{Signature, SigningKey};

const ROUNDS: usize = 7;
/// Verifications in a round, each of another signature.
const PER_ROUND: usize = 400;
/// Events per POST: about 5 KB, of which the hash is a small part.
const SIZE: usize = 10;

struct Signed {
    timestamp: String,
    body: Vec<u8>,
    ours: Signature,
    theirs: DerSignature,
}

pub(crate) fn measure(session: &mut Session) -> Result<()> {
    let key = SigningKey::generate();
    let posts = Posts::new(&key, (PER_ROUND * SIZE) as u64, SIZE, Repeats::None, crate::session::now())?;
    let signed = posts.iter().map(signed).collect::<Result<Vec<_>>>()?;
    let ours = key.public_key();
    let theirs = VerifyingKey::from_public_key_der(&ours.to_spki_der())?;
    let (mut known, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(micros(&signed, |one| {
            let message = [one.timestamp.as_bytes(), &one.body].concat();
            theirs.verify(&message, &one.theirs).is_ok()
        })?);
        known.push(micros(&signed, |one| ours.verify(one.timestamp.as_bytes(), &one.body, &one.ours))?);
    }
    let floor = Measurement::of_rounds(FLOOR_VERIFY.id([]), FLOOR_VERIFY.unit, floor)
        .noted("p256's own verify, the same signatures");
    let known = Measurement::of_rounds(VERIFY.id([]), VERIFY.unit, known).against_rounds_of(&floor);
    session.add([floor, known])?;
    Ok(())
}

fn signed(post: &traffic::Post) -> Result<Signed> {
    use base64::Engine as _;
    let der = base64::prelude::BASE64_STANDARD.decode(&post.signature)?;
    Ok(Signed {
        timestamp: post.timestamp.clone(),
        body: post.body.to_vec(),
        ours: Signature::decode(post.signature.as_bytes())
            .ok()
            .context("a signature of ours cannot be read")?,
        theirs: DerSignature::from_bytes(&der)?,
    })
}

/// Of one verification.
fn micros(signed: &[Signed], verify: impl Fn(&Signed) -> bool) -> Result<f64> {
    let began = Instant::now();
    let valid = signed.iter().filter(|one| verify(one)).count();
    let elapsed = began.elapsed();
    ensure!(valid == signed.len(), "a signature of ours does not hold");
    Ok(elapsed.as_secs_f64() * 1e6 / signed.len() as f64)
}
