//! Stepping down from root: PostgreSQL refuses to run as root, and a directory below root's home is out of its reach.

use anyhow::{Context, Result};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Someone to run a server as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// Whom to step down to: nobody in particular unless we are root, else `postgres`, else `nobody`.
    ///
    /// # Errors
    /// When we are root and `/etc/passwd` has neither.
    pub fn to_step_down_to() -> Result<Option<Self>> {
        if !rustix::process::getuid().is_root() {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let user = Self::named("postgres", &passwd).or_else(|| Self::named("nobody", &passwd));
        user.map(Some).context(
            "PostgreSQL refuses to run as root and /etc/passwd has neither `postgres` nor `nobody`: \
             add one of them or run this as an ordinary user",
        )
    }

    fn named(name: &str, passwd: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then_some(())?;
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0).then(|| Self { name: name.to_owned(), uid, gid })
        })
    }

    /// Whether every directory on the way lets this user through. Looks at permission bits, not at access lists.
    #[must_use]
    pub fn reaches(&self, path: &Path) -> bool {
        path.ancestors().all(|directory| {
            std::fs::metadata(directory).is_ok_and(|metadata| {
                let mode = metadata.permissions().mode();
                let bit = match metadata {
                    _ if metadata.uid() == self.uid => 0o100,
                    _ if metadata.gid() == self.gid => 0o010,
                    _ => 0o001,
                };
                mode & bit != 0
            })
        })
    }

    /// Makes this process that user, for good. For a process of one thread: Linux keeps identities per thread.
    ///
    /// # Errors
    /// When we are not root.
    pub fn become_it(uid: u32, gid: u32) -> Result<()> {
        let (uid, gid) = (rustix::process::Uid::from_raw(uid), rustix::process::Gid::from_raw(gid));
        set_thread_groups(&[gid])
            .and_then(|()| set_thread_res_gid(gid, gid, gid))
            .and_then(|()| set_thread_res_uid(uid, uid, uid))
            .with_context(|| format!("cannot become user {uid:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_from_its_line_and_root_is_never_taken() {
        let passwd =
            "postgresql:x:1:1::/:/bin/sh\npostgres:x:101:104:,,,:/var/lib:/bin/sh\nnobody:x:0:0::/:/\n";
        let user = User::named("postgres", passwd).unwrap();
        assert_eq!((user.uid, user.gid), (101, 104));
        assert_eq!(User::named("nobody", passwd), None);
    }
}
