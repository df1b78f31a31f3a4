//! Random passwords and keys of private instances, from the kernel.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .context("the kernel gave no random bytes")?;
    anyhow::ensure!(filled == N, "the kernel gave {filled} random bytes instead of {N}");
    Ok(bytes)
}

/// 32 lower-case hex digits: safe in URLs, files and shells without quoting.
///
/// # Errors
/// When the kernel has no randomness to give.
pub fn password() -> Result<String> {
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes()?)))
}

/// A `SENDSTATE_SECRET_KEY`: base64 of 32 bytes.
///
/// # Errors
/// When the kernel has no randomness to give.
pub fn key() -> Result<String> {
    Ok(STANDARD.encode(bytes::<32>()?))
}
