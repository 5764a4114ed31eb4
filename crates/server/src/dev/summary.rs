//! What others want to know about a running `souk dev`: `dev.json` for programs, a few lines for people.

use serde::Serialize;

use super::postgres::Cluster;
use super::secrets;
use super::state::State;
use crate::config::{Config, Secret};

/// The contract of `.souk/dev.json`.
#[derive(Serialize)]
pub struct Summary {
    platform_url: String,
    demo: Demo,
    admin: Admin,
    stripe_sandbox_url: Option<String>,
    stripe_publishable_key: Option<String>,
    stripe_secret_key: Option<String>,
    database_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_url: Option<String>,
    mail_dir: String,
}

#[derive(Serialize)]
struct Demo {
    slug: String,
    url: String,
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Admin {
    email: String,
    password: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<String>,
}

impl Summary {
    pub fn new(state: &State, config: &Config, sandbox: Option<&str>, totp_secret: Option<String>) -> Self {
        let logins = state.secrets.logins.clone();
        let exposed = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        Self {
            platform_url: config.platform_url(),
            demo: Demo {
                url: config.store_url(&logins.demo_slug),
                slug: logins.demo_slug,
                email: logins.demo_email,
                password: logins.demo_password,
            },
            admin: Admin { email: logins.admin_email, password: logins.admin_password, totp_secret },
            stripe_sandbox_url: sandbox.map(str::to_owned),
            stripe_publishable_key: config.stripe.publishable_key.clone(),
            stripe_secret_key: exposed(&config.stripe.secret_key),
            // Who looks here wants to read the data; the application's own login can read none by itself.
            database_url: config.database.admin_url.as_ref().unwrap_or(&config.database.url).expose().to_owned(),
            redis_url: exposed(&config.redis.url),
            mail_dir: config.mail.directory.display().to_string(),
        }
    }

    pub fn publish(&self, state: &State, database: Option<&Cluster>) -> anyhow::Result<()> {
        secrets::write_private(&state.announcement(), self)?;
        println!("{}", self.for_people(database));
        Ok(())
    }

    fn for_people(&self, database: Option<&Cluster>) -> String {
        let row = |name: &str, value: &str| format!("  {name:<10} {value}\n");
        let mut text = String::from("\n  Souk is running.\n\n");
        text += &row("Platform", &self.platform_url);
        text += &row("", &format!("{}/docs", self.platform_url));
        text += &row("  admin", &format!("{}  {}", self.admin.email, self.admin.password));
        if let Some(secret) = &self.admin.totp_secret {
            text += &row("", &format!("authenticator: {secret}"));
        }
        text += &row("Demo store", &self.demo.url);
        text += &row("", &format!("{}/docs", self.demo.url));
        text += &row("  merchant", &format!("{}  {}", self.demo.email, self.demo.password));
        match &self.stripe_sandbox_url {
            Some(url) => text += &row("Stripe", &format!("{url} (sandbox: no money moves)")),
            None => text += &row("Stripe", "the account of STRIPE_SECRET_KEY"),
        }
        match database {
            Some(cluster) => {
                text += &row("Database", &format!("PostgreSQL on 127.0.0.1:{}", cluster.port()));
                text += &row("  log", &from_here(&cluster.log()));
            }
            None => text += &row("Database", "the one of DATABASE_URL"),
        }
        text += &row("Redis", if self.redis_url.is_some() { "the one of REDIS_URL" } else { "none: it works without" });
        text += &row("Mails", &from_here(std::path::Path::new(&self.mail_dir)));
        text += "\n  All of it is in .souk/dev.json. Ctrl-C stops; .souk/ keeps the data.\n";
        text
    }
}

/// Paths below the current directory, as people type them.
fn from_here(path: &std::path::Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
