//! A process's own flags. It has no arguments: whatever it does is a setting.
//!
//! Answers go to stdout, complaints to stderr. Nothing is connected to or listened on before the configuration has
//! been read whole.

use crate::config::{Environment, ProcessEnvironment, Reader, Shared};
use crate::{Program, exit};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Columns of a setting's explanation, beside six of indentation.
const HELP_COLUMNS: usize = 94;

/// What `main` should do.
pub enum Start<T> {
    /// Run with these settings.
    Run(Shared, T),
    /// Everything has been said; leave with this code.
    Exit(ExitCode),
}

/// What the flags ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Run,
    Help,
    Version,
    CheckConfig,
    PrintConfig,
}

/// Reads this process's flags and settings. `read` takes the process's own settings.
pub fn start<T>(program: &Program, read: impl FnOnce(&mut Reader<'_>) -> T) -> Start<T> {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    match decide(program, &args, &ProcessEnvironment, &mut io::stdout(), &mut io::stderr(), read) {
        Ok((shared, own)) => Start::Run(shared, own),
        Err(code) => Start::Exit(ExitCode::from(code)),
    }
}

fn decide<T>(
    program: &Program,
    args: &[OsString],
    environment: &dyn Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> Result<(Shared, T), u8> {
    let Some(flag) = flag(args) else {
        let given: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        say(err, &format!("{}: unknown arguments: {}\nTry --help.\n", program.name, given.join(" ")));
        return Err(exit::USAGE);
    };
    match flag {
        Flag::Help => say(out, &help(program)),
        Flag::Version => say(out, &format!("{} {}\n", program.name, program.version)),
        Flag::PrintConfig => say(out, &configuration(program, environment)),
        Flag::Run | Flag::CheckConfig => {}
    }
    if matches!(flag, Flag::Help | Flag::Version) {
        return Err(exit::OK);
    }
    let mut reader = Reader::new(environment);
    let own = read(&mut reader);
    let shared = Shared::read(&mut reader);
    match reader.finish((shared, own)) {
        Ok(settings) if flag == Flag::Run => Ok(settings),
        Ok(_) => {
            if flag == Flag::CheckConfig {
                say(out, "configuration ok\n");
            }
            Err(exit::OK)
        }
        Err(mistakes) => {
            say(err, &format!("{}: the configuration is wrong\n{mistakes}\n", program.name));
            Err(exit::CONFIGURATION)
        }
    }
}

fn flag(args: &[OsString]) -> Option<Flag> {
    match args {
        [] => Some(Flag::Run),
        [one] => match one.to_str()? {
            "--help" | "-h" => Some(Flag::Help),
            "--version" | "-V" => Some(Flag::Version),
            "--check-config" => Some(Flag::CheckConfig),
            "--print-config" => Some(Flag::PrintConfig),
            _ => None,
        },
        _ => None,
    }
}

fn help(program: &Program) -> String {
    let mut text = format!(
        "{} {}\n{}\n\nUsage: {0} [FLAG]\n\n\
         Flags:\n\
         \x20 -h, --help          this text\n\
         \x20 -V, --version       name and version\n\
         \x20     --check-config  reads every setting, reports every mistake, and leaves\n\
         \x20     --print-config  shows every setting without the secrets, and leaves\n\n\
         Settings (environment; an empty value counts as absent; a secret can be in the file named by NAME_FILE):\n",
        program.name, program.version, program.about
    );
    for setting in program.settings() {
        let kind = match (setting.default, setting.secret) {
            (Some(default), _) => format!(" [default: {default}]"),
            (None, true) => " [secret]".to_owned(),
            (None, false) => String::new(),
        };
        text.push_str(&format!("\n  {}{kind}\n{}", setting.name, wrapped(setting.help)));
    }
    text
}

/// A paragraph in lines that fit a terminal.
fn wrapped(paragraph: &str) -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for word in paragraph.split_whitespace() {
        if !line.is_empty() && line.len() + 1 + word.len() > HELP_COLUMNS {
            text.push_str(&format!("      {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text + &format!("      {line}\n")
}

fn configuration(program: &Program, environment: &dyn Environment) -> String {
    program
        .settings()
        .map(|setting| format!("{}={}\n", setting.name, Reader::shown(environment, setting)))
        .collect()
}

/// Whoever asked may be gone already (`--help | head`); there is nobody left to tell.
fn say(to: &mut dyn Write, text: &str) {
    drop(to.write_all(text.as_bytes()).and_then(|()| to.flush()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;
    use std::collections::BTreeMap;

    const KEY: Setting = Setting { name: "KEY", default: None, secret: true, help: "What unlocks it." };
    const SIZE: Setting = Setting { name: "SIZE", default: Some("5MiB"), secret: false, help: "How large." };
    const PROGRAM: Program =
        Program { name: "sendstate-probe", version: "1.2.3", about: "Probes.", settings: &[KEY, SIZE] };

    /// The exit code (absent: run), and what was said on stdout and stderr.
    fn outcome(args: &[&str], environment: &BTreeMap<&str, &str>) -> (Option<u8>, String, String) {
        let args: Vec<_> = args.iter().map(OsString::from).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let decided = decide(&PROGRAM, &args, environment, &mut out, &mut err, |reader| {
            reader.secret(&KEY);
            reader.bytes(&SIZE, 1..=1 << 30)
        });
        (decided.err(), String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn help_names_every_setting_with_its_default_and_reason() {
        let (code, out, _) = outcome(&["--help"], &BTreeMap::new());
        assert_eq!(code, Some(exit::OK));
        for expected in
            ["KEY [secret]", "SIZE [default: 5MiB]", "How large.", "SENDSTATE_LOG_FORMAT", "--check-config"]
        {
            assert!(out.contains(expected), "{expected} is missing in:\n{out}");
        }
    }

    #[test]
    fn long_explanations_are_wrapped_between_words() {
        let text = wrapped(&"word ".repeat(100));
        assert!(text.lines().all(|line| line.len() <= HELP_COLUMNS + 6 && line.ends_with("word")));
        assert_eq!(text.split_whitespace().count(), 100);
    }

    #[test]
    fn version_is_name_and_number() {
        let (code, out, _) = outcome(&["--version"], &BTreeMap::new());
        assert_eq!((code, out.as_str()), (Some(exit::OK), "sendstate-probe 1.2.3\n"));
    }

    #[test]
    fn unknown_flags_and_arguments_are_a_usage_error() {
        for args in [&["--verbose"][..], &["run"], &["--help", "--version"]] {
            assert_eq!(outcome(args, &BTreeMap::new()).0, Some(exit::USAGE), "{args:?}");
        }
    }

    #[test]
    fn wrong_settings_are_listed_on_stderr_with_code_64_whatever_was_asked() {
        for args in [&[][..], &["--check-config"], &["--print-config"]] {
            let (code, _, err) =
                outcome(args, &BTreeMap::from([("SIZE", "big"), ("SENDSTATE_DRAIN_TIMEOUT", "0s")]));
            assert_eq!(code, Some(exit::CONFIGURATION));
            assert!(
                err.contains("KEY: ") && err.contains("SIZE: ") && err.contains("SENDSTATE_DRAIN_TIMEOUT: "),
                "{err}"
            );
        }
    }

    #[test]
    fn a_right_configuration_runs_or_is_said_to_be_ok() {
        let environment = BTreeMap::from([("KEY", "hush")]);
        assert_eq!(outcome(&[], &environment).0, None);
        let (code, out, _) = outcome(&["--check-config"], &environment);
        assert_eq!((code, out.as_str()), (Some(exit::OK), "configuration ok\n"));
    }

    #[test]
    fn the_printed_configuration_says_where_values_come_from_and_hides_secrets() {
        let (code, out, _) =
            outcome(&["--print-config"], &BTreeMap::from([("KEY", "hush"), ("SIZE", "1KiB")]));
        assert_eq!(code, Some(exit::OK));
        assert!(out.starts_with("KEY=(secret)\nSIZE=1KiB\nSENDSTATE_LOG=info (default)\n"), "{out}");
        assert!(!out.contains("hush"));
    }
}
