use super::*;

/// Addresses, and the range that refuses each; `None` is public.
const TABLE: &[(&str, Option<&str>)] = &[
    ("0.0.0.0", Some("this network")),
    ("0.255.255.255", Some("this network")),
    ("1.0.0.0", None),
    ("1.1.1.1", None),
    ("8.8.8.8", None),
    ("9.255.255.255", None),
    ("10.0.0.0", Some("private")),
    ("10.255.255.255", Some("private")),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", Some("carrier-grade NAT")),
    ("100.127.255.255", Some("carrier-grade NAT")),
    ("100.128.0.0", None),
    ("126.255.255.255", None),
    ("127.0.0.1", Some("loopback")),
    ("127.255.255.254", Some("loopback")),
    ("128.0.0.0", None),
    ("169.253.255.255", None),
    ("169.254.169.254", Some("link-local")),
    ("169.255.0.0", None),
    ("172.15.255.255", None),
    ("172.16.0.0", Some("private")),
    ("172.31.255.255", Some("private")),
    ("172.32.0.0", None),
    ("191.255.255.255", None),
    ("192.0.0.0", Some("protocol assignments")),
    ("192.0.0.192", Some("protocol assignments")),
    ("192.0.1.0", None),
    ("192.0.2.1", Some("documentation")),
    ("192.0.3.0", None),
    ("192.88.98.255", None),
    ("192.88.99.1", Some("6to4 relay")),
    ("192.167.255.255", None),
    ("192.168.0.1", Some("private")),
    ("192.168.255.255", Some("private")),
    ("192.169.0.0", None),
    ("198.17.255.255", None),
    ("198.18.0.0", Some("benchmarking")),
    ("198.19.255.255", Some("benchmarking")),
    ("198.20.0.0", None),
    ("198.51.100.7", Some("documentation")),
    ("203.0.113.7", Some("documentation")),
    ("203.0.114.0", None),
    ("223.255.255.255", None),
    ("224.0.0.1", Some("multicast")),
    ("239.255.255.255", Some("multicast")),
    ("240.0.0.1", Some("reserved")),
    ("255.255.255.255", Some("reserved")),
    ("::", Some("unspecified")),
    ("::1", Some("loopback")),
    ("::2", Some("not global unicast")),
    ("::127.0.0.1", Some("not global unicast")),
    ("::ffff:127.0.0.1", Some("IPv4-mapped")),
    ("::ffff:8.8.8.8", Some("IPv4-mapped")),
    ("::ffff:0:10.0.0.1", Some("not global unicast")),
    ("64:ff9b::10.0.0.1", Some("NAT64")),
    ("64:ff9b:1::1", Some("NAT64")),
    ("100::1", Some("discard only")),
    ("1fff:ffff::1", Some("not global unicast")),
    ("2000::1", None),
    ("2001::1", Some("Teredo")),
    ("2001:0:53aa:64c::1", Some("Teredo")),
    ("2001:2::1", Some("protocol assignments")),
    ("2001:10::1", Some("protocol assignments")),
    ("2001:20::1", Some("protocol assignments")),
    ("2001:1ff:ffff::1", Some("protocol assignments")),
    ("2001:200::1", None),
    ("2001:db8::1", Some("documentation")),
    ("2001:4860:4860::8888", None),
    ("2002:7f00:1::1", Some("6to4")),
    ("2003::1", None),
    ("2606:4700:4700::1111", None),
    ("3ffe::1", None),
    ("3fff::1", Some("documentation")),
    ("3fff:1000::1", None),
    ("4000::1", Some("not global unicast")),
    ("5f00::1", Some("not global unicast")),
    ("fc00::1", Some("private")),
    ("fd12:3456:789a::1", Some("private")),
    ("fe00::1", Some("not global unicast")),
    ("fe80::1", Some("link-local")),
    ("febf::1", Some("link-local")),
    ("fec0::1", Some("site-local")),
    ("ff02::1", Some("multicast")),
];

fn networks(texts: &[&str]) -> Networks {
    Networks::parse(texts).unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn only_public_addresses_may_be_dialled() {
    for (text, range) in TABLE {
        let address: IpAddr = text.parse().unwrap();
        let expected = range.map_or(Ok(()), |range| Err(Refusal::Address { address, range }));
        assert_eq!(check_address(address, &Networks::default()), expected, "{text}");
    }
}

#[test]
fn an_allowed_network_opens_itself_and_nothing_else() {
    let allowed = networks(&["127.0.0.0/8", "10.1.2.3", "fd00::/8", "64:ff9b::/96"]);
    for open in ["127.0.0.1", "127.9.9.9", "10.1.2.3", "fd12::1", "64:ff9b::808:808", "8.8.8.8"] {
        assert_eq!(check_address(open.parse().unwrap(), &allowed), Ok(()), "{open}");
    }
    for closed in ["10.1.2.4", "192.168.0.1", "::1", "fc00::1", "::ffff:127.0.0.1", "169.254.169.254"] {
        assert!(check_address(closed.parse().unwrap(), &allowed).is_err(), "{closed}");
    }
}

#[test]
fn addresses_in_urls_are_seen_through_every_notation() {
    for text in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.0.0.1./",
        "https://１２７.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:127.0.0.1]:8443/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://0/",
    ] {
        let refused = check_url(&url(text), &Policy::default());
        assert!(matches!(refused, Err(Refusal::Address { .. })), "{text}: {refused:?}");
    }
    assert_eq!(check_url(&url("https://example.com/hook"), &Policy::default()), Ok(()));
    assert_eq!(check_url(&url("https://8.8.8.8/hook"), &Policy::default()), Ok(()));
}

#[test]
fn only_https_is_used_unless_http_is_allowed() {
    let open = Policy { allow_http: true, ..Policy::default() };
    assert_eq!(check_url(&url("http://example.com/"), &Policy::default()), Err(Refusal::Scheme));
    assert_eq!(check_url(&url("http://example.com/"), &open), Ok(()));
    for text in
        ["ftp://example.com/", "file:///etc/passwd", "unix:/run/docker.sock", "data:,x", "ws://example.com/"]
    {
        assert_eq!(check_url(&url(text), &open), Err(Refusal::Scheme), "{text}");
    }
}

#[test]
fn credentials_in_an_url_are_refused() {
    for text in ["https://user@example.com/", "https://user:word@example.com/", "https://:word@example.com/"]
    {
        assert_eq!(check_url(&url(text), &Policy::default()), Err(Refusal::Credentials), "{text}");
    }
}

#[test]
fn networks_are_equal_whatever_their_order_and_host_bits() {
    assert_eq!(networks(&["10.0.0.0/8", "fd00::/8"]), networks(&["fd00::1/8", "10.9.9.9/8", "10.0.0.0/8"]));
    assert_eq!(networks(&["10.1.2.3"]), networks(&["10.1.2.3/32"]));
    for wrong in ["", "10.0.0.0/33", "example.com", "10.0.0", "10.0.0.0/8,127.0.0.1"] {
        assert!(Networks::parse(&[wrong]).is_err(), "{wrong}");
    }
}
