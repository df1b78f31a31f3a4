//! Reading SendGrid's suppression lists to their end, however they change meanwhile, and keeping who is on them.
//!
//! Addresses are kept as hashes, of which there is a bound, and a list is read in a bounded number of pages. A page that
//! does not join what was read before has missed rows, and reading goes back (`sendgrid::suppression`).

use super::ask::{Asker, NoAnswer};
use crate::failure::Failure;
use crate::output;
use domain::SourceId;
use sendgrid::suppression::{List, PAGE_ROWS, Span};
use std::collections::HashMap;
use uuid::Uuid;

/// Most addresses that are kept: some 100 MB of hashes.
const ADDRESSES_MAX: usize = 2_000_000;

/// Most pages that are read of a list: it has more rows than that, or shrinks all the time.
const PAGES_MAX: u32 = 6_000;

/// How far reading goes back: half a page, so that the next one has many rows that were seen before, and one that cannot be
/// read among them does not matter. The last row of a page alone may be such a one.
const BACK_ROWS: u64 = PAGE_ROWS / 2;

/// Who is on which of the lists that were read.
pub(super) struct Addresses {
    source: SourceId,
    /// The lists of an address, a bit each.
    lists: HashMap<Uuid, u8>,
}

/// Where a list is being read.
pub(super) struct Reading {
    list: List,
    span: Span,
    /// The row where the next page begins; `None` after the last page.
    at: Option<u64>,
    pages: u32,
    /// What the user can do instead of having the lists read.
    instead: &'static str,
}

/// What a page added.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Addresses that were not seen on this list before.
    pub rows: u64,
    /// Those of them that no list had before.
    pub new: Vec<(Uuid, String)>,
}

const fn bit(list: List) -> u8 {
    1 << list as u8
}

impl Addresses {
    pub(super) fn new(source: SourceId) -> Self {
        Self { source, lists: HashMap::new() }
    }

    /// Whether an address is on any of the lists that were read.
    pub(super) fn has(&self, address: &Uuid) -> bool {
        self.lists.contains_key(address)
    }

    /// Whether it is on any of these.
    pub(super) fn is_on(&self, address: &str, lists: &[List]) -> bool {
        let on = self.lists.get(&self.hash(address)).copied().unwrap_or(0);
        lists.iter().any(|list| on & bit(*list) != 0)
    }

    fn hash(&self, address: &str) -> Uuid {
        Uuid::from_bytes(wire::key::address(self.source, address))
    }

    /// Adds the addresses of a page; `None`: the page misses rows between what was read before and its first.
    fn add(&mut self, list: List, from: u64, rows: Vec<String>, unreadable: usize) -> Option<Added> {
        let rows: Vec<(Uuid, String)> = rows.into_iter().map(|email| (self.hash(&email), email)).collect();
        let seen = |hash: &Uuid| self.lists.get(hash).is_some_and(|on| on & bit(list) != 0);
        // Where nothing of a page can be read, nothing can be said of it either.
        let joins =
            from == 0 || rows.iter().any(|(hash, _)| seen(hash)) || (rows.is_empty() && unreadable > 0);
        if !joins {
            return None;
        }
        let mut added = Added::default();
        for (hash, email) in rows {
            let on = self.lists.entry(hash).or_default();
            if *on == 0 {
                added.new.push((hash, email));
            }
            added.rows += u64::from(*on & bit(list) == 0);
            *on |= bit(list);
        }
        Some(added)
    }
}

impl Reading {
    pub(super) fn new(list: List, span: Span, instead: &'static str) -> Self {
        Self { list, span, at: Some(0), pages: 0, instead }
    }

    /// The next page; `None`: the list is read.
    pub(super) async fn next(
        &mut self,
        asker: &mut Asker,
        addresses: &mut Addresses,
    ) -> Result<Option<Added>, Failure> {
        let (list, span) = (self.list, self.span);
        while let Some(from) = self.at {
            self.pages += 1;
            if self.pages > PAGES_MAX || addresses.lists.len() > ADDRESSES_MAX {
                let what = format!("SendGrid's list `{}` has more addresses than are read", list.as_str());
                return Err(Failure::failed(what).next(self.instead));
            }
            let page = asker.ask(async |client| client.suppressed(list, span, from).await).await;
            let page = page.map_err(|no| self.no(no))?;
            let rows = page.rows.into_iter().map(|row| row.email).collect();
            let Some(added) = addresses.add(list, from, rows, page.unreadable) else {
                self.at = Some(from.saturating_sub(BACK_ROWS));
                continue;
            };
            self.at = page.next;
            return Ok(Some(added));
        }
        Ok(None)
    }

    fn no(&self, no: NoAnswer) -> Failure {
        match no {
            NoAnswer::SendGrid(error) if error.is_not_available() => Failure::configuration(format!(
                "reading SendGrid's list `{}`: {}",
                self.list.as_str(),
                output::plain(&error.to_string())
            ))
            .next(format!(
                "give the API key the permission Suppressions (suppression.read), or {}",
                self.instead
            )),
            other => other.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: std::ops::Range<u64>) -> Vec<String> {
        numbers.map(|number| format!("{number}@example.com")).collect()
    }

    #[test]
    fn an_address_is_new_once_and_counted_on_each_list() {
        let mut addresses = Addresses::new(SourceId(1));
        let added = addresses.add(List::Bounces, 0, rows(0..3), 0).unwrap();
        assert_eq!((added.rows, added.new.len()), (3, 3));
        let added = addresses.add(List::Unsubscribes, 0, rows(2..5), 0).unwrap();
        assert_eq!((added.rows, added.new.len()), (3, 2));
        let added = addresses.add(List::Unsubscribes, 2, rows(4..6), 0).unwrap();
        assert_eq!((added.rows, added.new.len()), (1, 1));
        assert!(addresses.is_on(" 2@EXAMPLE.com", &[List::Bounces]));
        assert!(addresses.is_on("2@example.com", &[List::SpamReports, List::Unsubscribes]));
        assert!(!addresses.is_on("5@example.com", &[List::Bounces, List::SpamReports]));
    }

    #[test]
    fn a_page_that_misses_rows_before_it_is_not_taken() {
        let mut addresses = Addresses::new(SourceId(1));
        addresses.add(List::Bounces, 0, rows(0..500), 0).unwrap();
        addresses.add(List::Blocks, 0, rows(500..700), 0).unwrap();
        assert_eq!(addresses.add(List::Bounces, 499, rows(501..600), 0), None, "another list's rows");
        assert_eq!(addresses.add(List::Bounces, 499, rows(0..0), 0), None, "less than was there");
        assert_eq!(addresses.add(List::Bounces, 499, rows(0..0), 7), Some(Added::default()));
        assert_eq!(addresses.add(List::Bounces, 499, rows(499..600), 0).unwrap().rows, 100);
    }
}
