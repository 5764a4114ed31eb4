//! Put the parts together and run them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use commerce::shop::{Platform, RefundDefaults, Retention, ReviewDefaults};
use futures::future::join_all;
use kernel::cache::SharedCache;
use kernel::clock::Clock;
use kernel::secret::Possession;
use landlord::billing::BillingSettings;
use landlord::clusters::{self, Declared};
use landlord::mails::{MailSettings, Mailer, MailerError};
use landlord::{Landlord, LandlordSettings};
use stripe_gateway::{StripeGateway, StripeSettings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, App};
use crate::config::{self, Config, Scheme, Secret};
use crate::listen::{self, Limits};
use crate::metrics::{self, Gauges};
use crate::tenancy::{self, Fleet, Pools, Provisioner, Stores, Wanted};
use crate::worker::Worker;

/// Everything that is needed to serve or to work.
#[derive(Clone)]
pub struct Souk {
    /// The ways to the databases.
    pub pools: Pools,
    /// The platform.
    pub landlord: Landlord,
    /// The stores.
    pub stores: Stores,
    /// What is counted over all stores, by this process if it is its turn.
    pub gauges: Gauges,
    /// The settings.
    pub config: Arc<Config>,
}

impl Souk {
    /// Puts everything together. Nothing is connected yet, except that a bad address is found out.
    pub fn new(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let pools = tenancy::connect(&config)?;
        let auth_secret = config.auth.secret.expose();
        let mailer = mailer(&config).context("mail: smtp_url and from must be what a mail server understands")?;
        let gateway = StripeGateway::new(&stripe(&config))
            .context("stripe.secret_key: set STRIPE_SECRET_KEY to a key of Stripe's or of the sandbox's")?;
        let landlord = landlord(&config, &pools, clock.clone(), mailer, gateway.clone());
        let shared = match &config.redis.url {
            Some(url) => SharedCache::redis(url.expose(), config.redis.command_timeout).context("redis.url")?,
            None => SharedCache::none(),
        };
        let tools = tenancy::Tools {
            clock,
            stripe: gateway,
            possession: Possession::new(auth_secret),
            platform: Arc::new(platform(&config)),
        };
        let stores = Stores::new(pools.clone(), shared, tools);
        Ok(Self { pools, landlord, stores, gauges: Gauges::default(), config: Arc::new(config) })
    }

    /// Brings the platform's schemas up to date. A cluster that is away does not keep the rest from starting: a worker
    /// sees to it when it is back.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let done = tenancy::migrate_landlord(&self.pools, &self.config.database).await?;
        let declared: Vec<Declared> = self.pools.clusters().map(|cluster| self.declared(&cluster.id)).collect();
        let mut tx = self.pools.landlord().begin().await?;
        clusters::declare(&mut tx, &declared).await?;
        tx.commit().await?;
        tracing::info!(landlord = done.applied, "migrated");
        let clusters = self.pools.clusters().map(async |cluster| {
            let done = tenancy::migrate_cluster(cluster, &self.config.database).await;
            let done = done.with_context(|| format!("the cluster {}", cluster.id));
            match done {
                Ok(done) => tracing::debug!(cluster = %cluster.id, applied = done.applied, "migrated"),
                Err(error) if is_away(&error) => {
                    tracing::error!(cluster = %cluster.id, error = format!("{error:#}"), "not brought up to date");
                }
                Err(error) => return Err(error),
            }
            Ok(())
        });
        join_all(clusters).await.into_iter().collect()
    }

    fn declared(&self, id: &str) -> Declared {
        let settings = self.config.clusters.get(id);
        Declared {
            id: id.to_owned(),
            weight: settings.and_then(|settings| i32::try_from(settings.weight).ok()).unwrap_or(1),
            plans: settings.and_then(|settings| settings.plans.clone()),
        }
    }

    /// The schemas of all stores.
    pub fn fleet(&self) -> Fleet {
        Fleet::new(self.pools.clone(), self.config.fleet.clone())
    }

    /// Brings all stores up to date, all at once. An error when one could not be; the others are.
    pub async fn migrate_stores(&self) -> anyhow::Result<()> {
        let wanted = Wanted { canaries: false, parallel: self.config.fleet.parallel, wait: true };
        let done = self.fleet().migrate(wanted, &CancellationToken::new(), |_| {}).await?;
        tracing::info!(
            schemas = done.looked_at,
            migrated = done.counts.done,
            failed = done.counts.failed,
            "stores migrated"
        );
        for (cluster, why) in &done.unreachable {
            tracing::error!(cluster, error = why, "the cluster could not be looked at");
        }
        anyhow::ensure!(
            done.is_good(),
            "{} stores and {} clusters could not be brought up to date; see `souk fleet status`",
            done.counts.failed,
            done.unreachable.len()
        );
        Ok(())
    }

    /// The application's routes.
    pub fn router(&self) -> axum::Router {
        app::router(App {
            landlord: self.landlord.clone(),
            stores: self.stores.clone(),
            pools: self.pools.clone(),
            platform_host: self.config.server.platform_host.as_str().into(),
            proxies: self.config.server.trusted_proxies.as_slice().into(),
            max_body_bytes: self.config.server.max_body_bytes,
            max_webhook_bytes: self.config.server.max_webhook_bytes,
        })
    }

    /// The worker.
    pub fn worker(&self) -> Worker {
        Worker {
            stores: self.stores.clone(),
            landlord: self.landlord.clone(),
            pools: self.pools.clone(),
            gauges: self.gauges.clone(),
            spare_schemas: self.config.provisioning.spare_schemas,
            parallel: self.config.provisioning.parallel,
            keep_moved_days: self.config.fleet.keep_moved_days,
            database: self.config.database.clone(),
            schedules: self.config.cron.schedules(),
            keep_mail_days: self.config.mail.keep_days,
            only: None,
        }
    }

    /// Answers requests until told to stop, and then those in flight.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        let heard = tokio::spawn(tenancy::watch(self.pools.admin.clone(), self.stores.clone(), stop.clone()));
        let limits = Limits::from(&self.config.server);
        let measured = tokio::spawn(metrics::serve(self.clone(), stop.clone()));
        let served = listen::serve(listener, self.router(), limits, stop.clone().cancelled_owned()).await;
        stop.cancel();
        heard.await?;
        measured.await?;
        served
    }

    /// Works until told to stop.
    pub async fn work(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let heard = tokio::spawn(tenancy::watch(self.pools.admin.clone(), self.stores.clone(), stop.clone()));
        let measured = tokio::spawn(metrics::serve(self.clone(), stop.clone()));
        self.worker().run(stop.clone()).await;
        stop.cancel();
        heard.await?;
        measured.await?;
        Ok(())
    }
}

fn mailer(config: &Config) -> Result<Mailer, MailerError> {
    let mail = &config.mail;
    Mailer::new(&MailSettings {
        smtp_url: mail.smtp_url.as_ref().map(|url| url.expose().to_owned()),
        from: mail.from.clone(),
        directory: mail.directory.clone(),
        timeout: mail.timeout,
    })
}

/// Does the error say that a database does not answer?
fn is_away(error: &anyhow::Error) -> bool {
    error.chain().find_map(|cause| cause.downcast_ref()).is_some_and(kernel::db::is_outage)
}

fn landlord(config: &Config, pools: &Pools, clock: Clock, mailer: Mailer, stripe: StripeGateway) -> Landlord {
    let provisioner = Provisioner::new(pools.clone());
    let provision: landlord::Provision = Arc::new(move |tenant| {
        let provisioner = provisioner.clone();
        Box::pin(async move { provisioner.provision(&tenant).await.map_err(tenancy::as_problem) })
    });
    let settings = LandlordSettings {
        platform_name: config.server.platform_name.clone(),
        platform_host: config.server.platform_host.clone(),
        store_domain: config.server.store_domain.clone(),
        public_scheme: match config.server.public_scheme {
            Scheme::Http => "http".into(),
            Scheme::Https => "https".into(),
        },
        public_port: config.server.public_port.or_else(|| {
            // Behind a proxy the port is the scheme's own; without one it is the one listened on.
            (config.server.public_scheme == Scheme::Http).then(|| config.server.listen.port())
        }),
        trial_days: config.trial.days,
        access_minutes: config.auth.access_minutes,
        refresh_days: config.auth.refresh_days,
        refresh_absolute_days: config.auth.refresh_absolute_days,
        admin_session_hours: config.auth.admin_session_hours,
        max_hashes: config.auth.max_hashes,
        clusters: pools.cluster_ids(),
        tenant_version: tenancy::tenant_version(),
        billing: billing(config),
    };
    Landlord::new(pools.landlord(), clock, config.auth.secret.expose(), mailer, stripe, settings, provision)
}

fn billing(config: &Config) -> BillingSettings {
    let own = &config.billing.webhook_secrets;
    let secrets = if own.is_empty() { &config.stripe.webhook_secrets } else { own };
    BillingSettings {
        webhook_secrets: secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
        livemode: livemode(config),
        portal_configuration: config.billing.portal_configuration.clone(),
        trial_warning_days: config.billing.trial_warning_days,
        reconcile_hours: config.billing.reconcile_hours,
        event_tries: i32::try_from(config.billing.event_tries).unwrap_or(i32::MAX),
    }
}

fn livemode(config: &Config) -> bool {
    let secret_key = config.stripe.secret_key.as_ref().map_or("", Secret::expose);
    secret_key.starts_with("sk_live_") || secret_key.starts_with("rk_live_")
}

fn stripe(config: &Config) -> StripeSettings {
    let key = config.stripe.secret_key.as_ref().map_or("", Secret::expose);
    StripeSettings {
        api_base: config.stripe.api_base.clone(),
        timeout: config.stripe.timeout,
        attempts: config.stripe.attempts,
        ..StripeSettings::new(key)
    }
}

fn platform(config: &Config) -> Platform {
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    Platform {
        checkout_ttl: minutes(config.checkout.ttl_minutes),
        checkout_max_ttl: minutes(config.checkout.max_ttl_minutes),
        webhook_secrets: config.stripe.webhook_secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
        livemode: livemode(config),
        publishable_key: config.stripe.publishable_key.clone().unwrap_or_default(),
        retention: retention(&config.retention),
        application_fee: config.stripe.application_fee_percent,
        review: ReviewDefaults {
            cod_above: config.review.cod_above,
            order_above: config.review.order_above,
            pending_orders: config.review.pending_orders,
            hourly_orders: config.review.hourly_orders,
            duplicate_minutes: config.review.duplicate_minutes,
            hold_hours: config.review.hold_hours,
        },
        refunds: RefundDefaults {
            support_up_to: config.refunds.support_up_to,
            manager_up_to: config.refunds.manager_up_to,
        },
        log_phases: config.checkout.log_phases,
    }
}

fn retention(config: &config::Retention) -> Retention {
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    Retention {
        event_days: days(config.events_days),
        refund_event_days: days(config.refund_events_days),
        movement_days: days(config.movements_days),
        provider_event_days: days(config.provider_events_days),
        provider_event_id_days: days(config.provider_event_ids_days),
    }
}
