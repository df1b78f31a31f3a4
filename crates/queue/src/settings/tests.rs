use super::*;

fn read(url: &str) -> Result<Settings, SettingsError> {
    Settings::new(url, "sendstate")
}

#[test]
fn heartbeat_and_timeout_are_ours_unless_the_url_gives_them() {
    let plain = read("amqp://u:p@broker:5672/%2f").unwrap();
    assert_eq!(plain.uri().query.heartbeat, Some(10));
    assert_eq!(plain.connection_timeout(), Duration::from_secs(5));
    let given = read("amqp://u:p@broker/%2f?heartbeat=30&connection_timeout=900").unwrap();
    assert_eq!(given.uri().query.heartbeat, Some(30));
    assert_eq!(given.connection_timeout(), Duration::from_millis(900));
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    for (url, reason) in [
        ("amqps://u:p@broker/%2f", SettingsError::Tls),
        ("AMQPS://u:p@broker/%2f", SettingsError::Tls),
        ("http://broker/", SettingsError::Scheme),
        ("amqp:broker", SettingsError::NotUrl),
        ("broker:5672", SettingsError::Scheme),
        ("", SettingsError::NotUrl),
        ("amqp://u:p@broker:port/%2f", SettingsError::NotUrl),
        ("amqp:///%2f", SettingsError::Host),
        ("amqp://u:p@broker/", SettingsError::Vhost),
        ("amqp://u:p@broker/%2f?heartbeat=often", SettingsError::NotUrl),
        ("amqp://u:p@broker/%2f?frame_max=4096", SettingsError::Frame),
    ] {
        assert_eq!(read(url).unwrap_err(), reason, "{url}");
    }
}

#[test]
fn an_ipv6_address_is_dialled_and_not_localhost() {
    assert_eq!(read("amqp://[2001:db8::7]:5672/%2f").unwrap().uri().authority.host, "2001:db8::7");
    assert_eq!(read("amqp://127.0.0.1:5672").unwrap().uri().authority.host, "127.0.0.1");
}

#[test]
fn the_virtual_host_defaults_to_the_brokers_own() {
    assert_eq!(read("amqp://broker").unwrap().uri().vhost, "/");
    assert_eq!(read("amqp://broker/%2f").unwrap().uri().vhost, "/");
    assert_eq!(read("amqp://broker/mail").unwrap().uri().vhost, "mail");
}

#[test]
fn the_prefix_must_be_a_plain_short_name() {
    for good in ["sendstate", "a", "Test_1.b-c"] {
        assert!(Settings::new("amqp://broker", good).is_ok(), "{good}");
    }
    for bad in ["", "amq.x", "two words", "ünï", "a/b", &"x".repeat(65)] {
        assert_eq!(Settings::new("amqp://broker", bad).unwrap_err(), SettingsError::Prefix, "{bad}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_the_password() {
    let shown = format!("{:?}", read("amqp://user:hunter2@broker/%2f").unwrap());
    assert!(shown.contains("broker") && !shown.contains("hunter2") && !shown.contains("user"), "{shown}");
    for url in ["amqps://u:hunter2@b/%2f", "amqp:hunter2", "amqp://u:hunter2@b/", "amqp://u:hunter2@b:x/%2f"]
    {
        let error = read(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
    }
}
