//! The SQL of payments. Nothing outside this folder touches these tables.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{Locked, NewPayment, Payment, PaymentError, PaymentId, Provider, Received, Report, Status};
use crate::orders::OrderId;

pub(super) async fn insert(
    tx: &mut TenantTx,
    payments: &[NewPayment],
    statuses: &[String],
) -> Result<(), PaymentError> {
    let ids: Vec<Uuid> = payments.iter().map(|payment| payment.id.0).collect();
    let orders: Vec<Uuid> = payments.iter().map(|payment| payment.order.0).collect();
    let providers: Vec<String> = payments.iter().map(|payment| payment.provider.name().to_owned()).collect();
    let attempts: Vec<i32> = payments.iter().map(|payment| payment.attempt).collect();
    let amounts: Vec<i64> = payments.iter().map(|payment| payment.amount_minor).collect();
    let currencies: Vec<String> = payments.iter().map(|payment| payment.currency.to_owned()).collect();
    let accounts: Vec<Option<String>> = payments.iter().map(|payment| payment.account.clone()).collect();
    let keys: Vec<String> = payments.iter().map(|payment| payment.provider_key.clone()).collect();
    sqlx::query!(
        "insert into payments (id, order_id, provider, status, attempt, amount_minor, currency, account, provider_key,
                               version)
         select u.id, u.order_id, u.provider, u.status, u.attempt, u.amount, u.currency, u.account, u.provider_key, 1
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[],
                     $9::text[])
              as u (id, order_id, provider, status, attempt, amount, currency, account, provider_key)",
        &ids,
        &orders,
        &providers,
        statuses,
        &attempts,
        &amounts,
        &currencies,
        &accounts as &[Option<String>],
        &keys,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks a payment until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Locked>, PaymentError> {
    let payment = sqlx::query_as!(
        Locked,
        r#"select id as "id: PaymentId", order_id, provider as "provider: Provider", status as "status: Status",
                  amount_minor, currency, account, provider_key, provider_ref, failure_code, flag, version,
                  created_at < now() - interval '23 hours' as "stale!"
           from payments where id = $1 for update"#,
        id.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// Reads a payment without locking it.
pub(super) async fn read(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Locked>, PaymentError> {
    let payment = sqlx::query_as!(
        Locked,
        r#"select id as "id: PaymentId", order_id, provider as "provider: Provider", status as "status: Status",
                  amount_minor, currency, account, provider_key, provider_ref, failure_code, flag, version,
                  created_at < now() - interval '23 hours' as "stale!"
           from payments where id = $1"#,
        id.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// The order that a payment pays.
pub async fn order_of(tx: &mut TenantTx, id: PaymentId) -> Result<Option<OrderId>, PaymentError> {
    let order = sqlx::query_scalar!(r#"select order_id as "id: OrderId" from payments where id = $1"#, id.0);
    Ok(order.fetch_optional(tx.conn()).await?)
}

/// The order of a payment, found by our id or by the provider's.
pub async fn place(
    tx: &mut TenantTx,
    id: Option<PaymentId>,
    provider_ref: &str,
) -> Result<Option<(PaymentId, OrderId)>, PaymentError> {
    let row = sqlx::query!(
        r#"select id as "id: PaymentId", order_id as "order_id: OrderId" from payments where provider_ref = $1
           union all
           select id, order_id from payments where id = $2 and provider_ref is null and provider = 'stripe'
           limit 1"#,
        provider_ref,
        id.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| row.id.zip(row.order_id)))
}

/// The latest payment of an order.
pub async fn of_order(tx: &mut TenantTx, order: OrderId) -> Result<Option<Payment>, PaymentError> {
    let payment = sqlx::query_as!(
        Payment,
        r#"select id as "id: PaymentId", order_id, provider, status, amount_minor, captured_minor, currency,
                  provider_ref, client_secret, failure_code, flag, created_at
           from payments where order_id = $1 order by attempt desc limit 1"#,
        order.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

pub(super) async fn set_reported(
    tx: &mut TenantTx,
    payment: &Locked,
    to: Status,
    report: &Report,
) -> Result<(), PaymentError> {
    let done = sqlx::query!(
        "update payments
         set status = $3, provider_ref = $4, client_secret = coalesce($5, client_secret), failure_code = $6,
             captured_minor = case when $3 = 'succeeded' then $7 else captured_minor end,
             version = version + 1, updated_at = now()
         where id = $1 and status = $2",
        payment.id.0,
        payment.status.name(),
        to.name(),
        report.provider_ref,
        report.client_secret,
        report.failure_code,
        report.received_minor,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(PaymentError::Changed) }
}

/// Writes the provider's first answer into a payment that is as it was made.
pub(super) async fn set_prepared(tx: &mut TenantTx, id: PaymentId, report: &Report) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "update payments set status = 'requires_action', provider_ref = $2, client_secret = $3, updated_at = now()
         where id = $1 and status = 'created' and provider_ref is null",
        id.0,
        report.provider_ref,
        report.client_secret,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_flag(tx: &mut TenantTx, payment: &Locked, flag: &str) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments set flag = $2, version = version + 1, updated_at = now() where id = $1",
        payment.id.0,
        flag,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn set_status(tx: &mut TenantTx, payment: &Locked, to: Status) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments set status = $3, updated_at = now() where id = $1 and status = $2",
        payment.id.0,
        payment.status.name(),
        to.name(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn end(
    tx: &mut TenantTx,
    payment: &Locked,
    to: Status,
    failure_code: &str,
) -> Result<(), PaymentError> {
    let done = sqlx::query!(
        "update payments set status = $3, failure_code = $4, version = version + 1, updated_at = now()
         where id = $1 and status = $2",
        payment.id.0,
        payment.status.name(),
        to.name(),
        failure_code,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(PaymentError::Changed) }
}

pub(super) async fn list(
    tx: &mut TenantTx,
    before: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, PaymentError> {
    let payments = sqlx::query_as!(
        Payment,
        r#"select id as "id: PaymentId", order_id, provider, status, amount_minor, captured_minor, currency,
                  provider_ref, client_secret, failure_code, flag, created_at
           from payments where id < $1 order by id desc limit $2"#,
        before.map_or(Uuid::max(), |id| id.0),
        limit,
    );
    Ok(payments.fetch_all(tx.conn()).await?)
}

pub(super) async fn insert_event(
    tx: &mut TenantTx,
    event_id: &str,
    kind: &str,
    account: Option<&str>,
    payload: &str,
    digest: &[u8],
) -> Result<Option<i64>, PaymentError> {
    let id = sqlx::query_scalar!(
        "insert into provider_events (provider, event_id, kind, account, payload, digest)
         values ('stripe', $1, $2, $3, $4, $5)
         on conflict (provider, event_id) do nothing returning id",
        event_id,
        kind,
        account,
        payload,
        digest,
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

pub(super) async fn event(tx: &mut TenantTx, event_id: &str) -> Result<Option<(i64, Vec<u8>, bool)>, PaymentError> {
    let row = sqlx::query!(
        r#"select id, digest, processed_at is not null as "processed!"
           from provider_events where provider = 'stripe' and event_id = $1"#,
        event_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.digest, row.processed)))
}

pub(super) async fn finish_event(tx: &mut TenantTx, id: i64, outcome: &str) -> Result<(), PaymentError> {
    sqlx::query!(
        "update provider_events set processed_at = now(), outcome = $2, attempts = attempts + 1
         where id = $1 and processed_at is null",
        id,
        outcome,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn open_events(tx: &mut TenantTx, limit: i64) -> Result<Vec<Received>, PaymentError> {
    let events = sqlx::query_as!(
        Received,
        r#"select id, payload, false as "processed!" from provider_events
           where processed_at is null order by id limit $1"#,
        limit,
    );
    Ok(events.fetch_all(tx.conn()).await?)
}

/// Sets what went back of a locked payment, and what is promised. False when both are so already.
pub(super) async fn set_refunds(
    tx: &mut TenantTx,
    payment: &Locked,
    refunded_minor: i64,
    promised_minor: i64,
) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "update payments
         set refunded_minor = $3, refund_pending_minor = $4, version = version + 1, updated_at = now()
         where id = $1 and version = $2 and (refunded_minor, refund_pending_minor) is distinct from ($3, $4)",
        payment.id.0,
        payment.version,
        refunded_minor,
        promised_minor,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn empty_events(tx: &mut TenantTx, days: i32, limit: i64) -> sqlx::Result<u64> {
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

pub(super) async fn delete_events(tx: &mut TenantTx, days: i32, limit: i64) -> sqlx::Result<u64> {
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
