//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 refused or failed (or something was found that a command looks for), 2 wrongly typed. What
//! was asked for goes to standard output, everything else to standard error. Errors say what to do.

mod admin;
mod billing;
mod checkout;
mod cluster;
mod doctor;
mod fleet;
mod jobs;
mod mails;
mod plan;
mod relocate;
mod replay;
mod serve;
mod tenant;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use kernel::clock::Clock;
use kernel::problem::Problem;

use crate::config::{Config, Environment};
use crate::dev;
use crate::faces::Face;
use crate::run::Souk;
use crate::telemetry;

/// Souk: a commerce platform for many merchants.
#[derive(Debug, Parser)]
#[command(name = "souk", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests.
    Serve {
        /// Do the worker's work in this process too.
        #[arg(long)]
        work: bool,
    },
    /// Do what nobody waits for: jobs, events, half-made stores, schemas to spare.
    Work,
    /// Run everything on this machine, with a demo store and nothing to set up.
    Dev(dev::Options),
    /// Bring the schemas of the platform and of all stores up to date.
    Migrate,
    /// The schemas of all stores.
    #[command(subcommand)]
    Fleet(fleet::Command),
    /// The databases that hold stores.
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Stores.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Plans.
    #[command(subcommand)]
    Plan(plan::Command),
    /// The platform's own billing: the provider's messages, ladders, comparing.
    #[command(subcommand)]
    Billing(billing::Command),
    /// Checkouts.
    #[command(subcommand)]
    Checkout(checkout::Command),
    /// Look whether everything is as it should be, in all stores, and say what to do.
    Doctor(doctor::Options),
    /// Platform admins.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Work that waits, or was given up.
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Mails of the platform that wait or were given up.
    #[command(subcommand)]
    Mails(mails::Command),
    /// Compare stores with their events, or write their reports anew.
    Replay(replay::Options),
    /// Print the OpenAPI description of one face of the API.
    Openapi {
        /// platform, shop or staff.
        face: String,
    },
    /// Run a command with a private PostgreSQL and Redis; without one, print their addresses and wait.
    #[command(hide = true)]
    TestServices {
        /// Where their data lies while they run.
        #[arg(long, default_value = "target/test-services")]
        directory: PathBuf,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Openapi { face } => {
                let face = Face::ALL.into_iter().find(|known| known.name() == face);
                let face = face.context("the faces are platform, shop and staff")?;
                println!("{}", face.describe().to_pretty_json()?);
                Ok(())
            }
            Command::TestServices { directory, command } => {
                return dev::services::test_services(&directory, command).await;
            }
            Command::Doctor(options) => return Ok(doctor::run(options).await),
            Command::Dev(options) => dev::run(options, serve::develop).await,
            Command::Serve { work } => serve::serve(work).await,
            Command::Work => serve::work().await,
            Command::Migrate => {
                let souk = souk()?;
                souk.migrate().await?;
                souk.migrate_stores().await
            }
            Command::Fleet(command) => return fleet::run(command).await,
            Command::Cluster(command) => cluster::run(command).await,
            Command::Tenant(command) => tenant::run(command).await,
            Command::Plan(command) => plan::run(command).await,
            Command::Billing(command) => billing::run(command).await,
            Command::Jobs(command) => jobs::run(command).await,
            Command::Mails(command) => mails::run(command).await,
            Command::Replay(options) => return replay::run(options).await,
            Command::Checkout(command) => return checkout::run(command).await,
            Command::Admin(command) => admin::run(command).await,
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn souk() -> anyhow::Result<Souk> {
    let config = Config::from_environment(&Environment::of_process())?;
    telemetry::start(&config.log)?;
    Souk::new(config, Clock::System)
}

fn refused(problem: Problem) -> anyhow::Error {
    match &problem.cause {
        Some(cause) => anyhow::anyhow!("{}: {cause}", problem.detail),
        None => anyhow::anyhow!(problem.detail),
    }
}
