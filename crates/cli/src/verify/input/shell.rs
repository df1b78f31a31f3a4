//! As much of a shell's language as commands for requests are written in: words, quotation marks of all kinds, pipes.
//!
//! Nothing is expanded and nothing is run: a `$NAME` stays what it is.

use super::Unreadable;

/// Words of one command.
pub(super) type Words = Vec<Vec<u8>>;

/// The commands of each pipeline, in order.
pub(super) fn pipelines(text: &[u8]) -> Result<Vec<Vec<Words>>, Unreadable> {
    let mut reader =
        Reader { rest: text, pipelines: Vec::new(), commands: Vec::new(), words: Vec::new(), word: None };
    while let Some(byte) = reader.next() {
        match byte {
            b' ' | b'\t' | b'\r' => reader.end_word(),
            b'\n' | b';' | b'&' => reader.end_pipeline(),
            b'|' => reader.end_command(),
            b'#' if reader.word.is_none() => reader.skip_line(),
            b'<' if reader.rest.starts_with(b"<") => {
                return Err("reads a here-document, which is not understood".to_owned());
            }
            b'\'' => reader.single()?,
            b'"' => reader.double()?,
            b'$' if reader.rest.starts_with(b"'") => reader.ansi_c()?,
            b'\\' => reader.escaped(),
            byte => reader.word().push(byte),
        }
    }
    reader.end_pipeline();
    Ok(reader.pipelines)
}

/// Undoes the escapes of `$'…'` and of printf's format.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'\\' => rest = escape(rest, &mut out),
            byte => out.push(*byte),
        }
    }
    out
}

/// Reads what follows a backslash; returns what follows that.
fn escape<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let [kind, rest @ ..] = text else {
        out.push(b'\\');
        return text;
    };
    let number = |text: &'a [u8], radix: u32, digits_max: usize| {
        let digits =
            text.iter().take(digits_max).take_while(|digit| char::from(**digit).is_digit(radix)).count();
        let (digits, rest) = text.split_at(digits);
        let value = digits
            .iter()
            .fold(0, |value, digit| value * radix + char::from(*digit).to_digit(radix).unwrap_or(0));
        (value, rest)
    };
    let (byte, rest) = match kind {
        b'n' => (b'\n', rest),
        b'r' => (b'\r', rest),
        b't' => (b'\t', rest),
        b'a' => (7, rest),
        b'b' => (8, rest),
        b'e' | b'E' => (0x1B, rest),
        b'f' => (0xC, rest),
        b'v' => (0xB, rest),
        b'\\' | b'\'' | b'"' | b'?' => (*kind, rest),
        b'x' => {
            let (value, rest) = number(rest, 16, 2);
            (u8::try_from(value).unwrap_or_default(), rest)
        }
        b'0'..=b'7' => {
            let (value, rest) = number(text, 8, 3);
            // Three octal digits may say more than a byte has; shells take the lower eight bits.
            (value.to_le_bytes()[0], rest)
        }
        b'u' | b'U' => {
            let (value, rest) = number(rest, 16, if *kind == b'u' { 4 } else { 8 });
            let letter = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            return rest;
        }
        other => {
            out.push(b'\\');
            (*other, rest)
        }
    };
    out.push(byte);
    rest
}

struct Reader<'a> {
    rest: &'a [u8],
    pipelines: Vec<Vec<Words>>,
    commands: Vec<Words>,
    words: Words,
    /// Begun by quotation marks too, so that `''` is a word.
    word: Option<Vec<u8>>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn word(&mut self) -> &mut Vec<u8> {
        self.word.get_or_insert_default()
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }

    fn end_pipeline(&mut self) {
        self.end_command();
        if !self.commands.is_empty() {
            self.pipelines.push(std::mem::take(&mut self.commands));
        }
    }

    fn skip_line(&mut self) {
        while self.rest.first().is_some_and(|byte| *byte != b'\n') {
            self.next();
        }
    }

    /// Outside quotation marks: the next line belongs to this one, or the next character means itself.
    fn escaped(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(b"\r\n").or_else(|| self.rest.strip_prefix(b"\n")) {
            self.rest = rest;
        } else if let Some(byte) = self.next() {
            self.word().push(byte);
        }
    }

    fn single(&mut self) -> Result<(), Unreadable> {
        let end = self.rest.iter().position(|byte| *byte == b'\'').ok_or(OPEN)?;
        let (quoted, rest) = self.rest.split_at(end);
        self.word().extend_from_slice(quoted);
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(())
    }

    fn double(&mut self) -> Result<(), Unreadable> {
        self.word();
        loop {
            match self.next().ok_or(OPEN)? {
                b'"' => return Ok(()),
                b'\\' => match self.next().ok_or(OPEN)? {
                    b'\n' => {}
                    byte @ (b'"' | b'\\' | b'$' | b'`') => self.word().push(byte),
                    byte => self.word().extend([b'\\', byte]),
                },
                byte => self.word().push(byte),
            }
        }
    }

    /// After the `$` of `$'…'`.
    fn ansi_c(&mut self) -> Result<(), Unreadable> {
        let quoted = self.rest.get(1..).unwrap_or_default();
        let mut end = 0;
        loop {
            match quoted.get(end).ok_or(OPEN)? {
                b'\'' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let (quoted, rest) = quoted.split_at(end);
        self.word().extend(unescaped(quoted));
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(())
    }
}

const OPEN: &str = "has a quotation mark that is never closed";
