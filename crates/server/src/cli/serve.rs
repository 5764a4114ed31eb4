//! Run the platform: `souk serve`, `souk work`, and what `souk dev` starts.

use anyhow::Context;
use kernel::clock::Clock;
use landlord::plans;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::souk;
use crate::dev::{Start, Started};
use crate::run::Souk;
use crate::{demo, telemetry};

/// Answers requests, and does the worker's work if asked, until told to stop.
pub(super) async fn serve(work: bool) -> anyhow::Result<()> {
    let souk = souk()?;
    souk.migrate().await.context("the database could not be brought up to date")?;
    let listener = TcpListener::bind(souk.config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", souk.config.server.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let stop = stop_on_signal()?;
    let worker = work.then(|| tokio::spawn(souk.worker().run(stop.clone())));
    souk.serve(listener, stop).await?;
    if let Some(worker) = worker {
        worker.await?;
    }
    souk.pools.close().await;
    Ok(())
}

/// Does the worker's work until told to stop.
pub(super) async fn work() -> anyhow::Result<()> {
    let souk = souk()?;
    tracing::info!("working");
    souk.work(stop_on_signal()?).await?;
    souk.pools.close().await;
    Ok(())
}

/// The platform of `souk dev`.
pub(super) async fn develop(start: Start) -> anyhow::Result<Started> {
    telemetry::start(&start.config.log)?;
    let souk = Souk::new(start.config, Clock::System)?;
    souk.migrate().await?;
    souk.migrate_stores().await?;
    if let Err(error) = plans::sync(&souk.landlord).await {
        tracing::warn!(%error, "the plans are not known to Stripe yet; `souk plan sync` does it again");
    }
    let secret = demo::seed(&souk, &start.logins).await?;
    let stripe_billing_webhook_url = Some(format!("{}/webhooks/stripe/billing", souk.config.platform_url()));
    let stripe_webhook_url = Some(format!("{}/webhooks/stripe/payments", souk.config.platform_url()));
    let (listener, stop) = (start.listener, start.shutdown);
    let running = tokio::spawn(async move {
        let worker = tokio::spawn(souk.worker().run(stop.clone()));
        let served = souk.serve(listener, stop).await;
        worker.await?;
        souk.pools.close().await;
        served
    });
    Ok(Started { stripe_webhook_url, stripe_billing_webhook_url, admin_totp_secret: Some(secret), running })
}

/// Cancelled by Ctrl-C, or by whoever stops services.
pub(super) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}
