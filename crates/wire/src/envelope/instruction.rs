//! What the `sendstate` command asks of the workers, on the same queue as the batches: whoever changes events or messages
//! does it in a worker's transaction.
//!
//! An instruction names what it is about and carries no data of its own, so that it can be repeated without harm.

use super::{EnvelopeError, HEADER_VERSION, INSTRUCTION_VERSION};
use domain::MessageKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most messages that one part of a replay names.
pub const REPLAY_MESSAGES_MAX: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Apply what is held aside under this number, under its own (batch, ordinal).
    Release { quarantine: i64 },
    /// Work these messages out again from their stored events. `part` counts the instructions of one replay from 0.
    Replay { replay: i64, part: i32, messages: Vec<MessageKey> },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Release { quarantine: i64 },
    Replay { replay: i64, part: i32, messages: Vec<Uuid> },
}

impl Instruction {
    /// Headers of the queue's message.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        vec![(HEADER_VERSION, INSTRUCTION_VERSION.to_owned())]
    }

    /// Body of the queue's message.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let written = match self {
            Self::Release { quarantine } => Written::Release { quarantine: *quarantine },
            Self::Replay { replay, part, messages } => Written::Replay {
                replay: *replay,
                part: *part,
                messages: messages.iter().map(|key| Uuid::from_bytes(key.0)).collect(),
            },
        };
        serde_json::to_vec(&written).expect("numbers and UUIDs: nothing in it can fail to serialise")
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, EnvelopeError> {
        let written =
            serde_json::from_slice(body).map_err(|error| EnvelopeError::BadInstruction(error.to_string()))?;
        Ok(match written {
            Written::Release { quarantine } => Self::Release { quarantine },
            Written::Replay { messages, .. } if messages.len() > REPLAY_MESSAGES_MAX => {
                let detail = format!("{} messages, at most {REPLAY_MESSAGES_MAX}", messages.len());
                return Err(EnvelopeError::BadInstruction(detail));
            }
            Written::Replay { replay, part, messages } => {
                let messages = messages.into_iter().map(|key| MessageKey(key.into_bytes())).collect();
                Self::Replay { replay, part, messages }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Incoming;
    use super::*;

    fn read(instruction: &Instruction, body: &[u8]) -> Result<Incoming, EnvelopeError> {
        let headers: Vec<_> =
            instruction.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Incoming::read(Some("any"), &headers, body)
    }

    #[test]
    fn what_is_written_is_read() {
        let messages = vec![MessageKey([7; 16]), MessageKey([0; 16])];
        for instruction in
            [Instruction::Release { quarantine: 17 }, Instruction::Replay { replay: 3, part: 0, messages }]
        {
            let incoming = read(&instruction, &instruction.body()).unwrap();
            assert_eq!(incoming, Incoming::Instruction(instruction));
        }
    }

    #[test]
    fn what_is_no_instruction_of_this_release_is_refused() {
        let release = Instruction::Release { quarantine: 1 };
        let many = Instruction::Replay {
            replay: 1,
            part: 1,
            messages: vec![MessageKey([1; 16]); REPLAY_MESSAGES_MAX + 1],
        };
        for body in [
            &b""[..],
            b"[]",
            br#"{"do":"forget"}"#,
            br#"{"do":"release"}"#,
            br#"{"do":"release","quarantine":1,"force":true}"#,
            br#"{"do":"release","quarantine":1e400}"#,
            &many.body(),
        ] {
            assert!(matches!(read(&release, body), Err(EnvelopeError::BadInstruction(_))));
        }
    }
}
