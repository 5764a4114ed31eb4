//! The SQL of payments. Nothing outside this folder touches these tables.

pub(super) mod events;
mod surplus;
mod undecided;

use kernel::db::TenantTx;
use uuid::Uuid;

use crate::orders::OrderId;
use crate::payments::{Capture, Locked, NewPayment, Payment, PaymentError, PaymentId, Provider, Report, Status};

pub(super) use surplus::{
    insert_stray, owes, promise_return, set_not_returned, set_reference, set_returned, set_surplus,
};
pub use undecided::{flag_undecided, undecided_for_an_hour};
pub(super) use undecided::{note_absent, note_unknown, renew_key};

pub(super) async fn insert(
    tx: &mut TenantTx,
    payments: &[NewPayment],
    statuses: &[String],
    fees: &[Option<i64>],
) -> Result<(), PaymentError> {
    let ids: Vec<Uuid> = payments.iter().map(|payment| payment.id.0).collect();
    let orders: Vec<Uuid> = payments.iter().map(|payment| payment.order.0).collect();
    let providers: Vec<String> = payments.iter().map(|payment| payment.provider.name().to_owned()).collect();
    let attempts: Vec<i32> = payments.iter().map(|payment| payment.attempt).collect();
    let amounts: Vec<i64> = payments.iter().map(|payment| payment.amount_minor).collect();
    let currencies: Vec<String> = payments.iter().map(|payment| payment.currency.to_owned()).collect();
    let accounts: Vec<Option<String>> = payments.iter().map(|payment| payment.account.clone()).collect();
    let keys: Vec<String> = payments.iter().map(|payment| payment.provider_key.clone()).collect();
    let captures: Vec<String> = payments.iter().map(|payment| payment.capture.name().to_owned()).collect();
    sqlx::query!(
        "insert into payments (id, order_id, provider, status, attempt, amount_minor, currency, account, provider_key,
                               capture, application_fee_minor, version)
         select u.id, u.order_id, u.provider, u.status, u.attempt, u.amount, u.currency, u.account, u.provider_key,
                u.capture, u.fee, 1
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::bigint[])
              as u (id, order_id, provider, status, attempt, amount, currency, account, provider_key, capture, fee)",
        &ids,
        &orders,
        &providers,
        statuses,
        &attempts,
        &amounts,
        &currencies,
        &accounts as &[Option<String>],
        &keys,
        &captures,
        fees as &[Option<i64>],
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
                  amount_minor, currency, account, provider_key, provider_ref, failure_code, flag, version, attempt,
                  capture as "capture: Capture", application_fee_minor, captured_minor, refunded_minor, void_reason,
                  surplus, reference, asks, created_at < now() - interval '23 hours' as "stale!"
           from payments where id = $1 for update"#,
        id.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// Reads a payment without locking it.
pub async fn read(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Locked>, PaymentError> {
    let payment = sqlx::query_as!(
        Locked,
        r#"select id as "id: PaymentId", order_id, provider as "provider: Provider", status as "status: Status",
                  amount_minor, currency, account, provider_key, provider_ref, failure_code, flag, version, attempt,
                  capture as "capture: Capture", application_fee_minor, captured_minor, refunded_minor, void_reason,
                  surplus, reference, asks, created_at < now() - interval '23 hours' as "stale!"
           from payments where id = $1"#,
        id.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// Locks the open payment of an order that one provider moves.
pub(super) async fn lock_open_of_order(
    tx: &mut TenantTx,
    order: OrderId,
    provider: Provider,
) -> Result<Option<Locked>, PaymentError> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: PaymentId" from payments
           where order_id = $1 and provider = $2 and status in ('processing', 'authorized') and not surplus"#,
        order.0,
        provider.name(),
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => lock(tx, id).await,
        None => Ok(None),
    }
}

/// The attempt that a request made before.
pub async fn attempt_of(tx: &mut TenantTx, request_key: &str) -> Result<Option<PaymentId>, PaymentError> {
    let id = sqlx::query_scalar!(r#"select id as "id: PaymentId" from payments where request_key = $1"#, request_key);
    Ok(id.fetch_optional(tx.conn()).await?)
}

/// The payment that the provider knows by this id, its order, and whether it bought nothing.
pub async fn place(tx: &mut TenantTx, provider_ref: &str) -> Result<Option<(PaymentId, OrderId, bool)>, PaymentError> {
    let row = sqlx::query!(
        r#"select id as "id: PaymentId", order_id as "order_id: OrderId", surplus from payments where provider_ref = $1"#,
        provider_ref,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.order_id, row.surplus)))
}

/// The latest payment of an order; one that bought nothing only when there is no other.
pub async fn of_order(tx: &mut TenantTx, order: OrderId) -> Result<Option<Payment>, PaymentError> {
    let payment = sqlx::query_as!(
        Payment,
        r#"select id as "id: PaymentId", order_id, provider, status, amount_minor, captured_minor, refunded_minor,
                  application_fee_minor, capture, attempt, surplus, reference, currency, provider_ref, client_secret,
                  failure_code, flag, created_at
           from payments where order_id = $1 order by surplus, attempt desc limit 1"#,
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
             flag = nullif(flag, 'undecided'), unknown_since = null, asks = 0, absent_since = null,
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

/// Notes why a payment that is open is being called off; the first reason stands.
pub async fn set_void_reason(tx: &mut TenantTx, payment: &mut Locked, reason: &str) -> Result<(), PaymentError> {
    if payment.void_reason.is_none() {
        sqlx::query!("update payments set void_reason = $2, updated_at = now() where id = $1", payment.id.0, reason)
            .execute(tx.conn())
            .await?;
        payment.void_reason = Some(reason.to_owned());
    }
    Ok(())
}

/// Notes which request made an attempt.
pub async fn set_request_key(tx: &mut TenantTx, id: PaymentId, key: &str) -> Result<(), PaymentError> {
    sqlx::query!("update payments set request_key = $2 where id = $1", id.0, key).execute(tx.conn()).await?;
    Ok(())
}

/// Notes that somebody asked for authorised money.
pub async fn request_capture(tx: &mut TenantTx, id: PaymentId) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments set capture_requested_at = coalesce(capture_requested_at, now()), updated_at = now()
         where id = $1",
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn set_ref(tx: &mut TenantTx, payment: &Locked, provider_ref: &str) -> Result<(), PaymentError> {
    sqlx::query!("update payments set provider_ref = $2, updated_at = now() where id = $1", payment.id.0, provider_ref)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn set_taken_in(
    tx: &mut TenantTx,
    payment: &Locked,
    reference: Option<&str>,
) -> Result<(), PaymentError> {
    let done = sqlx::query!(
        "update payments
         set status = 'succeeded', captured_minor = amount_minor, reference = $3, version = version + 1,
             updated_at = now()
         where id = $1 and status = $2",
        payment.id.0,
        payment.status.name(),
        reference,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(PaymentError::Changed) }
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
        r#"select id as "id: PaymentId", order_id, provider, status, amount_minor, captured_minor, refunded_minor,
                  application_fee_minor, capture, attempt, surplus, reference, currency, provider_ref, client_secret,
                  failure_code, flag, created_at
           from payments where id < $1 order by id desc limit $2"#,
        before.map_or(Uuid::max(), |id| id.0),
        limit,
    );
    Ok(payments.fetch_all(tx.conn()).await?)
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
