//! Everything that is no answer, or not the one that was hoped for.

use super::{client, settings};
use crate::harness::sendgrid::{Fault, KEY, Order};
use crate::harness::{DEADLINE, SendGrid, wait_for};
use sendgrid::webhook::{WebhookId, WebhookSettings};
use sendgrid::{Base, Client, Error};
use serde_json::json;
use std::future::poll_fn;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// What asking for scopes comes to under this fault.
async fn under(fault: Fault) -> Error {
    let sendgrid = SendGrid::start().await;
    sendgrid.order(Order::next(fault));
    let client = client(&sendgrid);
    let error = client.scopes().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
    client.scopes().await.expect("the next one is fine");
    assert_eq!(sendgrid.calls().len(), 2, "nothing is repeated");
    error
}

#[tokio::test]
async fn each_refusal_is_an_error_of_its_own_and_keeps_its_words() {
    for (status, begins) in [
        (401, "SendGrid does not accept the API key: The provided authorization grant"),
        (403, "SendGrid does not permit this: access forbidden"),
        (404, "SendGrid does not know this: not found"),
        (500, "SendGrid answered 500: internal server error"),
        (502, "SendGrid answered 502: internal server error"),
        (503, "SendGrid answered 503: internal server error"),
    ] {
        let error = under(Fault::Status(status)).await;
        assert!(error.to_string().starts_with(begins), "{error}");
        assert_eq!(error.is_passing(), status >= 500, "{error}");
    }
    for status in [301, 302, 307, 400, 405, 409, 422] {
        let error = under(Fault::Answer(status, json!({ "errors": [{ "message": "odd" }] }))).await;
        assert!(matches!(error, Error::Refused { status: found, .. } if found == status), "{error:?}");
    }
    let terminal = under(Fault::Answer(400, json!({ "errors": [{ "message": "\u{1b}[2Jgone" }] }))).await;
    assert_eq!(terminal.to_string(), "SendGrid answered 400: [2Jgone");
    let html = under(Fault::Raw(403, "<html>Blocked by your company</html>")).await;
    assert_eq!(html.to_string(), "SendGrid does not permit this: it gives no reason");
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_not_taken_for_nothing() {
    for (fault, part) in [
        (Fault::Raw(200, "<!DOCTYPE html><p>Sign in</p>"), "a page of HTML"),
        (Fault::Raw(200, ""), "it is empty"),
        (Fault::Raw(200, "{\"scopes\":[\"mail.se"), "not all of it"),
        (Fault::Answer(200, json!({ "permissions": [] })), "no list `scopes`"),
        (Fault::Answer(200, json!([])), "no list `scopes`"),
        (Fault::Truncate, "it broke off"),
        (Fault::Oversized(20 * 1024 * 1024), "it is larger than"),
    ] {
        let error = under(fault).await;
        assert!(matches!(error, Error::Unreadable { status: 200, .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_counts_whatever_becomes_of_its_body() {
    let sendgrid = SendGrid::start().await;
    sendgrid.revoke(KEY);
    for fault in [Fault::Truncate, Fault::Oversized(1024 * 1024)] {
        sendgrid.order(Order::next(fault));
        let error = client(&sendgrid).scopes().await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_the_timeout() {
    for fault in [Fault::Hang, Fault::HangInBody] {
        let sendgrid = SendGrid::start().await;
        sendgrid.order(Order::next(fault));
        let mut settings = settings(&sendgrid);
        settings.timeout = Duration::from_millis(300);
        let error = Client::new(settings).unwrap().scopes().await.unwrap_err();
        assert_eq!(error, Error::Timeout { after: Duration::from_millis(300) });
        sendgrid.recover();
        client(&sendgrid).scopes().await.unwrap();
    }
}

#[tokio::test]
async fn a_closed_door_is_unreachable() {
    let error = under(Fault::Close).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings = settings(&SendGrid::start().await);
    settings.base = Base::parse(&format!("http://{nobody}")).unwrap();
    let error = Client::new(settings).unwrap().scopes().await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { why } if why.contains("refused")), "{error:?}");
    assert!(error.is_passing());
}

#[tokio::test]
async fn a_change_that_was_made_and_not_answered_is_found_by_looking() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    sendgrid.order(Order::next(Fault::CloseAfterwards).on("POST /v3/user/webhooks/event/settings"));
    let url = "https://hooks.example.com/";
    let error = client.create_webhook(&WebhookSettings::new(url)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(client.webhooks().await.unwrap().at(url).is_some());
    assert_eq!(sendgrid.changes().len(), 1, "it was not repeated");
}

#[tokio::test]
async fn a_server_may_die_after_any_number_of_requests_and_come_back() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    sendgrid.die_after(2);
    client.scopes().await.unwrap();
    client.scopes().await.unwrap();
    for _ in 0..3 {
        let error = client.scopes().await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    }
    sendgrid.recover();
    client.scopes().await.unwrap();
    let statuses: Vec<_> = sendgrid.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), None, None, None, Some(200)]);
    sendgrid.forget_calls();
    assert!(sendgrid.calls().is_empty());
}

#[tokio::test]
async fn faults_come_where_they_were_ordered() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    sendgrid.order(Order::next(Fault::Status(503)).on("GET /v3/user/webhooks").after(1).times(2));
    let mut ends = Vec::new();
    for _ in 0..4 {
        client.scopes().await.unwrap();
        ends.push(client.webhooks().await.is_ok());
    }
    assert_eq!(ends, [true, false, false, true]);
}

/// Lets it go on as far as it can.
async fn is_pending<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())).await
}

#[tokio::test]
async fn a_client_has_one_request_in_flight() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let unknown = WebhookId::parse("unknown").unwrap();
    sendgrid.order(Order::next(Fault::Hang));
    let second = client.clone();
    let first = client.scopes();
    let others = async {
        wait_for("the first request", DEADLINE, async || {
            if sendgrid.calls().len() == 1 { Ok(()) } else { Err("none yet".to_owned()) }
        })
        .await;
        let mut waiting = Box::pin(second.webhook(&unknown));
        // Sent or not is decided here, with the server's own answer to another client as the proof of its attention.
        assert!(is_pending(&mut waiting).await);
        super::client(&sendgrid).scopes().await.unwrap();
        assert!(is_pending(&mut waiting).await);
        let before = sendgrid.called();
        sendgrid.recover();
        (before, waiting.await)
    };
    let (first, (before, second)) = tokio::join!(first, others);
    assert_eq!(before, ["GET /v3/scopes", "GET /v3/scopes"]);
    assert!(matches!(first, Err(Error::Unreachable { .. })), "{first:?}");
    assert!(matches!(second, Err(Error::NotFound { .. })), "{second:?}");
}
