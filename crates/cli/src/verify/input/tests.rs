use super::*;
use crate::generate::sign;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningKey};

const BODY: &str = "[{\"a\":\"it's \\\"x\\\" & $y é\"},\r\n{}]\r\n";

fn saved(text: impl AsRef<[u8]>) -> Result<Saved, Unreadable> {
    let text = text.as_ref();
    if http::is_request(text) { http::request(text) } else { requested(text) }
}

#[track_caller]
fn body(text: impl AsRef<[u8]>) -> String {
    String::from_utf8(saved(text).unwrap().body).unwrap()
}

/// A file in the temporary directory, gone when dropped.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("sendstate-verify-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn every_way_to_quote_a_body_is_read() {
    let expected = "[\"it's\"]\r\n";
    for command in [
        r#"curl 'https://x/' -H 'A: b' --data-raw $'["it\'s"]\r\n'"#,
        r#"curl https://x/ --data-binary $'[\x22it\u0027s\42]\015\012'"#,
        "curl https://x/ --data-binary '[\"it'\\''s\"]\r\n'",
        "$ curl https://x/ \\\n  -X POST \\\r\n  -d \"[\\\"it's\\\"]\r\n\"",
        "URL=x; A=1 /usr/bin/curl.exe -sS -XPOST -o /dev/null -w '%{http_code}' -d'[\"it'\\''s\"]\r\n' $URL # done",
        "curl -d '[\"it'\"'\"'s\"]\r\n' --compressed --insecure x",
    ] {
        assert_eq!(body(command), expected, "{command}");
    }
}

#[test]
fn headers_of_a_command_are_its_h_flags_and_files_of_them() {
    let file = Scratch::new("headers", b"X-One: 1\nX-Two:2\nX-Not-Sent:\n");
    let flags = "-HA:b --header 'C:  d ' -H 'Empty;' -H 'Not-Sent:' -H 'E: f;' --oauth2-bearer t";
    let command = format!("curl {flags} -H @{} -d x u", file.path());
    let expected = [
        ("A", "b"),
        ("C", "d"),
        ("Empty", ""),
        ("E", "f;"),
        ("Authorization", "Bearer t"),
        ("X-One", "1"),
        ("X-Two", "2"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(saved(command).unwrap().headers, expected);
}

#[test]
fn files_and_pipes_give_a_body_as_curl_would_send_it() {
    let file = Scratch::new("body", BODY.as_bytes());
    let path = file.path();
    assert_eq!(body(format!("curl --data-binary @{path} u")), BODY);
    assert_eq!(body(format!("curl -T {path} u")), BODY);
    assert_eq!(body(format!("cat {path} | curl --data-binary @- u")), BODY);
    assert_eq!(body(format!("curl -d @{path} u")), BODY.replace("\r\n", ""), "-d leaves line breaks out");
    assert_eq!(body(format!("curl --data-raw @{path} u")), format!("@{path}"));
    assert_eq!(body("printf '[]\\r\\n' | curl --data-binary @- u"), "[]\r\n");
    assert_eq!(body("echo -n '[]' | curl -d @- u"), "[]");
    assert_eq!(body("echo '[]' | curl --data-binary @- u"), "[]\n");
    assert_eq!(body("echo -e '[]\\r' | curl --data-binary @- u"), "[]\r\n");
    assert_eq!(body("curl -d a -d b u"), "a&b");
}

#[test]
fn what_generate_prints_is_read_back() {
    let key = SigningKey::generate();
    let post = sign(BODY, &key, Some(1_700_000_000));
    let read = saved(crate::generate::command(&post)).unwrap();
    assert_eq!(read.body, BODY.as_bytes());
    assert_eq!(read.values(|name| name == HEADER_TIMESTAMP), ["1700000000"]);
    assert_eq!(read.values(|name| name == HEADER_SIGNATURE), [post.signature.as_str()]);
}

#[test]
fn what_cannot_be_known_is_refused_and_not_guessed() {
    for (text, why) in [
        ("", "neither a curl command nor"),
        ("wget x", "neither a curl command nor"),
        ("curl x", "sends no body"),
        ("curl -d", "ends after -d"),
        ("curl --data-binary @- x", "sends standard input, which is not in it"),
        ("jq . x | curl --data-binary @- x", "runs `jq`"),
        ("curl -d @/nowhere/body x", "/nowhere/body"),
        ("curl -F a=b x", "-F, which is not understood"),
        ("curl --data-urlencode a=b x", "--data-urlencode, which is not understood"),
        ("curl -G -d a x", "-G, which is not understood"),
        ("curl -d 'open x", "never closed"),
        ("curl -d \"open x", "never closed"),
        ("curl -d $'open\\' x", "never closed"),
        ("curl --data-binary @- x <<EOF\n[]\nEOF", "here-document"),
        ("curl -d a x\ncurl -d b x", "more than one curl command"),
        ("printf '%d' 5 | curl -d @- x", "printf that is not understood"),
        ("POST /x HTTP/1.1\r\nA: b\r\n", "no empty line"),
        ("POST /x HTTP/1.1\r\nno header\r\n\r\n", "`no header`, which is no header"),
    ] {
        let refusal = saved(text).unwrap_err();
        assert!(refusal.contains(why), "{text}: {refusal}");
    }
}

#[test]
fn a_request_from_the_wire_is_read_by_its_length_and_framing() {
    let head = "POST /webhooks/sendgrid/x HTTP/1.1\r\nHost: y\r\n";
    assert_eq!(body(format!("{head}\r\n{BODY}")), BODY);
    assert_eq!(body(format!("{head}Content-Length: {}\r\n\r\n{BODY}\nmore", BODY.len())), BODY);
    assert_eq!(body(format!("{head}Content-Length: 9999\r\n\r\n{BODY}")), BODY);
    assert_eq!(body(format!("{}\n{BODY}", head.replace('\r', ""))), BODY, "saved by an editor");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n[]\r\n2\r\n\r\n\r\n0\r\n\r\n");
    assert_eq!(body(chunked), "[]\r\n");
    assert_eq!(saved(format!("{head}\r\n")).unwrap().headers, [("Host".to_owned(), "y".to_owned())]);
}

#[test]
fn too_many_headers_are_refused() {
    let lines = "A: b\n".repeat(1_001);
    assert!(http::headers(lines.as_bytes()).unwrap_err().contains("1000"));
    assert_eq!(http::headers(b"HTTP/1.1 204 No Content\nA: b\n\n").unwrap().len(), 1);
}
