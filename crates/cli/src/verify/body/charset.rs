//! Text that was decoded by one rule and encoded by another.
//!
//! Only what loses nothing can be undone: a byte that became U+FFFD or a question mark is gone.

use super::super::mistake::Mistake;
use Mistake::{ByteOrderMark, DoubleEncoded, NarrowEncoded, Utf16};

const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The letters that Windows-1252 has at 0x80 to 0x9F, where Latin-1 has control characters; 0 where it has nothing
/// (Unicode, "WINDOWS/CP1252.TXT").
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0, 0x017E, 0x0178,
];

/// Eight bits to a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrow {
    Latin1,
    Windows1252,
}

impl Narrow {
    /// Windows-1252 as browsers take it: what it has nothing for is a control character (WHATWG, "Encoding").
    fn letter(self, byte: u8) -> char {
        let special = usize::from(byte).checked_sub(0x80).and_then(|place| WINDOWS_1252.get(place));
        match special.filter(|letter| self == Self::Windows1252 && **letter != 0) {
            Some(letter) => char::from_u32(u32::from(*letter)).unwrap_or(char::from(byte)),
            None => char::from(byte),
        }
    }

    fn byte(self, letter: char) -> Option<u8> {
        let special = u16::try_from(u32::from(letter)).ok().filter(|letter| *letter != 0);
        let place = special.and_then(|letter| WINDOWS_1252.iter().position(|known| *known == letter));
        match place.filter(|_| self == Self::Windows1252) {
            Some(place) => u8::try_from(0x80 + place).ok(),
            None => u8::try_from(u32::from(letter)).ok().filter(|byte| self.letter(*byte) == letter),
        }
    }
}

/// Every decoding that can be undone.
pub(super) fn undone(bytes: &[u8]) -> Vec<(Vec<u8>, Mistake)> {
    let mut found = Vec::new();
    if let Some(rest) = bytes.strip_prefix(UTF_8_MARK) {
        found.push((rest.to_vec(), ByteOrderMark));
    }
    found.extend(utf_16(bytes).map(|text| (text, Utf16)));
    for narrow in [Narrow::Latin1, Narrow::Windows1252] {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_ascii() => {
                let once: Option<Vec<u8>> = text.chars().map(|letter| narrow.byte(letter)).collect();
                let once = once.filter(|once| std::str::from_utf8(once).is_ok());
                found.extend(once.map(|once| (once, DoubleEncoded)));
            }
            Ok(_) => {}
            Err(_) => {
                let text: String = bytes.iter().map(|byte| narrow.letter(*byte)).collect();
                found.push((text.into_bytes(), NarrowEncoded));
            }
        }
    }
    found
}

/// The text of UTF-16 that says in which order its bytes are.
fn utf_16(bytes: &[u8]) -> Option<Vec<u8>> {
    let unit = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (units, rest) = bytes.get(2..)?.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|pair| unit(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?.map(String::into_bytes)
}
