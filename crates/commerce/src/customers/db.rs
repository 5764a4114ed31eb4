//! The SQL of customers.

use kernel::db::{TenantTx, on_constraint};
use uuid::Uuid;

use super::model::normal_email;
use super::{ChangeCustomer, CreateCustomer, Customer, CustomerError, CustomerId, CustomerStatus};

pub(super) async fn insert(tx: &mut TenantTx, request: &CreateCustomer) -> Result<Customer, CustomerError> {
    sqlx::query_as!(
        Customer,
        r#"insert into customers (id, email, name, status, trusted, note) values ($1, $2, $3, $4, $5, $6)
           returning id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note, created_at,
                     updated_at"#,
        CustomerId::new().0,
        normal_email(&request.email),
        request.name,
        request.status.name(),
        request.trusted,
        request.note,
    )
    .fetch_one(tx.conn())
    .await
    .map_err(on_constraint("customers_email_key", CustomerError::EmailTaken))
}

pub(super) async fn read(tx: &mut TenantTx, id: CustomerId) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"select id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note, created_at,
                  updated_at
           from customers where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Locks a customer until the transaction ends.
pub(super) async fn lock(tx: &mut TenantTx, id: CustomerId) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"select id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note, created_at,
                  updated_at
           from customers where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn update(tx: &mut TenantTx, id: CustomerId, change: &ChangeCustomer) -> sqlx::Result<Customer> {
    sqlx::query_as!(
        Customer,
        r#"update customers
           set name = case when $2 then $3 else name end, status = coalesce($4, status),
               trusted = coalesce($5, trusted), note = case when $6 then $7 else note end, updated_at = now()
           where id = $1
           returning id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note, created_at,
                     updated_at"#,
        id.0,
        change.name.is_some(),
        change.name.as_ref().and_then(Option::as_deref),
        change.status.map(CustomerStatus::name),
        change.trusted,
        change.note.is_some(),
        change.note.as_ref().and_then(Option::as_deref),
    )
    .fetch_one(tx.conn())
    .await
}

/// The newest customers before `before` whose address begins so.
pub(super) async fn list(
    tx: &mut TenantTx,
    begins: Option<&str>,
    before: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<Customer>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    match begins {
        None => {
            sqlx::query_as!(
                Customer,
                r#"select id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note,
                          created_at, updated_at
                   from customers where id < $1 order by id desc limit $2"#,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await
        }
        Some(begins) => {
            sqlx::query_as!(
                Customer,
                r#"select id as "id: CustomerId", email, name, status as "status: CustomerStatus", trusted, note,
                          created_at, updated_at
                   from customers where email ^@ $1 and id < $2 order by id desc limit $3"#,
                begins,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await
        }
    }
}

/// Those of these addresses that are blocked or trusted.
pub(super) async fn known(tx: &mut TenantTx, emails: &[String]) -> sqlx::Result<Vec<(String, CustomerStatus, bool)>> {
    let rows = sqlx::query!(
        r#"select email, status as "status: CustomerStatus", trusted from customers where email = any($1)"#,
        emails,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.email, row.status, row.trusted)).collect())
}
