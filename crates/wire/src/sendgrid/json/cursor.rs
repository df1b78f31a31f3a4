//! The grammar itself, step by step: where the next value, key or end has to be.

use super::{DEPTH_MAX, Malformed, Value, end_of_text, is_space};
use crate::sendgrid::text::{self, Text};

/// A place in some bytes. After an error it stays where the error is.
pub(in crate::sendgrid) struct Cursor<'a> {
    bytes: &'a [u8],
    /// The same bytes where all of them may be text: looked at once, instead of string by string.
    sound: Option<&'a str>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::sendgrid) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, sound: text::sound(bytes), at: 0 }
    }

    /// Inside of a container that begins with its bracket.
    pub(super) fn after_bracket(container: &'a [u8]) -> Self {
        Self { at: 1, ..Self::new(container) }
    }

    pub(in crate::sendgrid) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(in crate::sendgrid) fn step(&mut self) {
        self.at += 1;
    }

    pub(super) fn space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        self.space();
        if self.peek().is_some() { Err(self.expected("the end")) } else { Ok(()) }
    }

    const fn expected(&self, what: &'static str) -> Malformed {
        Malformed::Expected { what, at: self.at }
    }

    fn eat(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Steps to the next item of a container, or over its end (`false`). `fresh`: just after the opening bracket.
    pub(super) fn more(&mut self, closer: u8, fresh: bool) -> Result<bool, Malformed> {
        self.space();
        if self.peek() == Some(closer) {
            self.at += 1;
            return Ok(false);
        }
        if !fresh {
            self.eat(b',', "a comma or the end of its container")?;
            self.space();
        }
        Ok(true)
    }

    pub(super) fn key(&mut self) -> Result<Text<'a>, Malformed> {
        let key = self.text()?;
        self.space();
        self.eat(b':', "a colon")?;
        self.space();
        Ok(key)
    }

    pub(super) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        match self.peek() {
            Some(b'{') => Ok(Value::Object(self.compound()?)),
            Some(b'[') => Ok(Value::List(self.compound()?)),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value<'a>, Malformed> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b'n') => self.literal(b"null", Value::Null),
            Some(b't') => self.literal(b"true", Value::Bool(true)),
            Some(b'f') => self.literal(b"false", Value::Bool(false)),
            _ => Err(self.expected("a value")),
        }
    }

    fn literal(&mut self, word: &[u8], value: Value<'a>) -> Result<Value<'a>, Malformed> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    pub(in crate::sendgrid) fn text(&mut self) -> Result<Text<'a>, Malformed> {
        self.eat(b'"', "a string")?;
        let end = end_of_text(self.bytes, self.at).ok_or(self.expected("the end of a string"))?;
        let sound = self.sound.and_then(|text| text.get(self.at..end.at)).filter(|_| !end.escapes);
        let text = sound.map_or_else(|| Text::Raw(&self.bytes[self.at..end.at]), Text::Plain);
        self.at = end.at + 1;
        Ok(text)
    }

    pub(in crate::sendgrid) fn number(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).map_err(|_| self.expected("a number"))
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if count == 0 {
            return Err(self.expected("a digit"));
        }
        self.at += count;
        Ok(())
    }

    /// An array or object inside of another, checked to its end without recursion.
    fn compound(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let mut nesting = Nesting::default();
        self.open(&mut nesting)?;
        let mut fresh = true;
        loop {
            let closer = if nesting.in_object() { b'}' } else { b']' };
            if !self.more(closer, fresh)? {
                if nesting.close() == 0 {
                    return Ok(&self.bytes[start..self.at]);
                }
                fresh = false;
                continue;
            }
            if nesting.in_object() {
                self.key()?;
            }
            fresh = matches!(self.peek(), Some(b'{' | b'['));
            if fresh {
                self.open(&mut nesting)?;
            } else {
                self.scalar()?;
            }
        }
    }

    fn open(&mut self, nesting: &mut Nesting) -> Result<(), Malformed> {
        if nesting.depth == DEPTH_MAX {
            return Err(Malformed::TooDeep { at: self.at });
        }
        nesting.open(self.peek() == Some(b'{'));
        self.at += 1;
        Ok(())
    }
}

/// Which of the open containers are objects, innermost in the lowest bit.
#[derive(Default)]
struct Nesting {
    objects: u64,
    depth: u32,
}

impl Nesting {
    fn open(&mut self, object: bool) {
        self.objects = self.objects << 1 | u64::from(object);
        self.depth += 1;
    }

    fn close(&mut self) -> u32 {
        self.objects >>= 1;
        self.depth -= 1;
        self.depth
    }

    const fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}
