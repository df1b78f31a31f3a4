//! What a curl command sends: its headers and its body. Also where the body comes through a pipe, as `generate --curl`
//! writes it. Flags that change neither are passed over.

use super::super::saved::Saved;
use super::Unreadable;
use super::http::{header, headers};
use super::shell::{Words, unescaped};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Reads a file that the command names.
type Open<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, Unreadable>;

/// Short flags that take a value, which may stand in the same word.
const SHORT_WITH_VALUE: &[u8] = b"AbcCDeEFHKmoPQrtTuUwXxyYzdh";

/// The commoner long flags that take a value and say nothing of headers or body.
const LONG_WITH_VALUE: [&str; 16] = [
    "--request",
    "--output",
    "--write-out",
    "--user",
    "--user-agent",
    "--referer",
    "--cookie",
    "--url",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--cacert",
    "--cert",
    "--key",
    "--proxy",
    "--resolve",
];

/// What the flags say, as far as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Header,
    /// The token of an `Authorization` header.
    Bearer,
    /// A file's line breaks are left out.
    Data,
    /// A file is taken as it is.
    DataBinary,
    /// An @ means itself.
    DataRaw,
    Upload,
    Other,
}

/// A flag that takes a value, and the value if it is in the same word.
type Given = (Flag, Option<Vec<u8>>);

/// The one request that these commands make.
pub(super) fn request(pipelines: &[Vec<Words>], open: Open<'_>) -> Result<Saved, Unreadable> {
    let is_curl = |words: &Words| arguments(words).is_some_and(|(program, _)| program == "curl");
    let mut requests = pipelines.iter().filter(|commands| commands.iter().any(is_curl));
    let (Some(commands), another) = (requests.next(), requests.next()) else {
        return Err("is neither a curl command nor an HTTP/1.1 request".to_owned());
    };
    if another.is_some() {
        return Err("holds more than one curl command".to_owned());
    }
    let mut input = None;
    for words in commands {
        let Some((program, arguments)) = arguments(words) else { continue };
        match program.as_str() {
            "curl" => return sent(arguments, input, open),
            "printf" => input = Some(printf(arguments)?),
            "echo" => input = Some(echo(arguments)),
            "base64" => input = Some(base64(arguments, input)?),
            "cat" => input = Some(open(&text(arguments.first().ok_or("has a `cat` without a file")?)?)?),
            other => return Err(format!("runs `{other}`, which is not understood")),
        }
    }
    Err("has no curl command".to_owned())
}

/// Program and arguments, past a prompt and settings.
fn arguments(words: &Words) -> Option<(String, &[Vec<u8>])> {
    let setting = |word: &[u8]| {
        let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
        name.len() < word.len() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let skipped = words.iter().take_while(|word| *word == b"$" || setting(word)).count();
    let (program, arguments) = words.get(skipped..)?.split_first()?;
    let program = String::from_utf8_lossy(program);
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    Some((name.strip_suffix(".exe").unwrap_or(name).to_owned(), arguments))
}

fn sent(arguments: &[Vec<u8>], input: Option<Vec<u8>>, open: Open<'_>) -> Result<Saved, Unreadable> {
    let (mut saved, mut data, mut words) = (Saved::default(), None, arguments.iter());
    while let Some(word) = words.next() {
        let Some((flag, within)) = flag(word)? else { continue };
        let value = match within {
            Some(value) => value,
            None => {
                words.next().ok_or_else(|| format!("ends after {}", String::from_utf8_lossy(word)))?.clone()
            }
        };
        let file = |path: &[u8]| match path {
            b"-" => input.clone().ok_or_else(|| "sends standard input, which is not in it".to_owned()),
            path => open(&text(path)?),
        };
        match (flag, value.strip_prefix(b"@")) {
            (Flag::Other, _) => {}
            (Flag::Header, Some(path)) => {
                let sent = |(_, value): &(String, String)| !value.is_empty();
                saved.headers.extend(headers(&file(path)?)?.into_iter().filter(sent));
            }
            (Flag::Header, None) => saved.headers.extend(given(&String::from_utf8_lossy(&value))),
            (Flag::Bearer, _) => {
                let token = format!("Bearer {}", String::from_utf8_lossy(&value));
                saved.headers.push(("Authorization".to_owned(), token));
            }
            (Flag::Data, Some(path)) => {
                let left_out = |byte: &u8| !b"\r\n\0".contains(byte);
                append(&mut data, &file(path)?.into_iter().filter(left_out).collect::<Vec<_>>());
            }
            (Flag::DataBinary, Some(path)) => append(&mut data, &file(path)?),
            (Flag::Upload, _) => data = Some(file(&value)?),
            (Flag::Data | Flag::DataBinary | Flag::DataRaw, _) => append(&mut data, &value),
        }
    }
    saved.body = data.ok_or("sends no body: there is no --data-binary in it")?;
    Ok(saved)
}

/// What -H sends: of `Name;` an empty header, of `Name:` none.
fn given(text: &str) -> Option<(String, String)> {
    match text.trim_end().strip_suffix(';').filter(|name| !name.contains(':')) {
        Some(name) => header(&format!("{name}:")),
        None => header(text).filter(|(_, value)| !value.is_empty()),
    }
}

/// Several pieces of data are joined by `&`.
fn append(data: &mut Option<Vec<u8>>, more: &[u8]) {
    match data {
        Some(data) => {
            data.push(b'&');
            data.extend_from_slice(more);
        }
        None => *data = Some(more.to_vec()),
    }
}

/// `None`: no flag, or one without a value.
fn flag(word: &[u8]) -> Result<Option<Given>, Unreadable> {
    if word.starts_with(b"--") {
        let name = String::from_utf8_lossy(word);
        return Ok(Some(match name.as_ref() {
            "--header" => (Flag::Header, None),
            "--oauth2-bearer" => (Flag::Bearer, None),
            "--data" | "--data-ascii" => (Flag::Data, None),
            "--data-binary" | "--json" => (Flag::DataBinary, None),
            "--data-raw" => (Flag::DataRaw, None),
            "--upload-file" => (Flag::Upload, None),
            "--data-urlencode" | "--form" | "--form-string" | "--get" | "--config" => {
                return Err(format!("has {name}, which is not understood"));
            }
            name if LONG_WITH_VALUE.contains(&name) => (Flag::Other, None),
            _ => return Ok(None),
        }));
    }
    let Some(letters) = word.strip_prefix(b"-") else { return Ok(None) };
    let Some(at) = letters.iter().position(|letter| SHORT_WITH_VALUE.contains(letter) || *letter == b'G')
    else {
        return Ok(None);
    };
    let (letter, value) = (letters.get(at), letters.get(at + 1..).filter(|value| !value.is_empty()));
    let flag = match letter {
        Some(b'H') => Flag::Header,
        Some(b'd') => Flag::Data,
        Some(b'T') => Flag::Upload,
        Some(b'F' | b'G' | b'K') => {
            return Err(format!("has {}, which is not understood", String::from_utf8_lossy(word)));
        }
        _ => Flag::Other,
    };
    Ok(Some((flag, value.map(<[u8]>::to_vec))))
}

fn text(word: &[u8]) -> Result<String, Unreadable> {
    String::from_utf8(word.to_vec()).map_err(|_| "names a file by bytes that are not UTF-8".to_owned())
}

/// A format without anything to fill in, or one that fills in a word whole.
fn printf(arguments: &[Vec<u8>]) -> Result<Vec<u8>, Unreadable> {
    match arguments {
        [format, word] if format == b"%s" => Ok(word.clone()),
        [format, word] if format == b"%b" => Ok(unescaped(word)),
        [format] if !format.contains(&b'%') => Ok(unescaped(format)),
        _ => Err("has a printf that is not understood".to_owned()),
    }
}

fn echo(arguments: &[Vec<u8>]) -> Vec<u8> {
    let flags = arguments
        .iter()
        .take_while(|word| matches!(word.as_slice(), b"-n" | b"-e" | b"-ne" | b"-en"))
        .count();
    let (flags, words) = arguments.split_at(flags);
    let given = |letter| flags.iter().any(|flag| flag.contains(&letter));
    let mut line = words.join(b" ".as_slice());
    if given(b'e') {
        line = unescaped(&line);
    }
    if !given(b'n') {
        line.push(b'\n');
    }
    line
}

fn base64(arguments: &[Vec<u8>], input: Option<Vec<u8>>) -> Result<Vec<u8>, Unreadable> {
    let decodes = arguments.iter().any(|word| matches!(word.as_slice(), b"-d" | b"-D" | b"--decode"));
    let input = input.filter(|_| decodes).ok_or("has a base64 that does not decode what comes to it")?;
    let compact: Vec<u8> = input.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(compact).map_err(|_| "decodes what is no base64".to_owned())
}
