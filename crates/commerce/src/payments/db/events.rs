//! The SQL of what the provider sends.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use stripe_gateway::webhook::Event;

use crate::payments::{PaymentError, Received};

/// Stores a message; `outcome`: it is processed in this transaction. `None` when it was stored before.
pub async fn insert_event(
    tx: &mut TenantTx,
    event: &Event,
    payload: &str,
    digest: &[u8],
    outcome: Option<&str>,
) -> Result<Option<i64>, PaymentError> {
    let id = sqlx::query_scalar!(
        "insert into provider_events (provider, event_id, kind, account, payload, digest, outcome, attempts,
                                      processed_at)
         values ('stripe', $1, $2, $3, $4, $5, $6, case when $6::text is null then 0 else 1 end,
                 case when $6::text is null then null else now() end)
         on conflict (provider, event_id) do nothing returning id",
        event.id,
        event.kind,
        event.account,
        payload,
        digest,
        outcome,
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

pub async fn event(tx: &mut TenantTx, event_id: &str) -> Result<Option<(i64, Vec<u8>, bool)>, PaymentError> {
    let row = sqlx::query!(
        r#"select id, digest, processed_at is not null as "processed!"
           from provider_events where provider = 'stripe' and event_id = $1"#,
        event_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.digest, row.processed)))
}

pub async fn finish_event(tx: &mut TenantTx, id: i64, outcome: &str) -> Result<(), PaymentError> {
    sqlx::query!(
        "update provider_events
         set processed_at = coalesce(processed_at, now()), outcome = $2, attempts = attempts + 1, last_error = null,
             dead_at = null
         where id = $1",
        id,
        outcome,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a failure; true when it was one too many.
pub async fn fail_event(tx: &mut TenantTx, id: i64, error: &str, tries: i32) -> Result<bool, PaymentError> {
    let dead = sqlx::query_scalar!(
        r#"update provider_events
           set attempts = attempts + 1, last_error = left($2, 500),
               dead_at = case when attempts + 1 >= $3 then now() end
           where id = $1 and processed_at is null and dead_at is null
           returning dead_at is not null as "dead!""#,
        id,
        error,
        tries,
    );
    Ok(dead.fetch_optional(tx.conn()).await?.unwrap_or(false))
}

/// Opens a message again that was put aside; any other stays as it is. `None`: there is no such message.
pub async fn reopen_event(tx: &mut TenantTx, event_id: &str) -> Result<Option<Received>, PaymentError> {
    let event = sqlx::query_as!(
        Received,
        r#"update provider_events set attempts = case when dead_at is null then attempts else 0 end, dead_at = null
           where provider = 'stripe' and event_id = $1
           returning id, payload, processed_at is not null as "processed!""#,
        event_id,
    );
    Ok(event.fetch_optional(tx.conn()).await?)
}

pub async fn open_events(tx: &mut TenantTx, limit: i64) -> Result<Vec<Received>, PaymentError> {
    let events = sqlx::query_as!(
        Received,
        r#"select id, payload, false as "processed!" from provider_events
           where processed_at is null and dead_at is null order by id limit $1"#,
        limit,
    );
    Ok(events.fetch_all(tx.conn()).await?)
}

/// A message of the provider's, as staff sees it: never its payload, which holds secrets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProviderEvent {
    /// Later ones have higher ids.
    pub id: i64,
    /// The provider's own id.
    pub event_id: String,
    /// Such as `payment_intent.succeeded`.
    pub kind: String,
    /// The connected account that it is about.
    pub account: Option<String>,
    /// `open`, `processed` or `dead`.
    pub state: String,
    /// `applied`, `ignored`, `not_ours` or `unreadable`, once it is processed.
    pub outcome: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was processed.
    pub processed_at: Option<DateTime<Utc>>,
}

/// The newest messages before `before`: all of them, or those in one state.
pub async fn list_events(
    tx: &mut TenantTx,
    state: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ProviderEvent>, PaymentError> {
    let before = before.unwrap_or(i64::MAX);
    let rows = match state {
        Some("open") => {
            sqlx::query_as!(
                ProviderEvent,
                r#"select id, event_id, kind, account, 'open' as "state!", outcome, attempts, last_error, received_at,
                      processed_at
               from provider_events where processed_at is null and dead_at is null and id < $1
               order by id desc limit $2"#,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await?
        }
        Some("dead") => {
            sqlx::query_as!(
                ProviderEvent,
                r#"select id, event_id, kind, account, 'dead' as "state!", outcome, attempts, last_error, received_at,
                      processed_at
               from provider_events where dead_at is not null and id < $1
               order by id desc limit $2"#,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await?
        }
        Some(_) => sqlx::query_as!(
            ProviderEvent,
            r#"select id, event_id, kind, account, 'processed' as "state!", outcome, attempts, last_error, received_at,
                      processed_at
               from provider_events where processed_at is not null and id < $1
               order by id desc limit $2"#,
            before,
            limit,
        )
        .fetch_all(tx.conn())
        .await?,
        None => {
            sqlx::query_as!(
                ProviderEvent,
                r#"select id, event_id, kind, account,
                      case when dead_at is not null then 'dead' when processed_at is null then 'open'
                           else 'processed' end as "state!",
                      outcome, attempts, last_error, received_at, processed_at
               from provider_events where id < $1
               order by id desc limit $2"#,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows)
}

pub async fn empty_events(tx: &mut TenantTx, days: i32, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update provider_events set payload = ''
         where id in (select id from provider_events
                      where payload <> '' and processed_at is not null
                        and received_at < now() - make_interval(days => $1)
                      order by id limit $2)",
        days,
        limit,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

pub async fn delete_events(tx: &mut TenantTx, days: i32, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from provider_events
         where id in (select id from provider_events
                      where processed_at is not null and received_at < now() - make_interval(days => $1)
                      order by id limit $2)",
        days,
        limit,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
