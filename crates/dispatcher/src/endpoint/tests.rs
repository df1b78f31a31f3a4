use super::*;
use store::sealed::SecretKey;
use wire::webhook::Secret;
use wire::webhook::asymmetric::SigningKey;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

fn keys(current: &str, previous: Option<&str>) -> KeyRing {
    let key = |text| SecretKey::parse(text).unwrap();
    KeyRing::new(key(current), previous.map(key))
}

fn ring() -> KeyRing {
    keys(KEY, None)
}

fn seal(text: &str) -> Vec<u8> {
    ring().seal(7, &SecretString::from(text))
}

fn good() -> String {
    Secret::generate([1; 32]).reveal()
}

fn endpoint(secrets: &[(&str, &str)]) -> Endpoint {
    let secrets = secrets
        .iter()
        .map(|(scheme, text)| SealedSecret { scheme: (*scheme).to_owned(), sealed: seal(text) });
    Endpoint {
        id: 7,
        url: "https://example.com/hook".to_owned(),
        active: true,
        allow_http: false,
        allow_networks: vec!["10.0.0.0/8".to_owned()],
        timeout: None,
        schedule: None,
        secrets: secrets.collect(),
        headers: Vec::new(),
    }
}

fn with_header(name: &str, value: &str) -> Endpoint {
    let header = SealedHeader { name: name.to_owned(), sealed: seal(value) };
    Endpoint { headers: vec![header], ..endpoint(&[("v1", &good())]) }
}

fn destination(endpoint: &Endpoint) -> Result<Destination, Obstacle> {
    Target::of(endpoint, &ring()).unwrap().destination
}

fn obstacle(endpoint: &Endpoint) -> Obstacle {
    destination(endpoint).unwrap_err()
}

#[test]
fn every_unexpired_secret_signs_whatever_its_scheme() {
    let (one, other, key) =
        (good(), Secret::generate([2; 32]).reveal(), SigningKey::generate([3; 32]).reveal());
    let signers = destination(&endpoint(&[("v1", &one), ("v1a", &key), ("v1", &other)])).unwrap().signers;
    let schemes: Vec<_> = signers
        .sign("msg_1", 1, b"{}")
        .split(' ')
        .map(|one| one.split(',').next().unwrap().to_owned())
        .collect();
    assert_eq!(schemes, ["v1", "v1", "v1a"]);
}

#[test]
fn nothing_is_sent_without_a_secret_that_opens() {
    let good = good();
    assert_eq!(obstacle(&endpoint(&[])), Obstacle::NoSecret);
    assert_eq!(obstacle(&endpoint(&[("v1", &good), ("v1", "not a secret")])), Obstacle::BadSecret);
    assert_eq!(obstacle(&endpoint(&[("v1", &good), ("v9", &good)])), Obstacle::BadSecret);
    assert_eq!(obstacle(&endpoint(&[("v1a", &good)])), Obstacle::BadSecret);
    let moved = Endpoint { id: 8, ..endpoint(&[("v1", &good)]) };
    assert_eq!(obstacle(&moved), Obstacle::BadSecret);
}

#[test]
fn what_another_key_sealed_is_no_attempt_and_what_is_damaged_is() {
    let good = good();
    let (mut secret, mut header) = (endpoint(&[("v1", &good)]), with_header("x-team", "mail"));
    for endpoint in [&secret, &header] {
        assert_eq!(Target::of(endpoint, &keys(OTHER_KEY, None)).unwrap_err(), OtherKey);
    }
    *secret.secrets[0].sealed.last_mut().unwrap() ^= 1;
    assert_eq!(obstacle(&secret), Obstacle::BadSecret);
    *header.headers[0].sealed.last_mut().unwrap() ^= 1;
    assert_eq!(obstacle(&header), Obstacle::BadHeader);
}

#[test]
fn what_the_previous_key_sealed_opens_while_the_key_is_replaced() {
    let sealed_before = with_header("x-team", "mail");
    let target = Target::of(&sealed_before, &keys(OTHER_KEY, Some(KEY))).unwrap();
    assert_eq!(target.destination.unwrap().headers["x-team"], "mail");
}

#[test]
fn an_endpoint_that_cannot_be_read_is_an_obstacle_and_no_panic() {
    let good = good();
    for broken in [
        Endpoint { url: "no url".to_owned(), ..endpoint(&[("v1", &good)]) },
        Endpoint { allow_networks: vec!["10/8".to_owned()], ..endpoint(&[("v1", &good)]) },
    ] {
        assert_eq!(obstacle(&broken), Obstacle::BadEndpoint);
    }
}

#[test]
fn a_header_that_is_ours_is_refused_however_it_came_there() {
    for (name, value) in
        [("webhook-signature", "v1,x"), ("host", "example.org"), ("x", "a\r\nb: c"), ("", "x")]
    {
        assert_eq!(obstacle(&with_header(name, value)), Obstacle::BadHeader, "{name:?}");
    }
    let one = with_header("x-team", "mail");
    let many = Endpoint { headers: vec![one.headers[0].clone(); headers::COUNT_MAX + 1], ..one };
    assert_eq!(obstacle(&many), Obstacle::BadHeader);
}

#[test]
fn an_endpoint_that_says_how_it_wants_to_be_told_is_told_so() {
    let own = Endpoint {
        timeout: Some(Duration::from_secs(5)),
        schedule: Some(vec![Duration::ZERO]),
        ..endpoint(&[])
    };
    let target = Target::of(&own, &ring()).unwrap();
    assert_eq!((target.timeout, target.schedule), (Some(Duration::from_secs(5)), vec![Duration::ZERO]));
    let target = Target::of(&endpoint(&[]), &ring()).unwrap();
    assert_eq!((target.timeout, target.schedule), (None, retry::SCHEDULE.to_vec()));
}
