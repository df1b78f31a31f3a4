//! What may be an endpoint: a URL the dispatcher would dial, and types that exist.
//!
//! The dispatcher checks again at every attempt, and names by what they resolve to then; refusing here only tells the
//! operator at once instead of in a failed delivery.

use crate::failure::Failure;
use crate::output::plain;
use dispatcher::guard::{self, Networks, Policy, Refusal};
use domain::{NotificationType, NotificationTypes};
use std::cell::Cell;
use url::{SyntaxViolation, Url};
use wire::notification::TEST_TYPE;

const URL_BYTES_MAX: usize = 2_048;

/// The URL, if notifications may be sent there.
pub(crate) fn url(text: &str, allow_http: bool, allow_networks: &[String]) -> Result<Url, Failure> {
    if text.len() > URL_BYTES_MAX {
        return Err(Failure::usage(format!("the URL is longer than {URL_BYTES_MAX} bytes")));
    }
    // Not repeated in the error: it may hold a password.
    let refused =
        |why: &dyn std::fmt::Display| Failure::usage(format!("this URL cannot be an endpoint: {why}"));
    let oddity = Cell::new(None);
    let note = |violation: SyntaxViolation| oddity.set(oddity.get().or(Some(violation)));
    let url =
        Url::options().syntax_violation_callback(Some(&note)).parse(text).map_err(|error| refused(&error))?;
    let networks = Networks::parse(allow_networks).map_err(|error| refused(&error))?;
    guard::check_url(&url, &Policy { allow_http, networks }).map_err(|refusal| {
        let failure = refused(&refusal);
        match refusal {
            Refusal::Scheme if url.scheme() == "http" => {
                failure.next("use https, or add --allow-http for a trusted network")
            }
            Refusal::Credentials => {
                failure.next("leave them out: a consumer knows its sender by the signature")
            }
            Refusal::Address { address, .. } => {
                failure.next(format!("if it is meant, add --allow-network {address}"))
            }
            Refusal::Scheme | Refusal::NoHost | Refusal::Port => {
                failure.next("give a URL such as https://example.com/hooks/mail")
            }
        }
    })?;
    if url.fragment().is_some() {
        return Err(refused(&"it has a fragment (#…), which is never sent"));
    }
    // A browser's parser mends backslashes, control characters and lone `@`s silently; what reads one way here and
    // another way to a person must not be where notifications go.
    if let Some(oddity) = oddity.get() {
        return Err(refused(&format_args!("it is not plainly written: {}", oddity.description()))
            .next("write it out in full, percent-encoded where it has to be"));
    }
    Ok(url)
}

/// The notification types asked for, in their own order; none asked for: those told by default.
pub(crate) fn types(asked: &[String]) -> Result<Vec<&'static str>, Failure> {
    let known = known_types();
    if let Some(unknown) = asked.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::usage(format!("there is no notification type `{}`", plain(unknown)))
            .next(format!("choose from {}", known.join(", "))));
    }
    let wanted = |name: &&'static str| match asked {
        [] => NotificationType::parse(name).is_some_and(|kind| NotificationTypes::BY_DEFAULT.contains(kind)),
        asked => asked.iter().any(|asked| asked == name),
    };
    Ok(known.into_iter().filter(wanted).collect())
}

/// A type that deliveries can have, as a filter.
pub(crate) fn known_type(name: &str) -> Result<(), Failure> {
    if name == TEST_TYPE { Ok(()) } else { types(std::slice::from_ref(&name.to_owned())).map(drop) }
}

fn known_types() -> [&'static str; NotificationType::ALL.len()] {
    NotificationType::ALL.map(NotificationType::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_and_embedded_passwords_are_refused() {
        assert!(url("https://example.com/hooks?x=1", false, &[]).is_ok());
        assert!(url("http://example.com/", true, &[]).is_ok());
        for bad in [
            "http://example.com/",
            "ftp://example.com/",
            "https://user@example.com/",
            "https://:pw@example.com/",
            "https://example.com/#part",
            "example.com/hooks",
            "https://",
        ] {
            let failure = url(bad, false, &[]).unwrap_err();
            assert_eq!(failure.code, 2, "{bad}");
            assert!(!failure.to_string().contains("pw"), "{failure}");
        }
    }

    #[test]
    fn what_a_parser_would_have_to_mend_is_refused() {
        for odd in [
            "https://@example.com/",
            "https://user@@example.com/",
            "https:\\\\example.com\\hooks",
            "https:example.com/",
            "https:///example.com/",
            " https://example.com/",
            "https://exam\nple.com/",
            "https://example.com/\thooks",
            "https://example.com/a hook",
            "https://example.com/%zz",
        ] {
            assert_eq!(url(odd, false, &[]).unwrap_err().code, 2, "{odd:?}");
        }
        for plain in [
            "https://example.com/a%20hook?q=%C3%A9",
            "https://bücher.example/é",
            "https://[2606:4700::1111]:8443/",
        ] {
            assert!(url(plain, false, &[]).is_ok(), "{plain}");
        }
    }

    #[test]
    fn literal_addresses_that_are_not_public_need_their_network_allowed() {
        for private in
            ["https://127.0.0.1/", "https://2130706433/", "https://[::1]/", "https://169.254.169.254/latest"]
        {
            assert_eq!(url(private, false, &[]).unwrap_err().code, 2, "{private}");
        }
        assert!(url("https://127.0.0.1/", false, &["127.0.0.0/8".to_owned()]).is_ok());
        assert!(url("https://127.0.0.1/", false, &["10.0.0.0/8".to_owned()]).is_err());
    }

    #[test]
    fn what_can_never_be_dialled_is_refused() {
        for bad in
            ["https://localhost/", "https://localhost./", "https://app.localhost/", "https://example.com:0/"]
        {
            assert_eq!(url(bad, false, &[]).unwrap_err().code, 2, "{bad}");
        }
        assert!(url("https://localhost/", false, &["127.0.0.0/8".to_owned()]).is_ok());
    }

    #[test]
    fn three_types_are_asked_for_by_default_and_unknown_ones_are_refused() {
        assert_eq!(types(&[]).unwrap(), ["message.delivered", "message.failed", "message.seen"]);
        let asked = ["message.clicked", "message.processed", "message.clicked"].map(str::to_owned);
        assert_eq!(types(&asked).unwrap(), ["message.processed", "message.clicked"]);
        let asked =
            ["account.status_changed", "recipient.suppressed", "recipient.resubscribed"].map(str::to_owned);
        assert_eq!(
            types(&asked).unwrap(),
            ["recipient.suppressed", "recipient.resubscribed", "account.status_changed"]
        );
        assert_eq!(types(&["message.sent".to_owned()]).unwrap_err().code, 2);
        assert_eq!(types(&["endpoint.test".to_owned()]).unwrap_err().code, 2);
        assert!(known_type("endpoint.test").is_ok() && known_type("message.seen").is_ok());
        assert_eq!(known_type("message.sent").unwrap_err().code, 2);
    }
}
