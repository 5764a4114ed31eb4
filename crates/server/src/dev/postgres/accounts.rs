//! The logins of a private cluster, and the database that they share.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::dev::secrets;

#[derive(Clone, Serialize, Deserialize)]
pub struct Passwords {
    pub superuser: String,
    pub admin: String,
    pub app: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

impl Passwords {
    /// The passwords in this file, which is made if there is none.
    pub fn keep(file: &Path) -> anyhow::Result<Self> {
        secrets::keep(file, || {
            let password = || secrets::random_hex(24);
            Self { superuser: password(), admin: password(), app: password() }
        })
    }

    /// Makes what is missing: again and again gives the same.
    pub async fn apply(&self, superuser: &mut PgConnection) -> anyhow::Result<()> {
        let mut tx = superuser.begin().await?;
        sqlx::query("select set_config('souk.admin', $1, true), set_config('souk.app', $2, true)")
            .bind(&self.admin)
            .bind(&self.app)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "do $$ begin
                 if to_regrole('souk_admin') is null then create role souk_admin; end if;
                 if to_regrole('souk_app') is null then create role souk_app; end if;
                 execute format('alter role souk_admin login createrole password %L', current_setting('souk.admin'));
                 execute format('alter role souk_app login noinherit password %L', current_setting('souk.app'));
                 -- From PostgreSQL 16 on, the right to make roles does not include changing those of others.
                 grant souk_app to souk_admin with admin option;
             end $$",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;

        let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = 'souk')")
            .fetch_one(&mut *superuser)
            .await?;
        if !there {
            sqlx::query("create database souk owner souk_admin").execute(&mut *superuser).await?;
        }
        Ok(())
    }
}
