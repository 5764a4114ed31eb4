//! What types cannot say about settings: ranges, and what production must not run with.

use std::collections::BTreeSet;
use std::time::Duration;

use super::load::{ConfigError, variable};
use super::{Config, MAIN, Scheme, Secret, Stage};

const SHORTEST_SECRET: usize = 32;

/// Words that give an example away.
const EXAMPLES: &[&str] = &["for-development-only", "change-me", "changeme", "example", "password", "secret-secret"];

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_ranges()?;
        self.check_secrets()?;
        self.check_clusters()?;
        match self.stage {
            Stage::Development => Ok(()),
            Stage::Production => self.check_production(),
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let (server, database) = (&self.server, &self.database);
        for (key, value) in [
            ("server.header_timeout_seconds", server.header_timeout),
            ("server.body_timeout_seconds", server.body_timeout),
            ("server.request_timeout_seconds", server.request_timeout),
            ("server.keep_alive_seconds", server.keep_alive),
            ("database.acquire_timeout_ms", database.acquire_timeout),
            ("database.statement_timeout_ms", database.statement_timeout),
            ("database.lock_timeout_ms", database.lock_timeout),
            ("database.idle_in_transaction_ms", database.idle_in_transaction),
            ("redis.command_timeout_ms", self.redis.command_timeout),
            ("mail.timeout_seconds", self.mail.timeout),
            ("stripe.timeout_seconds", self.stripe.timeout),
            ("fleet.lock_timeout_ms", self.fleet.lock_timeout),
        ] {
            refuse(value == Duration::ZERO, key, "0 would mean no time at all", "set it to 1 or more")?;
        }
        for (key, value) in [
            ("server.max_connections", server.max_connections),
            ("server.max_body_bytes", server.max_body_bytes),
            ("server.max_webhook_bytes", server.max_webhook_bytes),
            ("database.lanes", database.lanes as usize),
            ("database.statements_per_connection", database.statements_per_connection),
            ("auth.max_hashes", self.auth.max_hashes),
            ("auth.admin_session_hours", self.auth.admin_session_hours as usize),
            ("auth.access_minutes", self.auth.access_minutes as usize),
            ("auth.refresh_days", self.auth.refresh_days as usize),
            ("mail.keep_days", self.mail.keep_days as usize),
            ("stripe.attempts", self.stripe.attempts as usize),
            ("billing.reconcile_hours", self.billing.reconcile_hours as usize),
            ("billing.event_tries", self.billing.event_tries as usize),
            ("checkout.ttl_minutes", self.checkout.ttl_minutes as usize),
            ("provisioning.parallel", self.provisioning.parallel),
            ("fleet.parallel", self.fleet.parallel),
            ("fleet.tries", self.fleet.tries as usize),
            ("fleet.keep_moved_days", self.fleet.keep_moved_days as usize),
            ("retention.events_days", self.retention.events_days as usize),
            ("retention.refund_events_days", self.retention.refund_events_days as usize),
            ("retention.movements_days", self.retention.movements_days as usize),
            ("retention.provider_events_days", self.retention.provider_events_days as usize),
        ] {
            refuse(value == 0, key, "must be at least 1", "raise it")?;
        }
        refuse(database.max_connections < 2, "database.max_connections", "must be at least 2", "raise it")?;
        for (key, host) in
            [("server.platform_host", &server.platform_host), ("server.store_domain", &server.store_domain)]
        {
            let plain = !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
            refuse(!plain, key, "is not a host name in lower case", "leave out scheme, port and path")?;
        }
        refuse(
            self.checkout.ttl_minutes > self.checkout.max_ttl_minutes,
            "checkout.ttl_minutes",
            "is above checkout.max_ttl_minutes",
            "lower the first or raise the second",
        )?;
        refuse(
            self.retention.provider_event_ids_days < self.retention.provider_events_days,
            "retention.provider_event_ids_days",
            "is below retention.provider_events_days",
            "raise it: what is kept has an id",
        )?;
        refuse(
            self.auth.refresh_days > self.auth.refresh_absolute_days,
            "auth.refresh_days",
            "is above auth.refresh_absolute_days",
            "lower the first or raise the second",
        )
    }

    fn check_secrets(&self) -> Result<(), ConfigError> {
        database_url("database.url", &self.database.url)?;
        if let Some(url) = &self.database.admin_url {
            database_url("database.admin_url", url)?;
        }
        refuse(
            self.auth.secret.expose().len() < SHORTEST_SECRET,
            "auth.secret",
            if self.auth.secret.expose().is_empty() { "is missing" } else { "is shorter than 32 bytes" },
            &format!("set {} to the output of `openssl rand -base64 48`", variable("auth.secret")),
        )?;
        if let Some(url) = &self.redis.url {
            let plain = url.expose().starts_with("redis://") || url.expose().starts_with("rediss://");
            refuse(
                !plain,
                "redis.url",
                "is not a redis:// address",
                "set REDIS_URL to redis://host:6379, or unset it",
            )?;
        }
        Ok(())
    }

    fn check_clusters(&self) -> Result<(), ConfigError> {
        let mut places = BTreeSet::from([place(self.database.url.expose())]);
        for (id, cluster) in &self.clusters {
            let key = |field: &str| format!("clusters.{id}.{field}");
            let plain = id.len() <= 31
                && id.starts_with(|first: char| first.is_ascii_lowercase())
                && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            let named = format!("clusters.{id}");
            refuse(!plain, &named, "is no name of a cluster", "use lower-case letters, digits and dashes, 31 at most")?;
            refuse(
                cluster.weight == 0 || cluster.weight > 1_000_000,
                &key("weight"),
                "must be from 1 to 1000000",
                "drain a cluster that shall take no stores: souk cluster drain",
            )?;
            let few = cluster.max_connections.is_some_and(|connections| connections < 2);
            refuse(few, &key("max_connections"), "must be at least 2", "raise it")?;
            let nothing = cluster.plans.as_ref().is_some_and(Vec::is_empty);
            refuse(nothing, &key("plans"), "names no plan", "leave it out to take stores of all plans")?;
            if cluster.database_url.is_empty() && id == MAIN {
                let stray = cluster.admin_url.is_some() || cluster.max_connections.is_some();
                refuse(stray, &key("database_url"), "is missing", "set it, or set these in [database]")?;
                continue;
            }
            database_url(&key("database_url"), &cluster.database_url)?;
            if let Some(url) = &cluster.admin_url {
                database_url(&key("admin_url"), url)?;
            }
            // `main` may be named in full though it is the landlord's.
            let twice = !places.insert(place(cluster.database_url.expose())) && id != MAIN;
            refuse(twice, &key("database_url"), "is another cluster's database", "give each a database of its own")?;
        }
        Ok(())
    }

    fn check_production(&self) -> Result<(), ConfigError> {
        let auth = self.auth.secret.expose();
        refuse(
            EXAMPLES.iter().any(|example| auth.to_lowercase().contains(example)) || monotonous(auth),
            "auth.secret",
            "is an example, not a secret",
            &format!("set {} to the output of `openssl rand -base64 48`", variable("auth.secret")),
        )?;
        refuse(
            self.server.public_scheme == Scheme::Http,
            "server.public_scheme",
            "production is served over https",
            "leave it at https and put a proxy that ends TLS in front",
        )?;
        for (key, host) in
            [("server.platform_host", &self.server.platform_host), ("server.store_domain", &self.server.store_domain)]
        {
            let local = host == "localhost" || host.ends_with(".localhost");
            refuse(local, key, "is still localhost", &format!("set {} to your domain", variable(key)))?;
        }
        let smtp = self.mail.smtp_url.as_ref().map_or("", Secret::expose);
        refuse(
            !(smtp.starts_with("smtps://") || (smtp.starts_with("smtp://") && smtp.contains("tls=required"))),
            "mail.smtp_url",
            if smtp.is_empty() { "is missing" } else { "would send mails and a password unencrypted" },
            "set SMTP_URL to smtps://user:password@host, or to smtp://user:password@host?tls=required",
        )?;
        refuse(
            self.mail.from.contains("localhost"),
            "mail.from",
            "is still localhost",
            &format!("set {} to an address that your mail server may send from", variable("mail.from")),
        )?;
        let stripe = &self.stripe;
        let secret_key = stripe.secret_key.as_ref().map_or("", Secret::expose);
        refuse(
            !(secret_key.starts_with("sk_") || secret_key.starts_with("rk_")) || secret_key.len() < 20,
            "stripe.secret_key",
            if secret_key.is_empty() { "is missing" } else { "is not a secret key of Stripe" },
            "set STRIPE_SECRET_KEY to the key from Stripe's dashboard",
        )?;
        refuse(
            !stripe.publishable_key.as_deref().unwrap_or("").starts_with("pk_"),
            "stripe.publishable_key",
            "is missing or not a publishable key",
            "set STRIPE_PUBLISHABLE_KEY to the key from Stripe's dashboard",
        )?;
        refuse(
            stripe.webhook_secrets.is_empty() || stripe.webhook_secrets.iter().any(|one| one.expose().len() < 20),
            "stripe.webhook_secrets",
            "is missing or too short",
            "set STRIPE_WEBHOOK_SECRET to the signing secret of your webhook endpoint",
        )?;
        refuse(
            self.billing.webhook_secrets.iter().any(|one| one.expose().len() < 20),
            "billing.webhook_secrets",
            "is too short",
            "set STRIPE_BILLING_WEBHOOK_SECRET to the signing secret of the endpoint for billing, or unset it",
        )?;
        refuse(
            stripe.api_base.as_deref().is_some_and(|base| !base.starts_with("https://")),
            "stripe.api_base",
            "production speaks to Stripe over https only",
            "unset it",
        )
    }
}

fn database_url(key: &str, url: &Secret) -> Result<(), ConfigError> {
    let example = format!("set {} to postgres://user:password@host/database", variable(key));
    let url = url.expose();
    refuse(url.is_empty(), key, "is missing", &example)?;
    let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    refuse(!postgres, key, "is not a postgres:// address", &example)
}

/// Where a database is, whoever logs in.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let place = rest.split('?').next().unwrap_or_default();
    if url.contains("host=") { rest.to_owned() } else { place.to_owned() }
}

/// True for "aaaa…", "0101…" and the like.
fn monotonous(text: &str) -> bool {
    let mut bytes = text.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() < 8
}

fn refuse(wrong: bool, key: &str, problem: &str, remedy: &str) -> Result<(), ConfigError> {
    if wrong {
        return Err(ConfigError { key: key.into(), problem: problem.into(), remedy: remedy.into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, LogFormat};
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let mut environment = Environment::default();
        environment.set("DATABASE_URL", "postgres://souk_app:hunter2@127.0.0.1/souk");
        for (name, value) in pairs {
            environment.set(name, *value);
        }
        environment
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        let line = Config::from_environment(&environment(pairs)).unwrap_err().to_string();
        assert!(!line.contains('\n') && !line.contains("hunter2"), "{line}");
        line
    }

    const PRODUCTION: &[(&str, &str)] = &[
        ("SOUK_ENV", "production"),
        ("SOUK__SERVER__PLATFORM_HOST", "souk.test"),
        ("SOUK__SERVER__STORE_DOMAIN", "souk.test"),
        ("SOUK__AUTH__SECRET", "kJ8vQm2xW5nR7tYc1bLz9pHd4sGf6aEu0iOq"),
        ("SMTP_URL", "smtps://souk:hunter2@mail.souk.test"),
        ("SOUK__MAIL__FROM", "Souk <no-reply@souk.test>"),
        ("STRIPE_SECRET_KEY", "sk_live_51H8mXyZtUvWqRs0"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_51H8mXyZtUvWqRs0"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_4eC39HqLyjWDarjtT1zd, whsec_9kD27JpMzkXEbskuU2ae"),
    ];

    fn production_with(name: &'static str, value: &'static str) -> String {
        refusal(&[PRODUCTION, &[(name, value)]].concat())
    }

    #[test]
    fn the_defaults_need_only_a_database() {
        let config = Config::from_environment(&environment(&[])).unwrap();
        assert_eq!(config.checkout.ttl_minutes, 15);
        assert_eq!(config.server.header_timeout, Duration::from_secs(10));
        assert_eq!(config.log.format, LogFormat::Text);
    }

    #[test]
    fn the_environment_wins_over_the_files() {
        let config = Config::from_environment(&environment(&[
            ("SOUK__CHECKOUT__TTL_MINUTES", "7"),
            ("SOUK__SERVER__PUBLIC_PORT", "8080"),
            ("STRIPE_SECRET_KEY", "12345"),
            ("STRIPE_WEBHOOK_SECRET", "one,two"),
        ]))
        .unwrap();
        assert_eq!(config.checkout.ttl_minutes, 7);
        assert_eq!(config.store_url("demo"), "http://demo.localhost:8080");
        assert_eq!(config.stripe.secret_key.unwrap().expose(), "12345");
        assert_eq!(config.stripe.webhook_secrets.len(), 2);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let line = refusal(&[("SOUK__CHECKOUT__TLT_MINUTES", "7")]);
        assert!(line.starts_with("setting checkout.tlt_minutes: is not known (in the environment)"), "{line}");
    }

    #[test]
    fn a_wrong_value_names_its_setting_and_its_variable() {
        let line = refusal(&[("SOUK__CHECKOUT__TTL_MINUTES", "soon")]);
        assert!(line.starts_with("setting checkout.ttl_minutes: found string \"soon\""), "{line}");
        assert!(line.ends_with("set SOUK__CHECKOUT__TTL_MINUTES"), "{line}");
        assert!(refusal(&[("SOUK__LOG__FORMAT", "xml")]).contains("use one of: text, json"));
        assert!(refusal(&[("SOUK__SERVER__LISTEN", "here")]).starts_with("setting server.listen: "));
    }

    #[test]
    fn a_missing_database_says_what_to_set() {
        let line = refusal(&[("DATABASE_URL", "")]);
        assert_eq!(
            line,
            "setting database.url: is missing; set DATABASE_URL to postgres://user:password@host/database"
        );
        assert!(refusal(&[("DATABASE_URL", "mysql://root:hunter2@db")]).contains("is not a postgres:// address"));
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let config = Config::from_environment(&environment(PRODUCTION)).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("sk_live") && !shown.contains("whsec"), "{shown}");
        assert_eq!(config.platform_url(), "https://souk.test");
    }

    #[test]
    fn clusters_have_names_and_databases_of_their_own() {
        let with = |name: &'static str, value: &'static str| refusal(&[(name, value)]);
        let east = "SOUK__CLUSTERS__EAST__DATABASE_URL";
        assert!(
            with("SOUK__CLUSTERS__EAST__WEIGHT", "2").starts_with("setting clusters.east.database_url: is missing")
        );
        assert!(with(east, "postgres://other@127.0.0.1/souk").contains("is another cluster's database"));
        assert!(with(east, "mysql://hunter2@127.0.0.1/souk").contains("is not a postgres:// address"));
        assert!(with("SOUK__CLUSTERS__2ND__DATABASE_URL", "postgres://a@b/c").contains("is no name of a cluster"));
        let config = Config::from_environment(&environment(&[
            (east, "postgres://souk_app:hunter2@10.0.0.2/souk"),
            ("SOUK__CLUSTERS__EAST__PLANS", "[scale]"),
            ("SOUK__CLUSTERS__MAIN__WEIGHT", "3"),
        ]))
        .unwrap();
        assert_eq!(config.clusters["east"].plans.as_deref(), Some(&["scale".to_owned()][..]));
        assert_eq!((config.clusters["east"].weight, config.clusters["main"].weight), (1, 3));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn production_refuses_what_is_fine_at_home() {
        let example = "for-development-only-never-in-production";
        assert!(production_with("SOUK__AUTH__SECRET", example).contains("is an example"));
        assert!(production_with("SOUK__AUTH__SECRET", "short").contains("is shorter than 32 bytes"));
        assert!(production_with("SOUK__AUTH__SECRET", "").contains("auth.secret: is missing"));
        assert!(production_with("SOUK__SERVER__PUBLIC_SCHEME", "http").contains("served over https"));
        assert!(production_with("SOUK__SERVER__PLATFORM_HOST", "localhost").contains("is still localhost"));
        assert!(production_with("SOUK__STRIPE__API_BASE", "http://127.0.0.1:1").contains("over https only"));
        assert!(production_with("STRIPE_WEBHOOK_SECRET", "").contains("STRIPE_WEBHOOK_SECRET"));
        assert!(production_with("STRIPE_SECRET_KEY", "").contains("stripe.secret_key: is missing"));
        assert!(production_with("SMTP_URL", "").contains("mail.smtp_url: is missing"));
        assert!(production_with("SMTP_URL", "smtp://mail.souk.test").contains("unencrypted"));
        assert!(production_with("SOUK__MAIL__FROM", "Souk <no-reply@localhost>").contains("still localhost"));
    }

    #[test]
    fn nonsense_is_refused_everywhere() {
        assert!(refusal(&[("SOUK_ENV", "prod")]).contains("set it to development or production"));
        assert!(refusal(&[("SOUK__CHECKOUT__TTL_MINUTES", "90")]).contains("above checkout.max_ttl_minutes"));
        assert!(refusal(&[("SOUK__SERVER__STORE_DOMAIN", "http://x")]).contains("not a host name"));
        assert!(refusal(&[("SOUK__DATABASE__MAX_CONNECTIONS", "1")]).contains("at least 2"));
        assert!(refusal(&[("SOUK_CONFIG_DIR", "/nowhere/at/all")]).contains("is not a directory"));
    }
}
