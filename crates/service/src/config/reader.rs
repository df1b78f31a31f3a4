//! Reads settings one by one and remembers everything that is wrong with them.
//!
//! A reading that fails returns a harmless placeholder; [`Reader::finish`] makes sure that nobody ever uses it.

use super::{ConfigErrors, Environment, Mistake, Setting, secret_file, size};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Reads settings and collects every mistake.
pub struct Reader<'a> {
    environment: &'a dyn Environment,
    mistakes: Vec<Mistake>,
}

/// What a variable (or its file, or its default) holds.
enum Found {
    Value(String),
    Nothing,
    /// Already among the mistakes.
    Wrong,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(environment: &'a dyn Environment) -> Self {
        Self { environment, mistakes: Vec::new() }
    }

    /// A text; required unless the setting has a default.
    pub fn text(&mut self, s: &Setting) -> String {
        self.required(s).unwrap_or_default()
    }

    /// As [`Reader::text`]; whoever will use it has a say.
    pub fn text_for<E: Display>(&mut self, s: &Setting, check: impl FnOnce(&str) -> Result<(), E>) -> String {
        let text = self.required(s);
        if let Some(Err(error)) = text.as_deref().map(check) {
            self.unusable(s, &error);
        }
        text.unwrap_or_default()
    }

    /// A text, or its default, or nothing.
    pub fn optional(&mut self, s: &Setting) -> Option<String> {
        match self.find(s) {
            Found::Value(value) => Some(value),
            Found::Nothing | Found::Wrong => None,
        }
    }

    /// A secret; required unless the setting has a default.
    pub fn secret(&mut self, s: &Setting) -> SecretString {
        SecretString::from(self.required(s).unwrap_or_default())
    }

    /// As [`Reader::secret`]; whoever will use it has a say. The text of its error is shown, so it must not quote the
    /// secret.
    pub fn secret_for<E: Display>(
        &mut self,
        s: &Setting,
        check: impl FnOnce(&SecretString) -> Result<(), E>,
    ) -> SecretString {
        let secret = self.required(s).map(SecretString::from);
        if let Some(Err(error)) = secret.as_ref().map(check) {
            self.unusable(s, &error);
        }
        secret.unwrap_or_default()
    }

    /// A secret, or nothing.
    pub fn optional_secret(&mut self, s: &Setting) -> Option<SecretString> {
        self.optional(s).map(SecretString::from)
    }

    /// A duration written for people: `30s`, `2m 30s`, `24h`.
    pub fn duration(&mut self, s: &Setting, range: RangeInclusive<Duration>) -> Duration {
        let show = |d: &Duration| humantime::format_duration(*d).to_string();
        let read = self.ranged(s, "a duration such as 30s or 5m", &range, show, |text| {
            humantime::parse_duration(text).ok()
        });
        read.unwrap_or_else(|| range.into_inner().0)
    }

    /// A number in decimal notation.
    pub fn number<T: FromStr + PartialOrd + Display>(&mut self, s: &Setting, range: RangeInclusive<T>) -> T {
        let read = self.ranged(s, "a number", &range, T::to_string, |text| text.parse().ok());
        read.unwrap_or_else(|| range.into_inner().0)
    }

    /// A size in bytes with an optional binary unit: `5MiB`.
    pub fn bytes(&mut self, s: &Setting, range: RangeInclusive<u64>) -> u64 {
        let read =
            self.ranged(s, "a size such as 512KiB or 5MiB", &range, |bytes| size::show(*bytes), size::parse);
        read.unwrap_or_else(|| range.into_inner().0)
    }

    /// An address and port to listen on. Host names are refused: what they resolve to can change.
    pub fn socket(&mut self, s: &Setting) -> SocketAddr {
        let read =
            self.parsed(s, |text| text.parse().ok(), || "write an address and port such as 0.0.0.0:8080");
        read.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// One of several words.
    pub fn choice<T: Clone>(&mut self, s: &Setting, options: &[(&str, T)]) -> T {
        let of = |text: &str| options.iter().find(|(word, _)| *word == text).map(|(_, value)| value.clone());
        let words = || {
            let words: Vec<_> = options.iter().map(|(word, _)| *word).collect();
            format!("write one of: {}", words.join(", "))
        };
        let read = self.parsed(s, of, words);
        read.unwrap_or_else(|| options.first().expect("a choice is declared with its options").1.clone())
    }

    /// Notes a mistake that only the caller can see, such as two settings that contradict each other.
    pub fn mistake(&mut self, s: &Setting, problem: impl Into<String>, remedy: impl Into<String>) {
        self.mistake_at(s.name, problem.into(), remedy.into());
    }

    /// The value, if no setting was wrong.
    ///
    /// # Errors
    ///
    /// Every mistake of every reading.
    pub fn finish<T>(self, value: T) -> Result<T, ConfigErrors> {
        if self.mistakes.is_empty() { Ok(value) } else { Err(ConfigErrors(self.mistakes)) }
    }

    /// What `--print-config` shows: where the value comes from, and the value itself unless it is secret.
    pub(crate) fn shown(environment: &dyn Environment, s: &Setting) -> String {
        let given = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        match (given(s.name), s.default) {
            (Some(_), _) if s.secret => "(secret)".to_owned(),
            (Some(value), _) => value,
            (None, _) if s.secret && given(&twin(s)).is_some() => format!("(secret, from {})", twin(s)),
            (None, Some(default)) => format!("{default} (default)"),
            (None, None) => "(not set)".to_owned(),
        }
    }

    fn required(&mut self, s: &Setting) -> Option<String> {
        match self.find(s) {
            Found::Value(value) => Some(value),
            Found::Nothing => {
                let remedy = if s.secret { format!("set it or {}", twin(s)) } else { "set it".to_owned() };
                self.mistake(s, "is required and not set", remedy);
                None
            }
            Found::Wrong => None,
        }
    }

    fn find(&mut self, s: &Setting) -> Found {
        let direct = self.environment.get(s.name).filter(|value| !value.is_empty());
        let file =
            if s.secret { self.environment.get(&twin(s)).filter(|path| !path.is_empty()) } else { None };
        match (direct, file) {
            (Some(_), Some(_)) => {
                self.mistake(s, format!("is set, and so is {}", twin(s)), "keep one of the two");
                Found::Wrong
            }
            (Some(value), None) => self.checked(s.name, value),
            (None, Some(path)) => match secret_file::read(Path::new(&path)) {
                Ok(value) => self.checked(&twin(s), value.expose_secret().to_owned()),
                Err(error) => {
                    let remedy = "name a readable file that holds the value";
                    self.mistake_at(&twin(s), error.to_string(), remedy.to_owned());
                    Found::Wrong
                }
            },
            (None, None) => s.default.map_or(Found::Nothing, |default| Found::Value(default.to_owned())),
        }
    }

    fn checked(&mut self, name: &str, value: String) -> Found {
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.mistake_at(name, "is not UTF-8".to_owned(), "write it in UTF-8".to_owned());
            return Found::Wrong;
        }
        Found::Value(value)
    }

    fn parsed<T, R: Into<String>>(
        &mut self,
        s: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
        remedy: impl FnOnce() -> R,
    ) -> Option<T> {
        let text = self.required(s)?;
        let value = parse(&text);
        if value.is_none() {
            // A secret is only named; anything else is quoted, so that its owner finds it.
            let problem =
                if s.secret { "cannot be read".to_owned() } else { format!("{text:?} cannot be read") };
            self.mistake(s, problem, remedy());
        }
        value
    }

    fn ranged<T: PartialOrd>(
        &mut self,
        s: &Setting,
        kind: &str,
        range: &RangeInclusive<T>,
        show: impl Fn(&T) -> String,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let bounds = || format!("between {} and {}", show(range.start()), show(range.end()));
        let value = self.parsed(s, parse, || format!("write {kind} {}", bounds()))?;
        if range.contains(&value) {
            return Some(value);
        }
        self.mistake(s, format!("{} is out of range", show(&value)), format!("write {kind} {}", bounds()));
        None
    }

    fn unusable(&mut self, s: &Setting, error: &dyn Display) {
        self.mistake(s, format!("cannot be used ({error})"), format!("what it is: {}", s.help));
    }

    fn mistake_at(&mut self, name: &str, problem: String, remedy: String) {
        self.mistakes.push(Mistake { name: name.to_owned(), problem, remedy });
    }
}

fn twin(s: &Setting) -> String {
    format!("{}_FILE", s.name)
}

#[cfg(test)]
mod tests;
