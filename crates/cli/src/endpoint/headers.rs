//! Headers that an endpoint wants beside ours, as they are typed or stand in a file. Values are credentials until proven
//! otherwise: never shown, never repeated in an error, sealed before they are stored.

use crate::args::HeaderText;
use crate::failure::Failure;
use crate::output::plain;
use dispatcher::headers::{COUNT_MAX, check};
use secrecy::{ExposeSecret as _, SecretString};
use service::config::secret_file;
use std::path::Path;
use store::sealed::{self, SecretKey};

/// A header that may be sent.
#[derive(Debug)]
pub(crate) struct Header {
    /// Lower case.
    pub name: String,
    pub value: SecretString,
}

/// Reads what was given, in the order given.
pub(super) fn read(given: &[HeaderText]) -> Result<Vec<Header>, Failure> {
    let mut headers: Vec<Header> = Vec::new();
    for (position, given) in given.iter().enumerate() {
        let text = given.expose_secret();
        match text.strip_prefix('@') {
            None => push(&mut headers, &format!("header {}", position + 1), text)?,
            Some(path) => {
                let file = secret_file::read(Path::new(path)).map_err(|error| {
                    Failure::usage(format!("--header cannot be used: {path} {error}"))
                        .next("name a readable file with a line `Name: value` for each header")
                })?;
                for (line, text) in file.expose_secret().lines().enumerate() {
                    if !text.trim().is_empty() {
                        push(&mut headers, &format!("line {} of {path}", line + 1), text)?;
                    }
                }
            }
        }
    }
    Ok(headers)
}

fn push(headers: &mut Vec<Header>, place: &str, text: &str) -> Result<(), Failure> {
    let refused = |why: String| Failure::usage(format!("{place} cannot be used: {why}"));
    let Some((name, value)) = text.split_once(':') else {
        return Err(refused("there is no colon in it".to_owned()).next("write `Name: value`"));
    };
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    check(&name, value).map_err(|why| refused(format!("`{}`: {why}", plain(&name))))?;
    if headers.iter().any(|known| known.name == name) {
        return Err(refused(format!("`{}` was given before", plain(&name))).next("give each name once"));
    }
    if headers.len() == COUNT_MAX {
        return Err(refused(format!("an endpoint has {COUNT_MAX} headers at most")));
    }
    headers.push(Header { name, value: SecretString::from(value) });
    Ok(())
}

/// As the database keeps them.
pub(super) fn sealed(headers: &[Header], key: &SecretKey, endpoint_id: i32) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|header| (header.name.clone(), sealed::seal(key, endpoint_id, &header.value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[&str]) -> Result<Vec<String>, Failure> {
        let given: Vec<_> = given.iter().map(|text| SecretString::from(*text)).collect();
        Ok(read(&given)?.into_iter().map(|header| header.name).collect())
    }

    #[test]
    fn names_become_lower_case_and_values_may_hold_colons() {
        let headers = read(&[SecretString::from("Authorization:  Basic a:b ")]).unwrap();
        assert_eq!(headers[0].name, "authorization");
        assert_eq!(headers[0].value.expose_secret(), "Basic a:b");
    }

    #[test]
    fn what_is_ours_or_the_transports_is_refused() {
        for bad in [
            "webhook-id: x",
            "Webhook-Signature: x",
            "Host: example.org",
            "Content-Length: 3",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "no colon",
            ": empty",
            "two words: x",
            "x: line\nbreak",
        ] {
            assert_eq!(names(&[bad]).unwrap_err().code, 2, "{bad}");
        }
    }

    #[test]
    fn a_name_stands_once_and_there_are_not_too_many() {
        assert_eq!(names(&["X-A: 1", "x-a: 2"]).unwrap_err().code, 2);
        let many: Vec<String> = (0..=COUNT_MAX).map(|number| format!("x-{number}: 1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(names(&many[1..]).unwrap().len(), COUNT_MAX);
        assert_eq!(names(&many).unwrap_err().code, 2);
    }

    #[test]
    fn a_file_holds_a_line_for_each_and_errors_name_the_line_but_not_its_value() {
        let path = std::env::temp_dir().join(format!("sendstate-headers-{}", std::process::id()));
        let given = format!("@{}", path.display());
        std::fs::write(&path, "X-A: 1\r\n\nx-b: hidden\n").unwrap();
        let read = names(&[&given]);
        std::fs::write(&path, "x-a: 1\nhost: hidden\n").unwrap();
        let failure = names(&[&given]).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap(), ["x-a", "x-b"]);
        assert!(failure.to_string().contains("line 2 of"), "{failure}");
        assert!(!failure.to_string().contains("hidden"), "{failure}");
        assert!(names(&[&given]).unwrap_err().to_string().contains("sendstate-headers"));
    }
}
