//! Interrupted at every request to SendGrid, carried out or not, and run again.

use super::stage::{Stage, nothing_is_posted_unsigned};
use crate::harness::SendGrid;
use crate::harness::sendgrid::{Fault, Order};
use serde_json::Value;

/// How a run goes wrong.
type Interruption = fn(&SendGrid, usize);

/// Interrupts a set-up from nothing after each number of requests, each time in a subuser and a source of its own, and runs
/// it again. Returns how many interruptions there were.
async fn at_every_request(stage: &Stage, kind: &str, interrupt: Interruption) -> usize {
    for calls in 0.. {
        let name = format!("{kind}-{calls}");
        let account = stage.sendgrid.subuser(&name);
        let flags = ["--on-behalf-of", &name];
        interrupt(&stage.sendgrid, calls);
        let ended = stage.provision(&name, &flags).await;
        stage.sendgrid.recover();
        nothing_is_posted_unsigned(&account);
        if ended.code == 0 {
            return calls;
        }
        assert_eq!(ended.code, 69, "{calls}: {ended:#?}");
        let again = stage.provision(&name, &flags).await.with(0);
        let webhooks = account.webhooks();
        assert_eq!(webhooks.len(), 1, "{calls}: {webhooks:#?}");
        assert_eq!(
            (&webhooks[0]["enabled"], &webhooks[0]["url"]),
            (&Value::Bool(true), &again.document["url"])
        );
        let keys = stage.keys(&name).await;
        assert!(keys.len() == 1 && keys[0]["state"] == "active", "{calls}: {keys:#?}");
        stage.source(&[&["status", &name], &flags[..]].concat()).await.with(0);
    }
    unreachable!("a set-up ends")
}

#[tokio::test]
async fn a_set_up_that_is_cut_off_before_any_request_ends_well_when_it_is_run_again() {
    let stage = Stage::set().await;
    let interruptions = at_every_request(&stage, "before", SendGrid::die_after).await;
    assert!(interruptions >= 7, "{interruptions}");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_set_up_that_is_cut_off_after_any_request_ends_well_when_it_is_run_again() {
    let stage = Stage::set().await;
    let carried_out = |sendgrid: &SendGrid, calls: usize| {
        sendgrid.order(Order::next(Fault::CloseAfterwards).after(calls));
        sendgrid.die_after(calls + 1);
    };
    let interruptions = at_every_request(&stage, "after", carried_out).await;
    assert!(interruptions >= 7, "{interruptions}");
    stage.world.finish().await;
}
