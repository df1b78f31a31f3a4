//! POSTs made and signed before anything is measured.

use anyhow::Result;
use jiff::Timestamp;
use traffic::{Batches, Post, Step};
use wire::signature::SigningKey;

/// What happens to every mail: three events, two of which are told.
pub(crate) const LIFE: [Step; 3] = [Step::Processed, Step::Delivered, Step::Open];

/// Which POSTs come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    None,
    /// Three of five POSTs are repeats of one before, as after a SendGrid that did not hear our answers.
    SixtyPercent,
}

impl Repeats {
    pub(crate) const fn percent(self) -> u32 {
        match self {
            Self::None => 0,
            Self::SixtyPercent => 60,
        }
    }
}

/// Signed POSTs and how many events are in them, repeats included.
#[derive(Debug)]
pub(crate) struct Posts {
    posts: Vec<Post>,
    pub(crate) events: u64,
}

impl Posts {
    /// POSTs of `size` events each, about `events` of them in all, which happened a quarter of an hour ago.
    pub(crate) fn new(
        key: &SigningKey,
        events: u64,
        size: usize,
        repeats: Repeats,
        now: Timestamp,
    ) -> Result<Self> {
        Self::beginning(key, events, size, repeats, now.as_second() - 15 * 60, now)
    }

    /// The same, of mails the first of which was accepted at `start`, in Unix seconds.
    pub(crate) fn beginning(
        key: &SigningKey,
        events: u64,
        size: usize,
        repeats: Repeats,
        start: i64,
        now: Timestamp,
    ) -> Result<Self> {
        let kept = events * u64::from(100 - repeats.percent()) / 100;
        let mails = kept.div_ceil(LIFE.len() as u64);
        let batches = Batches::new(rand::random::<u64>() >> 11, start, LIFE.to_vec(), mails, size);
        let mut posts: Vec<(Post, u64)> =
            batches.map(|body| (Post::sign(body.bytes, key, now.as_second()), body.events)).collect();
        if repeats == Repeats::SixtyPercent {
            posts = repeated(posts);
        }
        let events = posts.iter().map(|(_, events)| events).sum();
        Ok(Self { posts: posts.into_iter().map(|(post, _)| post).collect(), events })
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Post> {
        self.posts.get(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.posts.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Post> {
        self.posts.iter()
    }
}

/// Of each pair the first comes three times and the second twice; a repeat follows some tens of POSTs later.
fn repeated(posts: Vec<(Post, u64)>) -> Vec<(Post, u64)> {
    let mut all = Vec::with_capacity(posts.len() * 5 / 2 + 1);
    for group in posts.chunks(16) {
        all.extend_from_slice(group);
        all.extend_from_slice(group);
        all.extend(group.iter().step_by(2).cloned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn posts(repeats: Repeats) -> Posts {
        let now = "2026-03-04T05:06:07Z".parse().unwrap();
        Posts::new(&SigningKey::generate(), 6_000, 10, repeats, now).unwrap()
    }

    #[test]
    fn sixty_percent_of_the_events_are_repeats() {
        let posts = posts(Repeats::SixtyPercent);
        let unique: HashSet<&[u8]> = posts.iter().map(|post| post.body.as_ref()).collect();
        assert_eq!((posts.events, posts.len()), (6_000, 600));
        assert_eq!(unique.len(), 240);
    }

    #[test]
    fn nothing_is_repeated_unless_it_is_asked_for() {
        let posts = posts(Repeats::None);
        let unique: HashSet<&[u8]> = posts.iter().map(|post| post.body.as_ref()).collect();
        assert_eq!((posts.events, unique.len()), (6_000, 600));
    }
}
