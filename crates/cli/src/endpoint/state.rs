//! `sendstate endpoint pause` and `disable`: holding what an endpoint is owed.

use super::{no_such, shown};
use crate::args::EndpointId;
use crate::database;
use crate::failure::Failure;
use crate::settings::Global;

pub(crate) async fn pause(global: &Global, args: &EndpointId) -> Result<(), Failure> {
    hold(global, args.id, "paused").await
}

pub(crate) async fn disable(global: &Global, args: &EndpointId) -> Result<(), Failure> {
    hold(global, args.id, "disabled").await
}

/// Changes nothing of an endpoint that is so already, whatever had led to it.
async fn hold(global: &Global, id: i32, state: &str) -> Result<(), Failure> {
    let mut client = database::operator(global).await?;
    let transaction = client.transaction().await?;
    let endpoint = store::endpoint::lock(&transaction, id).await?.ok_or_else(|| no_such(id))?;
    if endpoint.state != state {
        store::endpoint::set_state(&transaction, id, state, database::now()).await?;
    }
    transaction.commit().await?;
    shown(global, &client, id).await
}
