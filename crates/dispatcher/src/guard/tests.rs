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
    ("::8.8.8.8", Some("not global unicast")),
    ("64:ff9b::10.0.0.1", Some("NAT64")),
    ("64:ff9b::8.8.8.8", Some("NAT64")),
    ("64:ff9b::1:0:0", Some("not global unicast")),
    ("64:ff9b:1::1", Some("NAT64")),
    ("64:ff9b:1:ffff::8.8.8.8", Some("NAT64")),
    ("64:ff9b:2::1", Some("not global unicast")),
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
    ("2002:808:808::1", Some("6to4")),
    ("2a00::5efe:10.0.0.1", Some("ISATAP")),
    ("2a00::200:5efe:8.8.8.8", Some("ISATAP")),
    ("2a00::5eff:10.0.0.1", None),
    ("2a00:5efe::1", None),
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

/// Everything that a hostile endpoint might be called. No name is resolved here.
const REFUSED: &[&str] = &[
    // Dotted, decimal, octal, hexadecimal, short, mixed, padded, with a trailing dot.
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0X7F000001/",
    "https://0x7f.1/",
    "https://0x7f.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0177.0x0.0.1/",
    "https://127.0.0.1./",
    "https://127.0.0.1:8443/hook",
    "https://0/",
    "https://0x/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://167772161/",
    "https://012.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://169.254.43518/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://0xc0.0xa8.0.1/",
    "https://192.0.0.192/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://4294967295/",
    // Numbers that are no address: there is no such URL.
    "https://4294967296/",
    "https://127.0.0.256/",
    "https://1.2.3.4.5/",
    "https://0x1.0x2.0x3.0x4.0x5/",
    "https://127.0.0.08/",
    // Disguised digits, dots and percent signs.
    "https://１２７.0.0.1/",
    "https://127。0．0｡1/",
    "https://①②⑦.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0%2e0%2e1/",
    "https://%30x7f.1/",
    "https:127.0.0.1/",
    r"https:\\127.0.0.1\hook",
    "https:///127.0.0.1/",
    " https://127.0.0.1/ ",
    "ht\ntps://127.0.\t0.1/",
    // IPv6, whole, short, with what carries IPv4 inside.
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]:8443/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::ffff:0:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b::808:808]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:a00:1::]/",
    "https://[2a00::5efe:10.0.0.1]/",
    "https://[2001:10::1]/",
    "https://[2001:20::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    "https://[fc00::1]/",
    "https://[FD12:3456:789A::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    // Zones, brackets out of place, more than an address between them.
    "https://[fe80::1%eth0]/",
    "https://[fe80::1%25eth0]/",
    "https://[127.0.0.1]/",
    "https://[::1/",
    "https://::1/",
    "https://[[::1]]/",
    "https://[::1].example.com/",
    "https://[::1%5d/",
    "https://[::1]@example.com/",
    // Names that mean this machine.
    "https://localhost/",
    "https://LocalHost:8443/",
    "https://localhost./",
    "https://localhost%2e/",
    "https://api.localhost/",
    "https://api.localhost./",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://ⓛocalhost/",
    "https://local\u{ad}host/",
    "https://%6c%6f%63%61%6c%68%6f%73%74/",
    // Names that are none.
    "https://",
    "https://./",
    "https://../",
    "https://localhost../",
    "https://example..com/",
    "https://:443/",
    "https://%00/",
    "https://exa mple.com/",
    "https://exam%2fple.com/",
    "https://example.com%23@127.0.0.1/",
    "https://xn--a/",
    // Credentials, and what looks like them.
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://:word@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1@example.com/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com%40127.0.0.1/",
    // Ports and schemes.
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "file://example.com/",
    "unix:/run/docker.sock",
    "data:,x",
    "ws://example.com/",
    "gopher://example.com/",
    "javascript:0",
    "blob:https://example.com/",
    "example.com",
    "//example.com/",
    "/hook",
    "",
];

/// And what must not be taken for any of it.
const ALLOWED: &[(&str, &str)] = &[
    ("https://example.com/hook", "example.com"),
    ("https://EXAMPLE.com:8443/hook?a=b", "example.com"),
    ("https://example.com./", "example.com."),
    ("https://8.8.8.8/", "8.8.8.8"),
    ("https://134744072/", "8.8.8.8"),
    // Octal: whoever reads it as decimal dials something else, and here only one reads.
    ("https://0000000127.0.0.1/", "87.0.0.1"),
    ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]"),
    ("https://[2001:4860:4860::8888]/", "[2001:4860:4860::8888]"),
    ("https://127.0.0.1.example.com/", "127.0.0.1.example.com"),
    ("https://localhost.example.com/", "localhost.example.com"),
    ("https://notlocalhost/", "notlocalhost"),
    ("https://bücher.example/", "xn--bcher-kva.example"),
    ("https://0x7f.example.com/", "0x7f.example.com"),
    // The host is what stands before the path, whatever the path looks like.
    (r"https://example.com\@127.0.0.1/", "example.com"),
    ("https://example.com/@127.0.0.1", "example.com"),
    ("https://example.com?@127.0.0.1", "example.com"),
    ("https://example.com#@127.0.0.1", "example.com"),
    ("https://@example.com/", "example.com"),
];

#[test]
fn no_spelling_of_an_url_leads_past_the_guard() {
    assert!(REFUSED.len() >= 60);
    for text in REFUSED {
        // What is no URL to this parser is none to the client, which uses the same one.
        if let Ok(url) = Url::parse(text) {
            let judged = check_url(&url, &Policy::default());
            assert!(judged.is_err(), "{text:?} is allowed, as {url}");
        }
    }
}

#[test]
fn what_only_looks_dangerous_is_allowed_and_its_host_is_the_one_dialled() {
    for (text, host) in ALLOWED {
        assert_eq!(check_url(&url(text), &Policy::default()), Ok(()), "{text}");
        assert_eq!(url(text).host_str(), Some(*host), "{text}");
    }
}

#[test]
fn names_of_this_machine_are_allowed_with_its_addresses() {
    for (network, names) in [
        ("127.0.0.0/8", ["https://localhost/", "https://api.localhost./"]),
        ("::1", ["https://localhost/", "https://api.localhost./"]),
    ] {
        let policy = Policy { networks: networks(&[network]), ..Policy::default() };
        for name in names {
            assert_eq!(check_url(&url(name), &policy), Ok(()), "{name} {network}");
        }
    }
    let other = Policy { networks: networks(&["10.0.0.0/8"]), ..Policy::default() };
    assert!(matches!(check_url(&url("https://localhost/"), &other), Err(Refusal::Address { .. })));
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
