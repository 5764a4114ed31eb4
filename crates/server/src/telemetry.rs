//! Where log lines go and how they look.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{ConfigError, Log, LogFormat};

/// Starts logging to stderr. `RUST_LOG` wins over the setting, for one run.
pub fn start(log: &Log) -> Result<(), ConfigError> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| log.level.clone());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| ConfigError {
        key: "log.level".into(),
        problem: format!("{wanted:?} is not a filter ({error})"),
        remedy: "set SOUK__LOG__LEVEL to something like info,sqlx=warn".into(),
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    // A second start in one process, as in tests, keeps the first one's subscriber.
    let _already = match log.format {
        LogFormat::Text => lines.with_target(false).compact().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    Ok(())
}
