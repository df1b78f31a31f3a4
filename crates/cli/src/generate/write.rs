//! POSTs that are not sent: as files for any HTTP client, or as commands for a shell.

use super::Report;
use super::bodies::Bodies;
use crate::args::GenerateArgs;
use crate::failure::Failure;
use crate::output;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;
use traffic::Post;
use wire::signature::SigningKey;

/// Writes `NNNNNN.body` and `NNNNNN.headers` for every POST.
pub(crate) fn files(
    bodies: Bodies,
    key: &SigningKey,
    args: &GenerateArgs,
    directory: &Path,
    report: &mut Report,
) -> Result<(), Failure> {
    let cannot = |path: &Path, error: std::io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(directory).map_err(|error| cannot(directory, error))?;
    for body in bodies {
        let body = body?;
        report.posts += 1;
        report.events += body.events;
        let post = super::sign(body.bytes, key, args.timestamp);
        let path = directory.join(format!("{:06}.body", report.posts));
        std::fs::write(&path, &post.body).map_err(|error| cannot(&path, error))?;
        let headers: String =
            post.headers().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let path = path.with_extension("headers");
        std::fs::write(&path, headers).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}

/// Prints a command for every POST, or collects them for the document.
pub(crate) fn commands(
    bodies: Bodies,
    key: &SigningKey,
    args: &GenerateArgs,
    collect: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    for body in bodies {
        let body = body?;
        report.posts += 1;
        report.events += body.events;
        let command = command(&super::sign(body.bytes, key, args.timestamp));
        if collect {
            report.commands.push(command);
        } else {
            output::line(&command)?;
        }
    }
    Ok(())
}

/// The body goes through base64, because a shell would change the bytes that are signed.
pub(crate) fn command(post: &Post) -> String {
    let headers: String =
        post.headers().iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
    let body = BASE64_STANDARD.encode(&post.body);
    format!(
        "printf %s '{body}' | base64 -d | curl -sS --data-binary @- -o /dev/null -w '%{{http_code}}\\n'{headers} \"$URL\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_holds_nothing_that_a_shell_would_change() {
        let post = Post::sign("[{\"a\":\"'$x`\"}]\r\n", &SigningKey::generate(), 1_600_000_000);
        let command = command(&post);
        assert!(command.ends_with("\"$URL\""));
        assert_eq!(command.matches('`').count(), 0);
        // printf's two, the format's two, and two for each header.
        assert_eq!(command.matches('\'').count(), 4 + 2 * post.headers().len());
    }
}
