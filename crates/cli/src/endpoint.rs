//! `sendstate endpoint`: consumers as people set them up, look at them and stop them.
//!
//! What an endpoint is changes in one transaction under its row's lock. Secrets and header values are sealed here, before
//! they reach the database, and cannot be read back: the operator's role may not.

mod change;
mod check;
mod document;
mod headers;
mod reseal;
mod resume;
mod rotate;
mod secret;
mod state;
mod table;
mod trial;

pub(crate) use change::set;
pub(crate) use check::known_type;
pub(crate) use reseal::reseal;
pub(crate) use resume::resume;
pub(crate) use rotate::rotate;
pub(crate) use secret::Fresh;
pub(crate) use state::{disable, pause};
pub(crate) use trial::test;

use crate::args::{EndpointAdd, EndpointId};
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use document::Document;
use headers::Header;
use std::collections::HashMap;
use store::endpoint::{Endpoint, NewEndpoint, SecretPeriod};
use store::look;
use store::sealed::SecretKey;

pub(crate) async fn add(global: &Global, args: &EndpointAdd) -> Result<(), Failure> {
    let url = check::url(&args.url, args.allow_http, &args.allow_network)?;
    let types = check::types(&args.types)?;
    let headers = headers::read(&args.header)?;
    let secrets = secret::first(args.secret.as_ref(), args.sign)?;
    let mut client = database::operator(global).await?;
    let key = secret::key(global, &client).await?;
    let source_ids = source_ids(&client, &args.source).await?;
    let new = NewEndpoint {
        url: url.as_str(),
        types: &types,
        source_ids: source_ids.as_deref(),
        allow_http: args.allow_http,
        allow_networks: &args.allow_network,
        manner: &args.manner.manner(),
        created_at: database::now(),
    };
    let id = create(&mut client, &new, &key, &secrets, &headers).await?;
    let seen = Seen::of(&client, id).await?;
    output::print(global.json, &seen.document().with(&secrets), || table::added(&seen.endpoint, &secrets))
}

/// Makes an endpoint with its secrets and headers, all or nothing.
pub(crate) async fn create(
    client: &mut store::Client,
    new: &NewEndpoint<'_>,
    key: &SecretKey,
    secrets: &[Fresh],
    headers: &[Header],
) -> Result<i32, Failure> {
    let transaction = client.transaction().await?;
    let id = store::endpoint::create(&transaction, new).await?;
    for secret in secrets {
        let sealed = secret.sealed(key, id);
        store::endpoint::add_secret(&transaction, id, secret.scheme(), &sealed, new.created_at).await?;
    }
    if !headers.is_empty() {
        store::endpoint::set_headers(&transaction, id, &headers::sealed(headers, key, id)).await?;
    }
    transaction.commit().await?;
    Ok(id)
}

pub(crate) async fn list(global: &Global) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let seen = seen(&client, store::endpoint::list(&client).await?).await?;
    let documents: Vec<Document<'_>> = seen.iter().map(Seen::document).collect();
    output::print(global.json, &documents, || table::list(&documents))
}

pub(crate) async fn show(global: &Global, args: &EndpointId) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    shown(global, &client, args.id).await
}

/// Prints an endpoint as it is now.
async fn shown(global: &Global, client: &store::Client, id: i32) -> Result<(), Failure> {
    let seen = Seen::of(client, id).await?;
    let document = seen.document();
    output::print(global.json, &document, || table::whole(&document))
}

/// An endpoint with what belongs to it.
struct Seen {
    endpoint: Endpoint,
    secrets: Vec<SecretPeriod>,
    unfinished: i64,
}

impl Seen {
    async fn of(client: &store::Client, id: i32) -> Result<Self, Failure> {
        let endpoint = find(client, id).await?;
        seen(client, vec![endpoint]).await?.pop().ok_or_else(|| no_such(id))
    }

    fn document(&self) -> Document<'_> {
        Document::new(&self.endpoint, &self.secrets, self.unfinished)
    }
}

async fn seen(client: &store::Client, endpoints: Vec<Endpoint>) -> Result<Vec<Seen>, Failure> {
    let ids: Vec<i32> = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let mut secrets: HashMap<_, _> = look::secrets_of_each(client, &ids, database::now()).await?;
    let unfinished = look::unfinished_of_each(client, &ids).await?;
    Ok(endpoints
        .into_iter()
        .map(|endpoint| Seen {
            secrets: secrets.remove(&endpoint.id).unwrap_or_default(),
            unfinished: unfinished.get(&endpoint.id).copied().unwrap_or_default(),
            endpoint,
        })
        .collect())
}

/// The endpoint with this number.
pub(crate) async fn find(client: &store::Client, id: i32) -> Result<Endpoint, Failure> {
    let endpoints = store::endpoint::list(client).await?;
    endpoints.into_iter().find(|endpoint| endpoint.id == id).ok_or_else(|| no_such(id))
}

fn no_such(id: i32) -> Failure {
    Failure::not_found(format!("there is no endpoint {id}")).next("see `sendstate endpoint list`")
}

/// The sources named, sorted; none named: `None`, every source.
async fn source_ids(client: &store::Client, names: &[String]) -> Result<Option<Vec<i32>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut ids = Vec::new();
    for name in names {
        ids.push(source::named(client, name).await?.id);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Some(ids))
}
