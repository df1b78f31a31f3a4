//! A recipient as scripts read it. Keys may be added, never renamed or removed.

use crate::output;
use domain::Standing;
use serde::Serialize;
use store::look::Recipient;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub source: Option<&'a str>,
    pub address: &'a str,
    pub standing: &'static str,
    pub since: Option<String>,
    pub reason: Option<&'a str>,
    pub groups: Vec<Group>,
}

#[derive(Serialize)]
pub(super) struct Group {
    pub id: i64,
    pub standing: &'static str,
    pub since: String,
}

impl<'a> From<&'a Recipient> for Document<'a> {
    fn from(recipient: &'a Recipient) -> Self {
        let (standing, since, reason) = recipient.known.standing();
        let group = |(id, word): (&i64, &domain::Subscription)| {
            let standing = if word.unsubscribed { Standing::Unsubscribed } else { Standing::Ok };
            Group { id: *id, standing: standing.as_str(), since: output::time(word.at) }
        };
        Self {
            source: recipient.source.as_deref(),
            address: &recipient.address,
            standing: standing.as_str(),
            since: since.map(output::time),
            reason,
            groups: recipient.known.groups.iter().map(group).collect(),
        }
    }
}
