//! Every setting of the platform in one checked value, read once at the start.

mod check;
mod load;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use commerce::jobs::cron::Schedule;
use ipnet::IpNet;
use kernel::percent::Percent;
use serde::{Deserialize, Deserializer};

pub use load::{ConfigError, Environment};

use crate::worker::Schedules;

/// Everything that can be set, after it was checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(skip)]
    pub stage: Stage,
    pub server: Server,
    pub database: Database,
    #[serde(default)]
    pub clusters: BTreeMap<String, Cluster>,
    pub fleet: Fleet,
    pub redis: Redis,
    pub auth: Auth,
    pub mail: Mail,
    pub stripe: Stripe,
    pub billing: Billing,
    pub checkout: Checkout,
    pub review: Review,
    pub refunds: Refunds,
    pub provisioning: Provisioning,
    pub log: Log,
    pub metrics: Metrics,
    pub trial: Trial,
    pub cron: Cron,
    pub retention: Retention,
}

/// Which of the config files applies; `SOUK_ENV` chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Development,
    Production,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub platform_name: String,
    pub platform_host: String,
    pub store_domain: String,
    pub public_scheme: Scheme,
    pub public_port: Option<u16>,
    pub trusted_proxies: Vec<IpNet>,
    pub max_connections: usize,
    #[serde(rename = "header_timeout_seconds", deserialize_with = "seconds")]
    pub header_timeout: Duration,
    #[serde(rename = "body_timeout_seconds", deserialize_with = "seconds")]
    pub body_timeout: Duration,
    #[serde(rename = "request_timeout_seconds", deserialize_with = "seconds")]
    pub request_timeout: Duration,
    #[serde(rename = "keep_alive_seconds", deserialize_with = "seconds")]
    pub keep_alive: Duration,
    #[serde(rename = "shutdown_seconds", deserialize_with = "seconds")]
    pub shutdown: Duration,
    pub max_body_bytes: usize,
    pub max_webhook_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    Http,
    Https,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(default)]
    pub url: Secret,
    pub admin_url: Option<Secret>,
    pub max_connections: u32,
    pub lanes: u32,
    pub statements_per_connection: usize,
    #[serde(rename = "acquire_timeout_ms", deserialize_with = "milliseconds")]
    pub acquire_timeout: Duration,
    #[serde(rename = "statement_timeout_ms", deserialize_with = "milliseconds")]
    pub statement_timeout: Duration,
    #[serde(rename = "lock_timeout_ms", deserialize_with = "milliseconds")]
    pub lock_timeout: Duration,
    #[serde(rename = "idle_in_transaction_ms", deserialize_with = "milliseconds")]
    pub idle_in_transaction: Duration,
    pub tenant_roles: bool,
}

/// The cluster that is the landlord's own database, unless it is put elsewhere.
pub const MAIN: &str = "main";

/// A database that holds stores.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Empty for `main` alone, which then is the landlord's own.
    #[serde(default)]
    pub database_url: Secret,
    pub admin_url: Option<Secret>,
    pub max_connections: Option<u32>,
    #[serde(default = "one")]
    pub weight: u32,
    pub plans: Option<Vec<String>>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    pub canaries: Vec<String>,
    pub canary_count: u32,
    pub parallel: usize,
    #[serde(rename = "lock_timeout_ms", deserialize_with = "milliseconds")]
    pub lock_timeout: Duration,
    pub tries: u32,
    pub keep_moved_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: Option<Secret>,
    #[serde(rename = "command_timeout_ms", deserialize_with = "milliseconds")]
    pub command_timeout: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    #[serde(default)]
    pub secret: Secret,
    pub access_minutes: u32,
    pub refresh_days: u32,
    pub refresh_absolute_days: u32,
    pub admin_session_hours: u32,
    pub max_hashes: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: Option<Secret>,
    pub from: String,
    pub directory: PathBuf,
    #[serde(rename = "timeout_seconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    pub keep_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stripe {
    pub secret_key: Option<Secret>,
    pub publishable_key: Option<String>,
    pub webhook_secrets: Vec<Secret>,
    pub api_base: Option<String>,
    #[serde(rename = "timeout_seconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    pub attempts: u32,
    pub application_fee_percent: Percent,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    pub webhook_secrets: Vec<Secret>,
    pub portal_configuration: Option<String>,
    pub trial_warning_days: u32,
    pub reconcile_hours: u32,
    pub event_tries: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    pub ttl_minutes: u32,
    pub max_ttl_minutes: u32,
    pub log_phases: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    pub cod_above: u32,
    pub order_above: u32,
    pub pending_orders: u32,
    pub hourly_orders: u32,
    pub duplicate_minutes: u32,
    pub hold_hours: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refunds {
    pub support_up_to: Option<u32>,
    pub manager_up_to: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    pub spare_schemas: u32,
    pub parallel: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub level: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    #[serde(deserialize_with = "address_or_off")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    #[serde(deserialize_with = "schedule")]
    pub sweep: Schedule,
    #[serde(deserialize_with = "schedule")]
    pub reports: Schedule,
    #[serde(deserialize_with = "schedule")]
    pub retention: Schedule,
}

impl Cron {
    /// As the worker wants them.
    pub fn schedules(&self) -> Schedules {
        let Self { sweep, reports, retention } = self.clone();
        Schedules { sweep, reports, retention }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub events_days: u32,
    pub refund_events_days: u32,
    pub movements_days: u32,
    pub provider_events_days: u32,
    pub provider_event_ids_days: u32,
}

impl Config {
    /// Reads the files and the process's environment.
    pub fn load() -> Result<Self, ConfigError> {
        Self::from_environment(&Environment::of_process())
    }

    /// The address of the platform as visitors type it.
    pub fn platform_url(&self) -> String {
        self.url_of(&self.server.platform_host)
    }

    /// The address of the store with this slug, as visitors type it.
    pub fn store_url(&self, slug: &str) -> String {
        self.url_of(&format!("{slug}.{}", self.server.store_domain))
    }

    /// The address of a host, with the public scheme and port.
    pub fn url_of(&self, host: &str) -> String {
        let (scheme, usual) = match self.server.public_scheme {
            Scheme::Http => ("http", 80),
            Scheme::Https => ("https", 443),
        };
        match self.server.public_port {
            Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        }
    }
}

/// Text that must not reach a log: it shows itself only when asked.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(not set)" } else { "(secret)" })
    }
}

/// An address; nothing, or `off`, for none.
fn address_or_off<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SocketAddr>, D::Error> {
    match String::deserialize(input)?.as_str() {
        "" | "off" => Ok(None),
        address => address.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_secs)
}

fn milliseconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_millis)
}

fn schedule<'de, D: Deserializer<'de>>(input: D) -> Result<Schedule, D::Error> {
    let text = String::deserialize(input)?;
    Schedule::parse(&text).map_err(serde::de::Error::custom)
}
