//! Compressed bodies, decompressed within a bound. Check sums are not looked at: the signature is the better one.

use super::super::super::saved::BODY_BYTES_MAX;
use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

/// Flags of a gzip header that announce optional parts (RFC 1952, 2.3.1).
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CHECK: u8 = 2;

/// The content of a gzip file of one member.
pub(super) fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let [0x1F, 0x8B, 8, flags, _, _, _, _, _, _, rest @ ..] = bytes else { return None };
    let mut rest = rest;
    if flags & EXTRA != 0 {
        let [low, high, after @ ..] = rest else { return None };
        rest = after.get(usize::from(u16::from_le_bytes([*low, *high]))..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            rest = rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?;
        }
    }
    if flags & HEADER_CHECK != 0 {
        rest = rest.get(2..)?;
    }
    decompress_to_vec_with_limit(rest, BODY_BYTES_MAX).ok()
}

/// The content of `deflate` in HTTP's sense (zlib), or of the bare format that some take for it.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(bytes, BODY_BYTES_MAX)
        .or_else(|_| decompress_to_vec_with_limit(bytes, BODY_BYTES_MAX))
        .ok()
}
