//! SendGrid's suppression lists compared with what is known of recipients. Only told: neither side is changed.
//!
//! The lists know addresses and no messages, so nothing could be recovered from them: whoever is suppressed there and fine
//! here was suppressed before this source began, by hand, or while nothing arrived and longer ago than the records reach.
//! `blocks` is no list of suppressed addresses: SendGrid goes on sending to them.

use super::ask::Asker;
use super::lists::{Addresses, Reading};
use crate::failure::Failure;
use crate::output::{self, plain};
use domain::{SourceId, Standing};
use sendgrid::suppression::{List, Span};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use store::look::{self, RecipientFilter};
use uuid::Uuid;

/// Lists of addresses that SendGrid does not send to.
const LISTS: [List; 4] = [List::Bounces, List::InvalidEmails, List::SpamReports, List::Unsubscribes];

const INSTEAD: &str = "run it again without --suppressions";

/// Most addresses that are named; the rest is counted.
const NAMED_MAX: usize = 1_000;
/// Recipients read at a time.
const PAGE: i64 = 1_000;

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Suppressions {
    /// Addresses by list; one may be on several.
    pub lists: BTreeMap<&'static str, u64>,
    /// Suppressed there, `ok` or unheard of here.
    pub only_there: u64,
    /// Suppressed here, on none of the lists there.
    pub only_here: u64,
    /// The first of both kinds.
    pub differences: Vec<Difference>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub address: String,
    /// The list it is on; null: none.
    pub there: Option<&'static str>,
    /// `ok` also for an address of which nothing is known.
    pub here: &'static str,
}

/// Compares both ways.
pub(super) async fn compare(
    asker: &mut Asker,
    client: &store::Client,
    source: SourceId,
) -> Result<Suppressions, Failure> {
    let mut found = Suppressions::default();
    let mut there = Addresses::new(source);
    for list in LISTS {
        let mut reading = Reading::new(list, Span::default(), INSTEAD);
        while let Some(added) = reading.next(asker, &mut there).await? {
            *found.lists.entry(list.as_str()).or_default() += added.rows;
            found.add_only_there(client, source, list, added.new).await?;
        }
    }
    found.add_only_here(client, source, &there).await?;
    Ok(found)
}

impl Suppressions {
    async fn add_only_there(
        &mut self,
        client: &store::Client,
        source: SourceId,
        list: List,
        addresses: Vec<(Uuid, String)>,
    ) -> Result<(), Failure> {
        let asked: Vec<(i32, Uuid)> = addresses.iter().map(|(hash, _)| (source.0, *hash)).collect();
        let known = look::recipients(client, &asked).await?;
        let suppressed: HashSet<Uuid> = known
            .iter()
            .filter(|one| one.known.standing().0 != Standing::Ok)
            .map(|one| Uuid::from_bytes(wire::key::address(source, &one.address)))
            .collect();
        for (_, address) in addresses.into_iter().filter(|(hash, _)| !suppressed.contains(hash)) {
            self.only_there += 1;
            self.name(Difference { address, there: Some(list.as_str()), here: Standing::Ok.as_str() });
        }
        Ok(())
    }

    async fn add_only_here(
        &mut self,
        client: &store::Client,
        source: SourceId,
        there: &Addresses,
    ) -> Result<(), Failure> {
        for standing in Standing::ALL.into_iter().filter(|standing| *standing != Standing::Ok) {
            let filter = RecipientFilter { sources: &[source.0], standing: Some(standing), group: None };
            let mut after = (i32::MIN, Uuid::nil());
            loop {
                let page = look::recipients_page(client, filter, after, PAGE).await?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                for ((_, hash), recipient) in page {
                    if !there.has(&hash) {
                        self.only_here += 1;
                        let (address, here) = (recipient.address, standing.as_str());
                        self.name(Difference { address, there: None, here });
                    }
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, difference: Difference) {
        if self.differences.len() < NAMED_MAX {
            self.differences.push(difference);
        }
    }

    pub(super) fn text(&self) -> String {
        let lists: Vec<String> = self.lists.iter().map(|(list, count)| format!("{count} {list}")).collect();
        let mut text = format!(
            "Suppression lists ({}): {} suppressed there and not here, {} here and not there.",
            lists.join(", "),
            self.only_there,
            self.only_here
        );
        if !self.differences.is_empty() {
            let mut table = output::table(&["address", "SendGrid's list", "standing here"]);
            for one in &self.differences {
                table.add_row([&plain(&one.address), one.there.unwrap_or("-"), one.here]);
            }
            text = format!("{text}\n{}", table.trim_fmt());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(number: u64) -> Difference {
        Difference { address: format!("{number}@example.com"), there: Some("bounces"), here: "ok" }
    }

    #[test]
    fn differences_are_named_up_to_a_bound_and_all_counted_in_words() {
        let mut found = Suppressions { only_there: 5_000, ..Suppressions::default() };
        found.lists.insert("bounces", 5_000);
        (0..5_000).for_each(|number| found.name(difference(number)));
        assert_eq!(found.differences.len(), NAMED_MAX);
        let text = found.text();
        assert!(
            text.contains("5000 bounces") && text.contains("5000 suppressed there and not here"),
            "{text}"
        );
        assert!(text.contains("0@example.com"), "{text}");
    }

    #[test]
    fn a_list_of_addresses_that_are_still_written_to_is_not_compared() {
        assert!(!LISTS.contains(&List::Blocks));
        assert_eq!(LISTS.len() + 1, List::ALL.len());
    }
}
