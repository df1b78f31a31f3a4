//! One mail to one recipient, with the ids SendGrid would give it.
//!
//! Ids have the shapes of real traffic: `X-Message-Id` is 22 characters of base64url, `sg_message_id` appends the
//! receiving host, the time of acceptance in hexadecimal, a counter and the recipient's index.

use crate::chance::Chance;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Letters Kubernetes uses for pod names, which SendGrid's receiving hosts have.
const POD_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

const GIVEN_NAMES: [&str; 12] =
    ["anna", "ben", "carla", "deniz", "elif", "farid", "grete", "hiro", "ines", "jonas", "kim", "lea"];
const HOSTS: [&str; 4] = ["example.com", "example.net", "example.org", "mail.example.com"];
const CAMPAIGNS: [&str; 4] = ["welcome", "invoice", "digest", "password-reset"];

#[derive(Clone, Debug)]
pub struct Mail {
    pub email: String,
    /// What SendGrid returned as `X-Message-Id` when the mail was sent.
    pub message_id: String,
    pub sg_message_id: String,
    pub smtp_id: String,
    /// The account's user id, which event ids contain.
    pub user_id: u64,
    /// Unix seconds.
    pub accepted_at: i64,
    pub campaign: &'static str,
    pub order_id: String,
    /// Everything else about the mail that is left to chance.
    pub chance: Chance,
}

impl Mail {
    /// The mail with this number under this seed.
    pub fn new(seed: u64, number: u64, accepted_at: i64) -> Self {
        let mut chance = Chance::of(seed, number);
        let message_id = BASE64_URL_SAFE_NO_PAD.encode(chance.bytes::<16>());
        let host = format!("recvd-{:010x}-{}-1", chance.draw() & 0xFF_FFFF_FFFF, pod(&mut chance));
        let counter = chance.between(1, 0xFFF);
        let tag = chance.draw() & 0xFFFF_FFFF;
        Self {
            // The tag keeps addresses of different runs apart.
            email: format!("{}.{tag:08x}@{}", chance.pick(&GIVEN_NAMES), chance.pick(&HOSTS)),
            sg_message_id: format!("{message_id}.{host}-{accepted_at:08X}-{counter:X}.0"),
            smtp_id: format!("<{message_id}@geopod-ismtpd-{}>", chance.between(0, 40)),
            user_id: 9_000_000 + seed % 1_000_000,
            accepted_at,
            campaign: chance.pick(&CAMPAIGNS),
            order_id: format!("{:08}", chance.between(0, 99_999_999)),
            message_id,
            chance,
        }
    }
}

fn pod(chance: &mut Chance) -> String {
    let mut letter = || {
        let position = chance.draw() % POD_LETTERS.len() as u64;
        char::from(POD_LETTERS[usize::try_from(position).unwrap_or_default()])
    };
    (0..5).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_of_real_ones() {
        let mail = Mail::new(7, 1, 1_700_000_000);
        assert_eq!(mail.message_id.len(), 22);
        assert_eq!(wire::key::message_id(&mail.sg_message_id), mail.message_id);
        assert!(mail.sg_message_id.contains("-6553F100-"), "{}", mail.sg_message_id);
        assert!(mail.sg_message_id.ends_with(".0"));
        assert!(mail.smtp_id.starts_with(&format!("<{}@", mail.message_id)));
    }

    #[test]
    fn mails_are_a_function_of_seed_and_number() {
        let ids = |seed, number| Mail::new(seed, number, 0).sg_message_id;
        assert_eq!(ids(7, 1), ids(7, 1));
        assert_ne!(ids(7, 1), ids(7, 2));
        assert_ne!(ids(7, 1), ids(8, 1));
    }
}
