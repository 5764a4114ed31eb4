//! Answer `/metrics`.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use kernel::metrics::{CHECKOUT_QUEUE, Kind, METRICS, Metric};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::listen::{self, Limits};
use crate::run::Souk;

/// What a caller waits for.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// What takes people minutes to days.
const DAYS: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604_800.0, 2_592_000.0];
/// Checkouts in one transaction.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
/// How often observations are put into their buckets when nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counts from now on, and answers `/metrics` until told to stop, if the settings say where. An address that is taken,
/// perhaps by another process of ours, keeps nobody from buying.
pub async fn serve(souk: Souk, stop: CancellationToken) {
    let Some(address) = souk.config.metrics.listen else { return };
    if let Err(error) = answer(souk, address, stop).await {
        tracing::error!(%address, error = format!("{error:#}"), "metrics are not served; set metrics.listen to a free address, or to off");
    }
}

async fn answer(souk: Souk, address: SocketAddr, stop: CancellationToken) -> anyhow::Result<()> {
    let recorder = recorder()?;
    let listener = TcpListener::bind(address).await?;
    let limits = Limits::from(&souk.config.server);
    let upkeep = {
        let (recorder, stop) = (recorder.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                recorder.run_upkeep();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(UPKEEP) => {}
                }
            }
        })
    };
    let page = get(move || {
        let text = page(&souk, &recorder);
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response() }
    });
    let routes = Router::new().route("/metrics", page);
    let served = listen::serve(listener, routes, limits, stop.cancelled_owned()).await;
    upkeep.await?;
    served
}

/// The one recorder of this process.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(recorder) = RECORDER.get() {
        return Ok(recorder.clone());
    }
    let recorder = builder()?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("something else counts in this process"))?;
    METRICS.iter().for_each(begin);
    gauge!(CHECKOUT_QUEUE.name).set(0.0);
    Ok(RECORDER.get_or_init(|| handle).clone())
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Some(buckets) = buckets(metric.kind) {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
        }
    }
    Ok(builder)
}

fn buckets(kind: Kind) -> Option<&'static [f64]> {
    match kind {
        Kind::Counter | Kind::Gauge => None,
        Kind::Seconds => Some(SECONDS),
        Kind::Days => Some(DAYS),
        Kind::Size => Some(SIZES),
    }
}

/// A counter begins at 0, so that its first step shows.
fn begin(metric: &Metric) {
    match metric.kind {
        Kind::Counter => {
            describe_counter!(metric.name, metric.help);
            match metric.label {
                Some((label, values)) => {
                    values.iter().for_each(|value| counter!(metric.name, label => *value).increment(0));
                }
                None => counter!(metric.name).increment(0),
            }
        }
        Kind::Gauge => describe_gauge!(metric.name, metric.help),
        Kind::Seconds | Kind::Days | Kind::Size => describe_histogram!(metric.name, metric.help),
    }
}

fn page(souk: &Souk, recorder: &PrometheusHandle) -> String {
    let app = &souk.pools.app;
    let idle = u32::try_from(app.num_idle()).unwrap_or(u32::MAX);
    kernel::metrics::pool(app.size().saturating_sub(idle), idle, app.options().get_max_connections());
    kernel::metrics::redis_paused(souk.stores.shared().paused());
    let mut text = recorder.render();
    // What was never observed is 0, rather than unknown.
    for metric in METRICS.iter().filter(|metric| buckets(metric.kind).is_some()) {
        let name = metric.name;
        if !text.contains(&format!("# TYPE {name} histogram")) {
            let _ = write!(
                text,
                "# HELP {name} {}\n# TYPE {name} histogram\n{name}_bucket{{le=\"+Inf\"}} 0\n{name}_sum 0\n{name}_count 0\n\n",
                metric.help
            );
        }
    }
    text.push_str(&souk.gauges.text());
    text
}
