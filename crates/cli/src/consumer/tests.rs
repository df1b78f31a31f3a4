use super::*;
use std::sync::Mutex;

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Receiver for Log {
    fn delivered(&self, delivered: Delivered) -> StatusCode {
        self.0.lock().unwrap().push(delivered.webhook_id);
        StatusCode::NO_CONTENT
    }

    fn refused(&self, why: &str) {
        self.0.lock().unwrap().push(format!("refused: {why}"));
    }
}

/// A consumer on a free port; its address and what it saw.
async fn start(secret: &Secret) -> (String, Arc<Log>, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (log, shutdown) = (Arc::new(Log::default()), CancellationToken::new());
    tokio::spawn(run(listener, secret.clone(), Arc::clone(&log), shutdown.clone()));
    (url, log, shutdown)
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn signed(url: &str, secret: &Secret, at: i64, body: &'static str) -> reqwest::RequestBuilder {
    let signature = webhook::sign(std::slice::from_ref(secret), "msg_1", at, body.as_bytes());
    client()
        .post(url)
        .header(HEADER_ID, "msg_1")
        .header(HEADER_TIMESTAMP, at.to_string())
        .header(HEADER_SIGNATURE, signature)
        .body(body)
}

#[tokio::test]
async fn what_verifies_is_taken_and_what_does_not_is_refused() {
    let (secret, other) = (Secret::generate([7; 32]), Secret::generate([8; 32]));
    let (url, log, shutdown) = start(&secret).await;
    let now = database::now().as_second();

    let good = signed(&url, &secret, now, "{}").send().await.unwrap();
    let forged = signed(&url, &other, now, "{}").send().await.unwrap();
    let old = signed(&url, &secret, now - 3_600, "{}").send().await.unwrap();
    let changed = signed(&url, &secret, now, "{}").body("{ }").send().await.unwrap();
    let bare = client().post(&url).body("{}").send().await.unwrap();
    let get = client().get(&url).send().await.unwrap();
    let large = client().post(&url).body(vec![b' '; BODY_BYTES_MAX + 1]).send().await.unwrap();
    shutdown.cancel();

    let statuses = [good, forged, old, changed, bare, get, large].map(|answer| answer.status().as_u16());
    assert_eq!(statuses, [204, 401, 401, 401, 401, 405, 413]);
    let log = log.0.lock().unwrap();
    assert_eq!(log.iter().filter(|line| *line == "msg_1").count(), 1);
    assert_eq!(log.len(), 7);
}
