//! Files under the environment, and one clear line when they do not fit together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{Config, Stage};

const DEFAULT: &str = include_str!("../../../../config/default.toml");
const DEVELOPMENT: &str = include_str!("../../../../config/development.toml");
const PRODUCTION: &str = include_str!("../../../../config/production.toml");

/// Names that other tools know too, and the setting that each one sets.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("DATABASE_URL", "database.url"),
    ("DATABASE_ADMIN_URL", "database.admin_url"),
    ("REDIS_URL", "redis.url"),
    ("SMTP_URL", "mail.smtp_url"),
    ("STRIPE_SECRET_KEY", "stripe.secret_key"),
    ("STRIPE_PUBLISHABLE_KEY", "stripe.publishable_key"),
    ("STRIPE_WEBHOOK_SECRET", "stripe.webhook_secrets"),
    ("STRIPE_BILLING_WEBHOOK_SECRET", "billing.webhook_secrets"),
];

/// Text even when it looks like a number, and never shown in an error.
const SECRETS: &[&str] = &[
    "database.url",
    "database.admin_url",
    "redis.url",
    "auth.secret",
    "mail.smtp_url",
    "stripe.secret_key",
    "stripe.webhook_secrets",
    "billing.webhook_secrets",
];

/// Text even when it looks like a number.
const TEXTS: &[&str] = &[
    "server.platform_name",
    "server.platform_host",
    "server.store_domain",
    "mail.from",
    "mail.directory",
    "stripe.publishable_key",
    "stripe.api_base",
    "stripe.application_fee_percent",
    "billing.portal_configuration",
    "log.level",
];

/// Why the platform does not start: the setting, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub key: String,
    pub problem: String,
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {}: {}; {}", self.key, self.problem, self.remedy)
    }
}

impl std::error::Error for ConfigError {}

/// The environment variables that settings may come from.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    pub fn of_process() -> Self {
        let readable =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(readable.collect())
    }

    /// The variable, unless it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Sets the variable unless it has a value.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        if self.get(name).is_none() {
            self.set(name, value);
        }
    }

    /// `(setting, value)` of every variable that is meant for us, the long names last so that they win.
    fn settings(&self) -> Vec<(String, String)> {
        let short =
            SHORT_NAMES.iter().filter_map(|(name, setting)| Some(((*setting).to_owned(), self.get(name)?.to_owned())));
        let long = self.0.iter().filter_map(|(name, value)| {
            let setting = name.strip_prefix("SOUK__")?.to_lowercase().replace("__", ".");
            Some((setting, value.clone()))
        });
        short.chain(long).collect()
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut all = Dict::new();
        for (setting, text) in self.settings() {
            let value = if setting == "stripe.webhook_secrets" || setting == "billing.webhook_secrets" {
                Value::from(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>())
            } else if is_secret(&setting) || TEXTS.contains(&setting.as_str()) {
                Value::from(text)
            } else {
                text.parse().unwrap_or_else(|never| match never {})
            };
            if let Value::Dict(_, one) = figment::util::nest(&setting, value) {
                all = merge(all, one);
            }
        }
        Ok(Profile::Default.collect(all))
    }
}

fn merge(mut into: Dict, from: Dict) -> Dict {
    for (key, value) in from {
        let joined = match (into.remove(&key), value) {
            (Some(Value::Dict(tag, old)), Value::Dict(_, new)) => Value::Dict(tag, merge(old, new)),
            (_, new) => new,
        };
        into.insert(key, joined);
    }
    into
}

impl Config {
    /// Reads the files, and over them the given environment.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let (stage, built_in) = match environment.get("SOUK_ENV").unwrap_or("development") {
            "development" => (Stage::Development, DEVELOPMENT),
            "production" => (Stage::Production, PRODUCTION),
            other => {
                return Err(ConfigError {
                    key: "SOUK_ENV".into(),
                    problem: format!("{other:?} is not a stage"),
                    remedy: "set it to development or production".into(),
                });
            }
        };
        let mut figment = Figment::new().merge(Toml::string(DEFAULT)).merge(Toml::string(built_in));
        for file in files(environment, stage)? {
            figment = figment.merge(Toml::file_exact(file));
        }
        let mut config: Self = figment.merge(environment).extract().map_err(readable)?;
        config.stage = stage;
        config.check()?;
        Ok(config)
    }
}

/// The files that override the built-in ones: those of SOUK_CONFIG_DIR, which must exist, or of `./config`.
fn files(environment: &Environment, stage: Stage) -> Result<Vec<PathBuf>, ConfigError> {
    let named = environment.get("SOUK_CONFIG_DIR").map(PathBuf::from);
    if let Some(directory) = &named
        && !directory.is_dir()
    {
        return Err(ConfigError {
            key: "SOUK_CONFIG_DIR".into(),
            problem: format!("{} is not a directory", directory.display()),
            remedy: "name a directory with default.toml, or unset it".into(),
        });
    }
    let directory = named.unwrap_or_else(|| PathBuf::from("config"));
    let of_stage = match stage {
        Stage::Development => "development.toml",
        Stage::Production => "production.toml",
    };
    Ok(["default.toml", of_stage].iter().map(|name| directory.join(name)).filter(|file| file.is_file()).collect())
}

/// Is it never to be shown?
fn is_secret(setting: &str) -> bool {
    let address = setting.ends_with(".database_url") || setting.ends_with(".admin_url");
    SECRETS.iter().any(|secret| setting.starts_with(secret)) || (setting.starts_with("clusters.") && address)
}

/// figment shows values; ours may be secrets, so each kind is said anew.
fn readable(error: figment::Error) -> ConfigError {
    let source = error.metadata.as_ref().map(|metadata| match &metadata.source {
        Some(figment::Source::File(file)) => file.display().to_string(),
        Some(_) | None => metadata.name.replace("TOML source string", "the built-in defaults"),
    });
    let mut key = error.path.join(".");
    let secret = is_secret(&key);
    let (problem, remedy) = match error.kind {
        Kind::UnknownField(field, known) => {
            key =
                if key.is_empty() { field } else { format!("{}.{field}", key.trim_end_matches(&format!(".{field}"))) };
            ("is not known".to_owned(), format!("remove it, or use one of: {}", known.join(", ")))
        }
        Kind::MissingField(field) => {
            key = if key.is_empty() { field.into_owned() } else { format!("{key}.{field}") };
            ("is missing".to_owned(), format!("set it in config/default.toml or as {}", variable(&key)))
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) if !secret => {
            (format!("found {actual}, expected {expected}"), format!("correct it there or set {}", variable(&key)))
        }
        Kind::UnknownVariant(found, known) => {
            (format!("{found:?} is not possible"), format!("use one of: {}", known.join(", ")))
        }
        Kind::Message(message) if !secret => (message, format!("correct it there or set {}", variable(&key))),
        Kind::Message(_)
        | Kind::InvalidType(..)
        | Kind::InvalidValue(..)
        | Kind::InvalidLength(..)
        | Kind::DuplicateField(_)
        | Kind::ISizeOutOfRange(_)
        | Kind::USizeOutOfRange(_)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..) => {
            ("has a value of the wrong kind".to_owned(), format!("correct it there or set {}", variable(&key)))
        }
    };
    let problem = match source {
        Some(source) => format!("{problem} (in {source})"),
        None => problem,
    };
    let key = if key.is_empty() { "file".into() } else { key };
    // A syntax error of TOML comes with a drawing over several lines.
    let problem = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    ConfigError { key, problem, remedy }
}

/// The environment variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    match SHORT_NAMES.iter().find(|(_, setting)| *setting == key) {
        Some((name, _)) => (*name).to_owned(),
        None => format!("SOUK__{}", key.to_uppercase().replace('.', "__")),
    }
}
