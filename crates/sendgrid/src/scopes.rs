//! What a key may do, as SendGrid says (`GET /v3/scopes`, tsg_scopes_v3).
//!
//! Names of scopes have changed over the years: older lists know `read` and `update` of webhook settings only, newer ones
//! also `create` and `delete`. So a permission counts as given by any name that has ever stood for it, and one that is
//! missing here is a warning before the attempt; the last word is whether SendGrid answers 403.

use crate::client::{Call, Client};
use crate::error::Error;
use serde_json::Value;
use std::collections::BTreeSet;

/// Something that Sendstate wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// To look at webhooks, and whether they are signed.
    ReadWebhooks,
    CreateWebhooks,
    /// To change webhooks and to switch signing.
    UpdateWebhooks,
    DeleteWebhooks,
    /// To have a test sent.
    TestWebhooks,
    /// To read Email Activity.
    ReadActivity,
    /// To read suppression lists.
    ReadSuppressions,
}

impl Permission {
    pub const ALL: [Self; 7] = [
        Self::ReadWebhooks,
        Self::CreateWebhooks,
        Self::UpdateWebhooks,
        Self::DeleteWebhooks,
        Self::TestWebhooks,
        Self::ReadActivity,
        Self::ReadSuppressions,
    ];

    /// The scope to add to a key.
    #[must_use]
    pub fn scope(self) -> &'static str {
        self.scopes()[0]
    }

    /// Every scope that gives it, the one to add first.
    fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::ReadWebhooks => &["user.webhooks.event.settings.read"],
            Self::CreateWebhooks => {
                &["user.webhooks.event.settings.create", "user.webhooks.event.settings.update"]
            }
            Self::UpdateWebhooks => &["user.webhooks.event.settings.update"],
            Self::DeleteWebhooks => {
                &["user.webhooks.event.settings.delete", "user.webhooks.event.settings.update"]
            }
            Self::TestWebhooks => &["user.webhooks.event.test.create", "user.webhooks.event.test.update"],
            Self::ReadActivity => &["messages.read", "email_activity.read"],
            Self::ReadSuppressions => &["suppression.read", "suppression.bounces.read"],
        }
    }
}

/// The scopes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    #[must_use]
    pub fn give(&self, permission: Permission) -> bool {
        permission.scopes().iter().any(|scope| self.has(scope))
    }

    /// Those of `wanted` that no scope gives, in their order.
    #[must_use]
    pub fn missing(&self, wanted: &[Permission]) -> Vec<Permission> {
        wanted.iter().copied().filter(|permission| !self.give(*permission)).collect()
    }

    /// By name, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn read(body: &Value) -> Option<Self> {
        let scopes = match body.get("scopes")? {
            Value::Array(scopes) => scopes.as_slice(),
            Value::Null => &[],
            _ => return None,
        };
        Some(Self(scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect()))
    }
}

impl Client {
    /// What the key may do.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unauthorized`] when there is no such key in this region.
    pub async fn scopes(&self) -> Result<Scopes, Error> {
        let answer = self.call(Call::get(&["v3", "scopes"])).await?;
        Scopes::read(&answer.json()?).ok_or_else(|| answer.unreadable("it has no list `scopes`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scopes(names: &[&str]) -> Scopes {
        Scopes::read(&json!({ "scopes": names })).unwrap()
    }

    #[test]
    fn update_gives_what_older_lists_have_no_other_name_for() {
        let old = scopes(&[
            "user.webhooks.event.settings.read",
            "user.webhooks.event.settings.update",
            "user.webhooks.event.test.update",
        ]);
        assert!(old.missing(&Permission::ALL[..5]).is_empty());
        assert_eq!(old.missing(&Permission::ALL), [Permission::ReadActivity, Permission::ReadSuppressions]);
    }

    #[test]
    fn a_key_that_only_sends_mail_may_do_none_of_it() {
        let sending = scopes(&["mail.send", "2fa_required"]);
        assert_eq!(sending.missing(&Permission::ALL), Permission::ALL);
        assert_eq!(sending.iter().collect::<Vec<_>>(), ["2fa_required", "mail.send"]);
    }

    #[test]
    fn the_scope_to_add_gives_the_permission() {
        for permission in Permission::ALL {
            assert!(scopes(&[permission.scope()]).give(permission), "{permission:?}");
        }
    }

    #[test]
    fn odd_elements_are_passed_over_and_an_odd_list_is_none() {
        assert_eq!(Scopes::read(&json!({ "scopes": ["a", null, 3, {}] })), Some(scopes(&["a"])));
        assert_eq!(Scopes::read(&json!({ "scopes": null })), Some(scopes(&[])));
        for odd in [json!({}), json!({ "scopes": "a" }), json!([]), json!(null)] {
            assert_eq!(Scopes::read(&odd), None, "{odd}");
        }
    }
}
