//! `sendstate endpoint add` and `list`.

mod check;

use crate::args::EndpointAdd;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use secrecy::SecretString;
use serde::Serialize;
use store::endpoint::{Endpoint, NewEndpoint};
use store::sealed::{self, SecretKey};
use wire::webhook::Secret;

#[derive(Serialize)]
struct Document<'a> {
    id: i32,
    url: &'a str,
    types: &'a [String],
    /// Null: every source.
    sources: Option<&'a [String]>,
    state: &'a str,
    allow_http: bool,
    allow_networks: &'a [String],
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> Document<'a> {
    fn new(endpoint: &'a Endpoint, secret: Option<&'a str>) -> Self {
        Self {
            id: endpoint.id,
            url: &endpoint.url,
            types: &endpoint.types,
            sources: endpoint.sources.as_deref(),
            state: &endpoint.state,
            allow_http: endpoint.allow_http,
            allow_networks: &endpoint.allow_networks,
            created_at: output::time(endpoint.created_at),
            secret,
        }
    }
}

pub(crate) async fn add(global: &Global, args: &EndpointAdd) -> Result<(), Failure> {
    let url = check::url(&args.url, args.allow_http, &args.allow_network)?;
    let types = check::types(&args.types)?;
    let key = global.secret_key()?;
    let mut client = database::operator(global).await?;
    let source_ids = source_ids(&client, &args.source).await?;
    let new = NewEndpoint {
        url: url.as_str(),
        types: &types,
        source_ids: source_ids.as_deref(),
        allow_http: args.allow_http,
        allow_networks: &args.allow_network,
        created_at: database::now(),
    };
    let secret = Secret::generate(rand::random());
    let id = create(&mut client, &new, &key, &secret).await?;
    let endpoints = store::endpoint::list(&client).await?;
    let endpoint = endpoints
        .iter()
        .find(|endpoint| endpoint.id == id)
        .ok_or_else(|| Failure::failed(format!("endpoint {id} was made and is gone again")))?;
    let secret = secret.reveal();
    output::print(global.json, &Document::new(endpoint, Some(&secret)), || {
        format!(
            "Endpoint {id} is told {} of {}.\nIts secret, shown this once:\n  {secret}",
            endpoint.types.join(", "),
            endpoint.sources.as_ref().map_or_else(|| "every source".to_owned(), |names| names.join(", ")),
        )
    })
}

/// Makes an endpoint with its secret, both or neither.
pub(crate) async fn create(
    client: &mut store::Client,
    new: &NewEndpoint<'_>,
    key: &SecretKey,
    secret: &Secret,
) -> Result<i32, Failure> {
    let transaction = client.transaction().await?;
    let id = store::endpoint::create(&transaction, new).await?;
    let sealed = sealed::seal(key, id, &SecretString::from(secret.reveal()));
    store::endpoint::add_secret(&transaction, id, &sealed, new.created_at).await?;
    transaction.commit().await?;
    Ok(id)
}

pub(crate) async fn list(global: &Global) -> Result<(), Failure> {
    let endpoints = store::endpoint::list(&database::operator(global).await?).await?;
    let documents: Vec<Document<'_>> =
        endpoints.iter().map(|endpoint| Document::new(endpoint, None)).collect();
    output::print(global.json, &documents, || {
        let mut table = output::table(&["id", "url", "types", "sources", "state", "allowed beside"]);
        for endpoint in &endpoints {
            let mut allowed = endpoint.allow_networks.clone();
            if endpoint.allow_http {
                allowed.push("http".to_owned());
            }
            table.add_row([
                endpoint.id.to_string(),
                output::plain(&endpoint.url),
                endpoint.types.join("\n"),
                endpoint.sources.as_ref().map_or_else(|| "all".to_owned(), |names| names.join("\n")),
                endpoint.state.clone(),
                allowed.join("\n"),
            ]);
        }
        table.trim_fmt()
    })
}

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
