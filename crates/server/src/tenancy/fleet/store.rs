//! Bring one store up to date, as often as it takes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use landlord::fleet::{self, Waiting};
use landlord::spares::Spare;
use landlord::{changes, tenants};

use super::Fleet;
use super::run::Course;
use crate::tenancy::migrate::{begin, upgrade};
use crate::tenancy::names::Name;
use crate::tenancy::spares::renewed;

/// What became of a store.
pub(super) enum Became {
    /// It is up to date.
    Current,
    /// It could not be brought up to date.
    Failed(String),
    /// Its turn is still to come.
    Left,
}

/// Clusters that do not answer: their stores are not tried one after the other.
#[derive(Default)]
pub(super) struct Away(Mutex<BTreeSet<String>>);

impl Away {
    fn knows(&self, cluster: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(cluster)
    }

    fn add(&self, cluster: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(cluster.to_owned());
    }
}

/// Why an attempt failed.
enum Cause {
    /// Somebody uses the tables; later it may go.
    Busy,
    /// The database does not answer.
    Away,
    /// The same will happen again.
    Lasting,
}

impl Fleet {
    pub(super) async fn store(&self, course: &Course<'_>, store: &Waiting) -> anyhow::Result<Became> {
        let mut tries = 0;
        loop {
            if course.away.knows(&store.cluster) {
                let why = format!("the cluster {} does not answer", store.cluster);
                return self.fail(course, store, tries, why).await;
            }
            tries += 1;
            let Err(error) = self.attempt(store).await else {
                self.record(course, store, tries).await?;
                return Ok(Became::Current);
            };
            let more = tries < self.settings.tries;
            match cause(&error) {
                Cause::Busy | Cause::Away if more => {}
                Cause::Away => {
                    course.away.add(&store.cluster);
                    return self.fail(course, store, tries, format!("{error:#}")).await;
                }
                Cause::Busy | Cause::Lasting => return self.fail(course, store, tries, format!("{error:#}")).await,
            }
            tokio::select! {
                () = course.stop.cancelled() => return Ok(Became::Left),
                () = tokio::time::sleep(pause(tries, rand::random_range(0.0..=1.0))) => {}
            }
        }
    }

    async fn attempt(&self, store: &Waiting) -> anyhow::Result<()> {
        let cluster = self.pools.reach(&store.cluster)?;
        let mut tx = begin(&cluster.admin).await?;
        upgrade(&mut tx, &Name::tenant(store.id), &self.set, self.settings.lock_timeout).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn record(&self, course: &Course<'_>, store: &Waiting, tries: u32) -> sqlx::Result<()> {
        let version = self.set.version();
        let mut tx = self.pools.landlord().begin().await?;
        if !store.spare {
            tenants::note_versions(&mut tx, &[(store.id, version)]).await?;
            // Processes that refused it let it in at once; for others nothing changes.
            if store.from_version < commerce::OLDEST_TENANT_VERSION {
                changes::tell(&mut tx, store.id).await?;
            }
        }
        fleet::done(&mut tx, course.turn.run(), store.id, i32::try_from(tries).unwrap_or(i32::MAX)).await?;
        tx.commit().await?;
        if store.spare {
            let spare = Spare { id: store.id, cluster: store.cluster.clone(), version: store.from_version };
            renewed(&self.pools, &spare, version).await?;
        }
        Ok(())
    }

    async fn fail(&self, course: &Course<'_>, store: &Waiting, tries: u32, why: String) -> anyhow::Result<Became> {
        tracing::error!(
            tenant = store.name,
            cluster = store.cluster,
            error = why,
            "the store could not be brought up to date"
        );
        let mut tx = self.pools.landlord().begin().await?;
        let tries = i32::try_from(tries).unwrap_or(i32::MAX);
        fleet::failed(&mut tx, course.turn.run(), store.id, tries, &why).await?;
        tx.commit().await?;
        Ok(Became::Failed(why))
    }
}

fn cause(error: &anyhow::Error) -> Cause {
    let Some(error) = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>()) else {
        return Cause::Lasting;
    };
    let busy = |database: &dyn sqlx::error::DatabaseError| {
        matches!(database.code().as_deref(), Some("55P03" | "40P01" | "40001" | "57014"))
    };
    if error.as_database_error().is_some_and(busy) {
        Cause::Busy
    } else if kernel::db::is_outage(error) {
        Cause::Away
    } else {
        Cause::Lasting
    }
}

/// Half a second, one, two, … ten at most, each somewhere in its upper half: what was busy together does not come back
/// together.
fn pause(tries: u32, chance: f64) -> Duration {
    let doubled = Duration::from_millis(500) * 2u32.saturating_pow(tries.clamp(1, 6) - 1);
    doubled.min(Duration::from_secs(10)).mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        let at = |tries| pause(tries, 1.0).as_millis();
        assert_eq!([1, 2, 3, 5, 6, 100].map(at), [500, 1000, 2000, 8000, 10_000, 10_000]);
        assert_eq!(pause(1, 0.0).as_millis(), 250);
    }
}
