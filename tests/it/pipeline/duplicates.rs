//! The same thing again and again, at the same time, everywhere.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};
use futures_util::future::join_all;
use rand::seq::SliceRandom as _;

const COPIES: usize = 20;
const MAILS: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_sent_twenty_times_through_two_ingests_to_two_workers_counts_once() {
    let world = World::start(Options::new(2, 2, 1)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let source = world.source("main", &["--public-key", &sender.public_key()]).await;
    world.endpoint(&receiver, &[]).await;
    let mails: Vec<_> = (0..MAILS).map(|_| Mail::new()).collect();
    let events = mails.iter().flat_map(|mail| {
        [
            mail.event("processed", 1),
            mail.event("delivered", 2),
            mail.event("open", 20),
            mail.event("open", 30),
        ]
    });
    let mut events: Vec<_> = events.collect();
    let posts: Vec<_> = (0..COPIES)
        .map(|copy| {
            events.shuffle(&mut rand::rng());
            (sender.batch(&events), world.inbound(&source, 1 + copy % 2))
        })
        .collect();
    let answers = join_all(posts.iter().map(|(post, url)| post.to(url))).await;
    let mut sum = [0; 6];
    for answer in answers {
        let numbers = tally(&world.batch(&answer.unwrap()).await);
        sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
    let (new, all) = (4 * MAILS as i64, 4 * (MAILS * COPIES) as i64);
    let [elements, applied, stale, ignored, duplicate, quarantined] = sum;
    assert_eq!((elements, applied + stale, duplicate), (all, new, all - new), "{sum:?}");
    assert_eq!((ignored, quarantined), (0, 0));
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2 * MAILS, "a delivery and a seeing for each, once");
    for mail in &mails {
        let counts = &world.message(mail).await["counts"];
        assert_eq!((counts["opens"].as_i64(), counts["clicks"].as_i64()), (Some(2), Some(0)));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_under_another_id_is_a_duplicate_and_another_event_is_not() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let open = mail.event("open", 20);
    let with = |name: &str, value: &str| {
        let mut changed = open.clone();
        changed[name] = value.into();
        changed
    };
    let mut other_address = with("ip", "192.0.2.8");
    other_address["sg_event_id"] = "a-second-open".into();
    for (what, event, expected) in [
        ("the first", open.clone(), [1, 1, 0, 0, 0, 0]),
        ("a random id", with("sg_event_id", "another"), [1, 0, 0, 0, 1, 0]),
        ("no id", with("sg_event_id", ""), [1, 0, 0, 0, 1, 0]),
        ("the same id, other content", with("useragent", "curl"), [1, 0, 0, 0, 1, 0]),
        ("another id and address", other_address, [1, 1, 0, 0, 0, 0]),
    ] {
        let batch = world.batch(&sender.batch(&[event]).to(&url).await.unwrap()).await;
        assert_eq!(tally(&batch), expected, "{what}");
    }
    assert_eq!(world.message(&mail).await["counts"]["opens"], 2);
    world.finish().await;
}
