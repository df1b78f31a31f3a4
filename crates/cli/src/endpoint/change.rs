//! `sendstate endpoint set`: changing what an endpoint is, whole or not at all.

use super::{check, headers, no_such, secret, shown, source_ids};
use crate::args::{EndpointSet, SettingArg};
use crate::database;
use crate::failure::Failure;
use crate::settings::Global;
use store::endpoint::Endpoint;

pub(crate) async fn set(global: &Global, args: &EndpointSet) -> Result<(), Failure> {
    check_defaults(args)?;
    let headers = headers::read(&args.header)?;
    let mut client = database::operator(global).await?;
    let key = if headers.is_empty() { None } else { Some(secret::key(global, &client).await?) };
    let source_ids = source_ids(&client, &args.source).await?;
    let transaction = client.transaction().await?;
    let mut endpoint = store::endpoint::lock(&transaction, args.id).await?.ok_or_else(|| no_such(args.id))?;
    let origin = origin(&endpoint.url);
    apply(args, source_ids, &mut endpoint)?;
    let headers_stay = args.header.is_empty() && !args.no_headers && !endpoint.headers.is_empty();
    if headers_stay && self::origin(&endpoint.url) != origin {
        return Err(other_origin());
    }
    store::endpoint::update(&transaction, &endpoint).await?;
    if let Some(key) = key {
        let sealed = headers::sealed(&headers, &key, args.id);
        store::endpoint::set_headers(&transaction, args.id, &sealed).await?;
    } else if args.no_headers || !args.header.is_empty() {
        // A file without a line asks for none, too.
        store::endpoint::set_headers(&transaction, args.id, &[]).await?;
    }
    transaction.commit().await?;
    shown(global, &client, args.id).await
}

/// Scheme, host and port: who is spoken to.
fn origin(url: &str) -> Option<url::Origin> {
    url::Url::parse(url).ok().map(|url| url.origin())
}

/// Its headers are sealed and nobody may read them; sending them to somebody else would show them.
fn other_origin() -> Failure {
    Failure::usage("the endpoint has headers of its own, which would be sent to another server")
        .next("give them anew with --header, or take them away with --no-headers")
}

/// Something can be given or go back to its default, not both.
fn check_defaults(args: &EndpointSet) -> Result<(), Failure> {
    let given = |setting: &SettingArg| match setting {
        SettingArg::Types => !args.types.is_empty(),
        SettingArg::Source => !args.source.is_empty(),
        SettingArg::AllowHttp => args.allow_http,
        SettingArg::AllowNetwork => !args.allow_network.is_empty(),
        SettingArg::Timeout => args.manner.timeout.is_some(),
        SettingArg::Concurrency => args.manner.concurrency.is_some(),
        SettingArg::Rate => args.manner.rate.is_some(),
        SettingArg::Schedule => args.manner.schedule.is_some(),
    };
    match args.default.iter().find(|setting| given(setting)) {
        None => Ok(()),
        Some(setting) => {
            let name = clap::ValueEnum::to_possible_value(setting);
            let name = name.as_ref().map_or("it", |name| name.get_name());
            Err(Failure::usage(format!("--{name} is given and shall go back to its default"))
                .next(format!("leave out --{name}, or {name} in --default")))
        }
    }
}

/// Changes what is given, and refuses what could not have been made so.
fn apply(args: &EndpointSet, source_ids: Option<Vec<i32>>, endpoint: &mut Endpoint) -> Result<(), Failure> {
    let manner = args.manner.manner();
    let now = &mut endpoint.manner;
    now.timeout_s = manner.timeout_s.or(now.timeout_s);
    now.concurrency = manner.concurrency.or(now.concurrency);
    now.rate_per_s = manner.rate_per_s.or(now.rate_per_s);
    now.schedule_s = manner.schedule_s.or(now.schedule_s.take());
    if !args.types.is_empty() {
        endpoint.types = check::types(&args.types)?.into_iter().map(str::to_owned).collect();
    }
    endpoint.source_ids = source_ids.or(endpoint.source_ids.take());
    endpoint.allow_http |= args.allow_http;
    if !args.allow_network.is_empty() {
        endpoint.allow_networks.clone_from(&args.allow_network);
    }
    for setting in &args.default {
        match setting {
            SettingArg::Types => {
                endpoint.types = check::types(&[])?.into_iter().map(str::to_owned).collect();
            }
            SettingArg::Source => endpoint.source_ids = None,
            SettingArg::AllowHttp => endpoint.allow_http = false,
            SettingArg::AllowNetwork => endpoint.allow_networks.clear(),
            SettingArg::Timeout => endpoint.manner.timeout_s = None,
            SettingArg::Concurrency => endpoint.manner.concurrency = None,
            SettingArg::Rate => endpoint.manner.rate_per_s = None,
            SettingArg::Schedule => endpoint.manner.schedule_s = None,
        }
    }
    let url = args.url.as_deref().unwrap_or(&endpoint.url);
    // Also the URL it had: what is allowed may have changed.
    endpoint.url = check::url(url, endpoint.allow_http, &endpoint.allow_networks)?.into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::endpoint;
    use super::*;
    use crate::args::{Cli, Command, EndpointCommand};
    use clap::Parser as _;

    fn args(line: &str) -> Box<EndpointSet> {
        let words = ["sendstate", "endpoint", "set", "3"].into_iter().chain(line.split(' '));
        match Cli::parse_from(words).command {
            Command::Endpoint(EndpointCommand::Set(args)) => args,
            _ => unreachable!("the words say set"),
        }
    }

    fn applied(line: &str, mut endpoint: Endpoint) -> Result<Endpoint, Failure> {
        apply(&args(line), None, &mut endpoint).map(|()| endpoint)
    }

    #[test]
    fn what_is_not_given_stays_and_what_shall_go_back_goes_back() {
        let set = applied("--timeout 5s --schedule 0s,1m --types message.failed", endpoint()).unwrap();
        assert_eq!(set.manner.timeout_s, Some(5));
        assert_eq!(
            (set.types.join(","), set.url.as_str()),
            ("message.failed".to_owned(), "https://example.com/hooks")
        );
        let set = applied("--rate 7 --default timeout,types", set).unwrap();
        assert_eq!((set.manner.timeout_s, set.manner.rate_per_s), (None, Some(7)));
        assert_eq!(set.manner.schedule_s, Some(vec![0, 60]));
        assert_eq!(set.types.len(), 3);
        let narrowed = Endpoint { source_ids: Some(vec![1]), ..endpoint() };
        assert_eq!(applied("--rate 7", narrowed.clone()).unwrap().source_ids, Some(vec![1]));
        assert_eq!(applied("--default source", narrowed).unwrap().source_ids, None);
    }

    #[test]
    fn a_url_has_to_fit_what_is_allowed_whichever_of_them_changes() {
        assert_eq!(applied("--url http://example.com/", endpoint()).unwrap_err().code, 2);
        let plain =
            applied("--url http://127.0.0.1/ --allow-http --allow-network 127.0.0.0/8", endpoint()).unwrap();
        assert_eq!(plain.url, "http://127.0.0.1/");
        assert_eq!(applied("--default allow-http", plain.clone()).unwrap_err().code, 2);
        assert_eq!(applied("--allow-network 10.0.0.0/8", plain.clone()).unwrap_err().code, 2);
        assert!(applied("--default allow-http,allow-network --url https://example.com/", plain).is_ok());
    }

    #[test]
    fn a_setting_cannot_be_given_and_go_back_at_once() {
        let failure = check_defaults(&args("--timeout 5s --default rate,timeout")).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("--timeout"), "{failure}");
        assert!(check_defaults(&args("--timeout 5s --default rate,allow-http")).is_ok());
    }
}
