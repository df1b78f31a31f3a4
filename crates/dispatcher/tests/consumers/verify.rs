//! What the page for consumers shows, word for word from here on.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use http::HeaderMap;
use standardwebhooks::{Webhook, WebhookError};

/// With the shared secret, `whsec_…`. `body` is what came, byte for byte.
pub fn verify(secret: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError> {
    Webhook::new(secret)?.verify(body, headers)
}

/// With the public key, `whpk_…`. `now` is in seconds since 1970.
pub fn verify_v1a(public_key: &str, headers: &HeaderMap, body: &[u8], now: i64) -> Option<()> {
    let key = STANDARD.decode(public_key.strip_prefix("whpk_")?).ok()?;
    let key = VerifyingKey::from_bytes(key.as_slice().try_into().ok()?).ok()?;
    let text = |name| headers.get(name)?.to_str().ok();
    let (id, at) = (text("webhook-id")?, text("webhook-timestamp")?);
    if at.parse::<i64>().ok()?.abs_diff(now) > 300 {
        return None;
    }
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body].concat();
    text("webhook-signature")?.split(' ').find_map(|part| {
        let signature = STANDARD.decode(part.strip_prefix("v1a,")?).ok()?;
        key.verify_strict(&signed, &Signature::from_slice(&signature).ok()?).ok()
    })
}
