//! Rate limits: heeded before they are met, waited out within the patience, told beyond it.

use super::{client, settings};
use crate::harness::SendGrid;
use crate::harness::sendgrid::{Fault, Order};
use sendgrid::activity::Query;
use sendgrid::{Client, Error, Limit};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A client that tells this of its pauses, and has so much patience.
fn telling(sendgrid: &SendGrid, patience: Duration) -> (Client, Arc<Mutex<Vec<Duration>>>) {
    let mut settings = settings(sendgrid);
    settings.patience = patience;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let client = Client::new(settings).unwrap();
    (client.on_pause(move |pause| telling.lock().unwrap().push(pause)), told)
}

fn statuses(sendgrid: &SendGrid) -> Vec<u16> {
    sendgrid.calls().iter().map(|call| call.status.unwrap()).collect()
}

fn query() -> Query {
    Query::to_email("reader@example.com").unwrap()
}

#[tokio::test]
async fn a_limit_that_is_told_is_never_met() {
    let sendgrid = SendGrid::start().await;
    sendgrid.limit("/v3/messages", 2, Duration::from_secs(1));
    let (client, told) = telling(&sendgrid, Duration::from_secs(60));
    for _ in 0..5 {
        client.activity(&query(), Limit::MAX).await.unwrap();
    }
    assert_eq!(statuses(&sendgrid), [200; 5]);
    assert!(!told.lock().unwrap().is_empty());
    sendgrid.unlimited();
    client.activity(&query(), Limit::MAX).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_one_family_holds_back_no_other() {
    let sendgrid = SendGrid::start().await;
    sendgrid.limit("/v3/messages", 1, Duration::from_secs(3_600));
    let (client, told) = telling(&sendgrid, Duration::from_secs(60));
    client.activity(&query(), Limit::MAX).await.unwrap();
    client.scopes().await.unwrap();
    client.webhooks().await.unwrap();
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_that_met_a_limit_is_sent_again_when_its_time_has_come() {
    let sendgrid = SendGrid::start().await;
    let (client, told) = telling(&sendgrid, Duration::from_secs(60));
    sendgrid.order(Order::next(Fault::RateLimited { reset_in: 1 }).times(2));
    client.webhooks().await.unwrap();
    assert_eq!(statuses(&sendgrid), [429, 429, 200]);
    assert!(told.lock().unwrap().len() >= 2);
}

#[tokio::test]
async fn beyond_its_patience_a_client_says_when_to_come_again() {
    let sendgrid = SendGrid::start().await;
    let (client, told) = telling(&sendgrid, Duration::from_secs(60));
    sendgrid.order(Order::next(Fault::RateLimited { reset_in: 600 }));
    let error = client.webhooks().await.unwrap_err();
    let Error::RateLimited { retry_after, said } = &error else { panic!("{error:?}") };
    // The server's clock may have moved on by a second between its two headers.
    assert!((599..=601).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert_eq!(said.messages(), ["too many requests"]);
    // Asked again, it does not even try.
    let again = client.webhooks().await.unwrap_err();
    assert!(matches!(again, Error::RateLimited { .. }), "{again:?}");
    assert_eq!(statuses(&sendgrid), [429]);
    assert!(told.lock().unwrap().is_empty());
    // Nobody else is kept from asking.
    super::client(&sendgrid).webhooks().await.unwrap();
}

#[tokio::test]
async fn a_limit_that_is_not_explained_is_waited_out_too() {
    let sendgrid = SendGrid::start().await;
    let (client, told) = telling(&sendgrid, Duration::ZERO);
    sendgrid.order(Order::next(Fault::Status(429)));
    let error = client.scopes().await.unwrap_err();
    assert!(matches!(&error, Error::RateLimited { retry_after, .. } if !retry_after.is_zero()), "{error:?}");
    assert!(told.lock().unwrap().is_empty());
    self::client(&sendgrid).scopes().await.unwrap();
}
