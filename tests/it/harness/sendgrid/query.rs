//! The language of Email Activity and Email Logs, as far as conditions joined by `AND` go. What is not understood is
//! refused, never ignored.

use super::routes::Reply;
use jiff::Timestamp;
use std::cmp::Ordering;

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Text(String),
    Time(Timestamp),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Compare(&'static str, Operand),
    Between(Operand, Operand),
    In(Vec<Operand>),
    Like(String),
}

/// Conditions that must all hold.
#[derive(Clone, Debug)]
pub(super) struct Query(Vec<(String, Test)>);

const COMPARISONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

impl Query {
    /// Reads it; only these fields exist.
    pub(super) fn parse(text: &str, fields: &[&str]) -> Result<Self, Reply> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let mut tests = Vec::new();
        loop {
            let field = word(tokens.next())?;
            if !fields.contains(&field.as_str()) {
                return Err(Reply::bad(format!("invalid syntax: '{field}' is not a known field")));
            }
            tests.push((field, test(&mut tokens)?));
            match tokens.next() {
                None => return Ok(Self(tests)),
                Some(Token::Word(and)) if and.eq_ignore_ascii_case("and") => {}
                Some(_) => return Err(syntax()),
            }
        }
    }

    /// Whether a row is meant whose fields are given by name. A field that the row does not have matches nothing.
    pub(super) fn matches(&self, row: impl Fn(&str) -> Option<Operand>) -> bool {
        self.0.iter().all(|(field, test)| row(field).is_some_and(|value| test.holds(&value)))
    }
}

impl Test {
    fn holds(&self, value: &Operand) -> bool {
        match self {
            Self::Compare(operator, operand) => {
                let ordering = value.order(operand);
                match *operator {
                    "=" => ordering == Some(Ordering::Equal),
                    "!=" => ordering.is_some_and(Ordering::is_ne),
                    "<" => ordering.is_some_and(Ordering::is_lt),
                    "<=" => ordering.is_some_and(Ordering::is_le),
                    ">" => ordering.is_some_and(Ordering::is_gt),
                    _ => ordering.is_some_and(Ordering::is_ge),
                }
            }
            Self::Between(first, last) => {
                value.order(first).is_some_and(Ordering::is_ge)
                    && value.order(last).is_some_and(Ordering::is_le)
            }
            Self::In(operands) => operands.iter().any(|one| value.order(one) == Some(Ordering::Equal)),
            Self::Like(pattern) => {
                matches!(value, Operand::Text(text) if like(text.as_bytes(), pattern.as_bytes()))
            }
        }
    }
}

impl Operand {
    /// Texts do not compare with times.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// `%` stands for anything, `_` for one character.
fn like(text: &[u8], pattern: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'%', rest)) => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        Some((b'_', rest)) => text.split_first().is_some_and(|(_, text)| like(text, rest)),
        Some((byte, rest)) => {
            text.split_first().is_some_and(|(first, text)| first == byte && like(text, rest))
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(String),
}

fn syntax() -> Reply {
    Reply::bad("invalid syntax")
}

fn tokens(text: &str) -> Result<Vec<Token>, Reply> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (token, after) = match first {
            '"' | '\'' => {
                let (quoted, after) =
                    rest.strip_prefix(first).and_then(|rest| rest.split_once(first)).ok_or_else(syntax)?;
                (Token::Quoted(quoted.to_owned()), after)
            }
            '<' | '>' | '!' | '=' => {
                let (sign, after) = rest.split_at(rest.find(|c| !"<>!=".contains(c)).unwrap_or(rest.len()));
                (Token::Sign(sign.to_owned()), after)
            }
            '(' | ')' | ',' => {
                let (sign, after) = rest.split_at(1);
                (Token::Sign(sign.to_owned()), after)
            }
            _ if is_part(first) => {
                let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
                (Token::Word(word.to_owned()), after)
            }
            _ => return Err(syntax()),
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn word(token: Option<Token>) -> Result<String, Reply> {
    match token {
        Some(Token::Word(word)) => Ok(word),
        _ => Err(syntax()),
    }
}

fn test(tokens: &mut impl Iterator<Item = Token>) -> Result<Test, Reply> {
    match tokens.next() {
        Some(Token::Sign(sign)) => {
            let operator = COMPARISONS.into_iter().find(|operator| *operator == sign).ok_or_else(syntax)?;
            Ok(Test::Compare(operator, operand(tokens)?))
        }
        Some(Token::Word(operator)) => match operator.to_ascii_lowercase().as_str() {
            "between" => {
                let first = operand(tokens)?;
                let and = word(tokens.next())?;
                if !and.eq_ignore_ascii_case("and") {
                    return Err(syntax());
                }
                Ok(Test::Between(first, operand(tokens)?))
            }
            "like" => match operand(tokens)? {
                Operand::Text(pattern) => Ok(Test::Like(pattern)),
                Operand::Time(_) => Err(syntax()),
            },
            "in" => Ok(Test::In(list(tokens)?)),
            _ => Err(syntax()),
        },
        _ => Err(syntax()),
    }
}

fn operand(tokens: &mut impl Iterator<Item = Token>) -> Result<Operand, Reply> {
    match tokens.next() {
        Some(Token::Quoted(text)) => Ok(Operand::Text(text)),
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("timestamp") => match tokens.next() {
            Some(Token::Quoted(text)) => text.parse().map(Operand::Time).map_err(|_| syntax()),
            _ => Err(syntax()),
        },
        _ => Err(syntax()),
    }
}

fn list(tokens: &mut impl Iterator<Item = Token>) -> Result<Vec<Operand>, Reply> {
    let sign = |text: &str| Some(Token::Sign(text.to_owned()));
    if tokens.next() != sign("(") {
        return Err(syntax());
    }
    let mut operands = Vec::new();
    loop {
        operands.push(operand(tokens)?);
        match tokens.next() {
            token if token == sign(",") => {}
            token if token == sign(")") => return Ok(operands),
            _ => return Err(syntax()),
        }
    }
}
