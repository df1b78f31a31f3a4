//! The demo's own source, endpoint and consumer, under names that no other run has.

use super::receiver::DemoConsumer;
use crate::args::DemoArgs;
use crate::consumer;
use crate::failure::Failure;
use crate::generate::inbound_url;
use crate::settings::Global;
use crate::source::keys::Given;
use crate::{database, endpoint, source};
use domain::{MachineOpens, SourceId};
use std::sync::Arc;
use store::endpoint::{Manner, NewEndpoint};
use store::source::NewSource;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use wire::signature::SigningKey;
use wire::webhook::Secret;

const TYPES: [&str; 3] = ["message.delivered", "message.failed", "message.seen"];
const MAX_AGE_S: i32 = 600;

pub(crate) struct Stage {
    pub source: SourceId,
    pub source_name: String,
    pub endpoint_id: i32,
    pub consumer_url: Url,
    pub consumer: Arc<DemoConsumer>,
    pub key: SigningKey,
    /// The source's URL at each ingest.
    pub ingests: Vec<Url>,
}

/// Makes everything and starts the consumer, which runs until `shutdown`.
pub(crate) async fn stage(
    global: &Global,
    args: &DemoArgs,
    client: &mut store::Client,
    shutdown: CancellationToken,
) -> Result<Stage, Failure> {
    let secret_key = global.secret_key()?;
    let key = SigningKey::generate();
    let source_name = format!("demo-{:016x}", rand::random::<u64>());
    let ingests = ingests(global, args, &source_name)?;
    let (consumer, consumer_url, secret) = start_consumer(args, shutdown).await?;
    let public = Given::from(&key.public_key());
    let new = NewSource {
        name: &source_name,
        path: &source_name,
        signed: true,
        max_age_s: MAX_AGE_S,
        machine_opens: MachineOpens::Count,
        keys: &[public.labelled(None)],
        created_at: database::now(),
    };
    let source = SourceId(source::create(client, &new).await?.id);
    let new = NewEndpoint {
        url: consumer_url.as_str(),
        types: &TYPES,
        source_ids: Some(&[source.0]),
        allow_http: true,
        allow_networks: std::slice::from_ref(&args.allow_network),
        manner: &Manner::default(),
        created_at: database::now(),
    };
    let secrets = [endpoint::Fresh::Brought(secret)];
    let endpoint_id = endpoint::create(client, &new, &secret_key, &secrets, &[]).await?;
    Ok(Stage { source, source_name, endpoint_id, consumer_url, consumer, key, ingests })
}

async fn start_consumer(
    args: &DemoArgs,
    shutdown: CancellationToken,
) -> Result<(Arc<DemoConsumer>, Url, Secret), Failure> {
    let cannot = |error: std::io::Error| {
        Failure::failed(format!("the demo's consumer cannot listen on {}: {error}", args.listen))
    };
    let listener = TcpListener::bind(args.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let url = match &args.consumer_url {
        Some(url) => url.clone(),
        None => {
            Url::parse(&format!("http://{address}/")).map_err(|error| Failure::failed(error.to_string()))?
        }
    };
    let (consumer, secret) = (Arc::new(DemoConsumer::default()), Secret::generate(rand::random()));
    let serving = consumer::run(listener, secret.clone(), Arc::clone(&consumer), shutdown);
    tokio::spawn(async move {
        // Whatever is still connected when the demo ends has been answered.
        let _drained = serving.await;
    });
    Ok((consumer, url, secret))
}

fn ingests(global: &Global, args: &DemoArgs, source: &str) -> Result<Vec<Url>, Failure> {
    let several = args.ingest_urls.as_deref().unwrap_or_default();
    let urls: Vec<Url> = several
        .split([',', ' '])
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| inbound_url(text, source))
        .collect::<Result<_, _>>()?;
    if !urls.is_empty() {
        return Ok(urls);
    }
    match global.ingest_url()? {
        Some(url) => Ok(vec![inbound_url(url.as_str(), source)?]),
        None => {
            Err(Failure::configuration("SENDSTATE_INGEST_URL is not set")
                .next("set it to where ingest listens"))
        }
    }
}
