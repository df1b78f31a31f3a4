//! `sendstate`: setting up, looking, checking the ledger, and trying the whole thing out.
//!
//! Results go to stdout, everything else to stderr. Exit codes are in [`service::exit`]; an error says what is wrong,
//! where, and what to do next. Runs as the database role `sendstate_operator`, which may look at everything but
//! endpoint secrets; only `migrate` keeps the connecting user's own rights.

mod account;
mod args;
mod audit;
mod batch;
mod broker;
mod consumer;
mod database;
mod delivery;
mod demo;
mod endpoint;
mod failure;
mod generate;
mod listen;
mod message;
mod migrate;
mod output;
mod quarantine;
mod recipient;
mod reconcile;
mod replay;
mod settings;
mod source;
mod stretch;
mod verify;

use args::{
    BatchCommand, Cli, Command, DeliveryCommand, EndpointCommand, MessageCommand, QuarantineCommand,
    RecipientCommand, ReplayCommand, SourceCommand,
};
use clap::Parser as _;
use failure::Failure;
use settings::Global;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be done about a terminal that is gone.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { service::exit::USAGE } else { service::exit::OK });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(format!("the runtime cannot be started: {error}")).report(),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::from(service::exit::OK),
        Err(failure) => failure.report(),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Migrate => migrate::run(global).await,
        Command::Source(SourceCommand::Add(args)) => source::add(global, args).await,
        Command::Source(SourceCommand::Provision(args)) => Box::pin(source::provision(global, args)).await,
        Command::Source(SourceCommand::Deprovision(args)) => {
            Box::pin(source::deprovision(global, args)).await
        }
        Command::Source(SourceCommand::Status(args)) => Box::pin(source::status(global, args)).await,
        Command::Source(SourceCommand::RotateKey(args)) => Box::pin(source::rotate_key(global, args)).await,
        Command::Source(SourceCommand::List) => source::list(global).await,
        Command::Source(SourceCommand::Set(args)) => source::set(global, args).await,
        Command::Source(SourceCommand::Key(command)) => source::key::run(global, command).await,
        Command::Source(SourceCommand::Oauth(args)) => source::oauth(global, args).await,
        Command::Endpoint(command) => endpoint(global, command).await,
        Command::Delivery(DeliveryCommand::List(args)) => delivery::list(global, args).await,
        Command::Delivery(DeliveryCommand::Show(args)) => delivery::show(global, args).await,
        Command::Delivery(DeliveryCommand::Skip(args)) => delivery::skip(global, args).await,
        Command::Delivery(DeliveryCommand::Replay(args)) => delivery::replay(global, args).await,
        Command::Batch(BatchCommand::Show(args)) => batch::show(global, args).await,
        Command::Message(MessageCommand::Show(args)) => message::show(global, args).await,
        Command::Recipient(RecipientCommand::Show(args)) => recipient::show(global, args).await,
        Command::Recipient(RecipientCommand::List(args)) => recipient::list(global, args).await,
        Command::Quarantine(QuarantineCommand::List(args)) => quarantine::list(global, args).await,
        Command::Quarantine(QuarantineCommand::Show(args)) => quarantine::show(global, args).await,
        Command::Quarantine(QuarantineCommand::Release(args)) => quarantine::release(global, args).await,
        Command::Quarantine(QuarantineCommand::Discard(args)) => quarantine::discard(global, args).await,
        Command::Replay(ReplayCommand::Inbound(args)) => replay::inbound(global, args).await,
        Command::Reconcile(args) => Box::pin(reconcile::run(global, args)).await,
        Command::Audit => audit::run(global).await,
        Command::Generate(args) => generate::run(global, args).await,
        Command::Verify(args) => Box::pin(verify::run(global, args)).await,
        Command::Listen(args) => listen::run(global, args).await,
        Command::Demo(args) => Box::pin(demo::run(global, args)).await,
    }
}

async fn endpoint(global: &Global, command: &EndpointCommand) -> Result<(), Failure> {
    match command {
        EndpointCommand::Add(args) => endpoint::add(global, args).await,
        EndpointCommand::List => endpoint::list(global).await,
        EndpointCommand::Show(args) => endpoint::show(global, args).await,
        EndpointCommand::Set(args) => endpoint::set(global, args).await,
        EndpointCommand::Pause(args) => endpoint::pause(global, args).await,
        EndpointCommand::Disable(args) => endpoint::disable(global, args).await,
        EndpointCommand::Resume(args) => endpoint::resume(global, args).await,
        EndpointCommand::RotateSecret(args) => endpoint::rotate(global, args).await,
        EndpointCommand::Test(args) => endpoint::test(global, args).await,
        EndpointCommand::Reseal => endpoint::reseal(global).await,
    }
}
