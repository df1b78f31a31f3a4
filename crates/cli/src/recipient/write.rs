//! Writing recipients as they come: a table, one JSON array, or CSV.
//!
//! JSON and CSV hold one page at a time, whatever the number of recipients; a table is kept until it is complete,
//! because its columns are as wide as their widest cell.

use super::document::{Document, Group};
use crate::output::{self, plain};
use comfy_table::Table;
use std::io::{self, Write};

/// Columns of a table and of CSV.
const COLUMNS: [&str; 6] = ["source", "address", "standing", "since", "reason", "groups"];

/// How recipients are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Json,
    Csv,
}

/// Writes to `W`, which is best buffered.
pub(super) enum Writer<W: Write> {
    Table(Box<Table>, W),
    /// Whether one was written before.
    Json(bool, W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(form: Form, mut out: W) -> io::Result<Self> {
        Ok(match form {
            Form::Table => Self::Table(Box::new(output::table(&COLUMNS)), out),
            Form::Json => {
                out.write_all(b"[")?;
                Self::Json(false, out)
            }
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(COLUMNS).map_err(as_io)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    pub(super) fn write(&mut self, recipient: &Document<'_>) -> io::Result<()> {
        match self {
            Self::Table(table, _) => {
                table.add_row([
                    recipient.source.unwrap_or("-").to_owned(),
                    plain(recipient.address),
                    recipient.standing.to_owned(),
                    recipient.since.clone().unwrap_or_else(|| "-".to_owned()),
                    recipient.reason.map_or_else(|| "-".to_owned(), plain),
                    groups(&recipient.groups),
                ]);
                Ok(())
            }
            Self::Json(others, out) => {
                if std::mem::replace(others, true) {
                    out.write_all(b",\n")?;
                }
                Ok(serde_json::to_writer(out, recipient)?)
            }
            Self::Csv(writer) => writer
                .write_record([
                    recipient.source.unwrap_or_default(),
                    &plain(recipient.address),
                    recipient.standing,
                    recipient.since.as_deref().unwrap_or_default(),
                    &harmless(&plain(recipient.reason.unwrap_or_default())),
                    &groups(&recipient.groups),
                ])
                .map_err(as_io),
        }
    }

    /// Hands what is buffered to the reader.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Table(..) => Ok(()),
            Self::Json(_, out) => out.flush(),
            Self::Csv(writer) => writer.flush(),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        match &mut self {
            Self::Table(table, out) => {
                writeln!(out, "{}", table.trim_fmt().trim_end())?;
                return out.flush();
            }
            Self::Json(_, out) => out.write_all(b"]\n")?,
            Self::Csv(_) => {}
        }
        self.flush()
    }
}

/// The error below, whose kind tells a reader that has left.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// `id:standing`, separated by spaces.
fn groups(groups: &[Group]) -> String {
    let one = |group: &Group| format!("{}:{}", group.id, group.standing);
    groups.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Printable text of a remote server, so that no spreadsheet takes it for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient<'a>(address: &'a str, reason: Option<&'a str>) -> Document<'a> {
        let group = |id, standing| Group { id, standing, since: "2023-11-14T22:13:20Z".to_owned() };
        Document {
            source: Some("newsletter"),
            address,
            standing: "bounced",
            since: Some("2023-11-14T22:13:20Z".to_owned()),
            reason,
            groups: vec![group(10, "unsubscribed"), group(11, "ok")],
        }
    }

    fn written(form: Form, recipients: &[Document<'_>]) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::begin(form, &mut out).unwrap();
        for recipient in recipients {
            writer.write(recipient).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_has_a_header_and_a_line_for_each() {
        let nothing = Document {
            source: None,
            standing: "ok",
            since: None,
            groups: Vec::new(),
            ..recipient("b@example.com", None)
        };
        assert_eq!(
            written(Form::Csv, &[recipient("a@example.com", Some("550 no \"such\" user, sorry")), nothing]),
            "source,address,standing,since,reason,groups\n\
             newsletter,a@example.com,bounced,2023-11-14T22:13:20Z,\"550 no \"\"such\"\" user, sorry\",10:unsubscribed 11:ok\n\
             ,b@example.com,ok,,,\n"
        );
    }

    #[test]
    fn no_reason_is_a_formula_and_every_address_stays_as_it_is() {
        for (reason, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            // What is no printable character is replaced, so nothing is left to begin with.
            ("\t=1", "\u{FFFD}=1"),
            ("\r=1", "\u{FFFD}=1"),
            ("550 \u{1b}]0;x\u{7}", "550 \u{FFFD}]0;x\u{FFFD}"),
            ("550 =1", "550 =1"),
        ] {
            let csv = written(Form::Csv, &[recipient("+a@example.com", Some(reason))]);
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!((&record[1], &record[4]), ("+a@example.com", expected));
        }
    }

    #[test]
    fn json_is_one_document_whatever_the_number() {
        let (one, other) = (recipient("a@example.com", None), recipient("b@example.com", Some("\u{1b}")));
        for (recipients, addresses) in
            [(vec![], vec![]), (vec![one, other], vec!["a@example.com", "b@example.com"])]
        {
            let json: serde_json::Value = serde_json::from_str(&written(Form::Json, &recipients)).unwrap();
            let read: Vec<_> =
                json.as_array().unwrap().iter().map(|one| one["address"].as_str().unwrap()).collect();
            assert_eq!(read, addresses);
        }
    }

    /// A pipe whose reader has left.
    struct Left;

    impl Write for Left {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_left_is_known_as_such_in_every_form() {
        for form in [Form::Table, Form::Json, Form::Csv] {
            let all = |left| {
                let mut writer = Writer::begin(form, left)?;
                writer.write(&recipient("a@example.com", None))?;
                writer.flush()?;
                writer.finish()
            };
            assert_eq!(all(Left).unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{form:?}");
        }
    }

    #[test]
    fn a_table_shows_no_commands_to_the_terminal() {
        let table = written(Form::Table, &[recipient("a\u{1b}[2J@example.com", Some("no\nway"))]);
        assert!(!table.contains('\u{1b}') && !table.contains("no\nway"), "{table}");
    }
}
