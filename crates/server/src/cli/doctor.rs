//! `souk doctor`: is everything as it should be, and if not, what to do.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use landlord::tenants;

use super::souk;
use crate::doctor::{self, Finding, Report, Wanted};
use crate::run::Souk;

/// Nothing was found.
const HEALTHY: u8 = 0;
/// Something was found.
const FINDINGS: u8 = 1;
/// It could not be looked.
const BLIND: u8 = 2;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Look at one store alone, by its name in addresses.
    #[arg(long)]
    tenant: Option<String>,
    /// Mend what a machine can mend, then look again.
    #[arg(long)]
    repair: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// Looks, mends if asked, and prints what was found.
pub(super) async fn run(options: Options) -> ExitCode {
    match look(&options).await {
        Ok(report) => {
            let code = if report.findings.is_empty() { HEALTHY } else { FINDINGS };
            match print(&report, options.json) {
                Ok(()) => ExitCode::from(code),
                Err(error) => blind(&error),
            }
        }
        Err(error) => blind(&error),
    }
}

fn blind(error: &anyhow::Error) -> ExitCode {
    eprintln!("souk: could not look: {error:#}");
    ExitCode::from(BLIND)
}

async fn look(options: &Options) -> anyhow::Result<Report> {
    let souk = souk()?;
    let only = match &options.tenant {
        Some(slug) => Some(find(&souk, slug).await?),
        None => None,
    };
    let shown = std::io::stderr().is_terminal();
    let progress = |stores: usize| {
        if shown && stores.is_multiple_of(10) {
            eprint!("\r{stores} stores");
        }
    };
    let report = doctor::examine(&souk, Wanted { only, repair: options.repair }, progress).await?;
    if shown {
        eprint!("\r");
    }
    souk.pools.close().await;
    Ok(report)
}

async fn find(souk: &Souk, slug: &str) -> anyhow::Result<kernel::id::TenantId> {
    let mut tx = souk.landlord.db.begin().await?;
    let found = tenants::by_slug(&mut tx, slug).await?;
    tx.commit().await?;
    Ok(found.with_context(|| format!("there is no store named {slug}"))?.id)
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
        return Ok(());
    }
    if !report.mended.is_empty() {
        writeln!(out, "Mended:")?;
        table(&mut out, &report.mended, false)?;
        writeln!(out)?;
    }
    if report.findings.is_empty() {
        writeln!(out, "{} stores looked at: healthy", report.stores)?;
    } else {
        table(&mut out, &report.findings, true)?;
        writeln!(out, "\n{} stores looked at, {} findings", report.stores, report.findings.len())?;
    }
    Ok(())
}

fn table(out: &mut impl Write, findings: &[Finding], advice: bool) -> std::io::Result<()> {
    writeln!(out, "{:24} {:24} {:9} {:>6}  EXAMPLES", "STORE", "FINDING", "SEVERITY", "COUNT")?;
    for finding in findings {
        let store = finding.store.as_deref().unwrap_or("(platform)");
        let examples = finding.examples.join(", ");
        writeln!(out, "{store:24} {:24} {:9} {:>6}  {examples}", finding.code, finding.severity, finding.count)?;
        if advice {
            writeln!(out, "    should hold: {}", finding.promise)?;
            writeln!(out, "    what to do:  {}", finding.todo)?;
        }
        for refused in &finding.refused {
            writeln!(out, "    not mended:  {refused}")?;
        }
    }
    Ok(())
}
