//! A set of migrations, and what schemas that have some of them look like.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::migrate::{Migration, Migrator};

/// Migrations of one kind of schema, the oldest first.
#[derive(Debug, Clone)]
pub struct MigrationSet {
    all: Arc<[Migration]>,
    /// What a schema has that has so many of them, by how many.
    digests: Arc<[String]>,
}

/// How far a schema has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has all of them.
    Current,
    /// It lacks the newest ones.
    Behind,
    /// A newer program has added to it.
    Ahead,
    /// What it has was not made by these migrations.
    Diverged,
}

impl MigrationSet {
    /// Those of a store's schema.
    pub fn tenant() -> Self {
        Self::of(&commerce::TENANT_MIGRATIONS)
    }

    /// Those that a program holds.
    pub fn of(migrator: &Migrator) -> Self {
        Self::new(migrator.iter().filter(|one| !one.migration_type.is_down_migration()).cloned().collect())
    }

    /// The same, and one more.
    pub fn with(&self, one: Migration) -> Self {
        Self::new(self.all.iter().cloned().chain([one]).collect())
    }

    fn new(mut all: Vec<Migration>) -> Self {
        all.sort_by_key(|migration| migration.version);
        let mut hash = Sha256::new();
        let mut digests = vec![digest_of(&hash)];
        for migration in &all {
            hash.update(line(migration.version, &migration.checksum));
            digests.push(digest_of(&hash));
        }
        Self { all: all.into(), digests: digests.into() }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Migration> {
        self.all.iter()
    }

    /// The newest.
    pub fn version(&self) -> i64 {
        self.all.last().map_or(0, |migration| migration.version)
    }

    /// How far a schema has got whose newest migration is `version` and whose migrations have this digest.
    pub fn standing(&self, version: i64, digest: &str) -> Standing {
        match self.digests.iter().position(|known| known == digest) {
            Some(count) if count == self.all.len() => Standing::Current,
            Some(_) => Standing::Behind,
            None if version > self.version() => Standing::Ahead,
            None => Standing::Diverged,
        }
    }
}

/// The same text as SQL makes of a row: see [`DIGEST`].
fn line(version: i64, checksum: &[u8]) -> String {
    use std::fmt::Write;
    let mut line = format!("{version}:");
    for byte in checksum {
        let _ = write!(line, "{byte:02x}");
    }
    line.push(';');
    line
}

fn digest_of(hash: &Sha256) -> String {
    use std::fmt::Write;
    hash.clone().finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest of a schema's migrations, as SQL over its table of them.
pub(super) const DIGEST: &str = "encode(sha256(convert_to(coalesce(string_agg(version || ':' || encode(checksum, 'hex') || ';', '' order by version), ''), 'UTF8')), 'hex')";

#[cfg(test)]
mod tests {
    use sqlx::migrate::MigrationType;
    use sqlx::{AssertSqlSafe, SqlSafeStr};

    use super::*;

    fn one(version: i64, sql: &'static str) -> Migration {
        Migration::new(version, "x".into(), MigrationType::Simple, AssertSqlSafe(sql).into_sql_str(), false)
    }

    #[test]
    fn a_schema_is_known_by_what_was_applied() {
        let old = MigrationSet::new(vec![one(1, "a"), one(2, "b")]);
        let new = old.with(one(3, "c"));
        let all = |set: &MigrationSet| set.digests.last().cloned().unwrap_or_default();
        assert_eq!(new.standing(3, &all(&new)), Standing::Current);
        assert_eq!(new.standing(2, &all(&old)), Standing::Behind);
        assert_eq!(new.standing(0, &new.digests[0]), Standing::Behind);
        assert_eq!(old.standing(3, &all(&new)), Standing::Ahead);
        let other = MigrationSet::new(vec![one(1, "a"), one(2, "x")]);
        assert_eq!(new.standing(2, &all(&other)), Standing::Diverged);
        // One that is missing in the middle is no part of a way that anybody went.
        let holed = MigrationSet::new(vec![one(1, "a"), one(3, "c")]);
        assert_eq!(new.standing(3, &all(&holed)), Standing::Diverged);
    }
}
