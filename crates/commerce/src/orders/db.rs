//! The SQL of orders. Nothing outside this folder touches these tables.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    Address, Locked, Money, NewOrder, Order, OrderError, OrderId, OrderItem, OrderItemId, Stage, public_status,
};

pub(super) async fn insert(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
    let mut stages = Vec::with_capacity(orders.len());
    for order in orders {
        stages.push(order.stage()?.name().to_owned());
    }
    let column = |read: fn(&NewOrder) -> i64| -> Vec<i64> { orders.iter().map(read).collect() };
    let text = |read: fn(&NewOrder) -> String| -> Vec<String> { orders.iter().map(read).collect() };
    let maybe = |read: fn(&NewOrder) -> Option<String>| -> Vec<Option<String>> { orders.iter().map(read).collect() };
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let carts: Vec<Uuid> = orders.iter().map(|order| order.cart).collect();
    let addresses: Vec<Value> = orders.iter().map(|order| json!(order.shipping_address)).collect();
    sqlx::query!(
        "insert into orders (id, number, cart_id, stage, payment_method, email, phone, currency, subtotal_minor,
                             discount_minor, shipping_minor, tax_minor, total_minor, shipping_address, ip, user_agent,
                             version)
         select u.id, u.number, u.cart_id, u.stage, u.payment_method, u.email, u.phone, u.currency, u.subtotal_minor,
                u.discount_minor, u.shipping_minor, u.tax_minor, u.total_minor, u.shipping_address, u.ip, u.user_agent,
                2
         from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::jsonb[],
                     $15::text[], $16::text[])
              as u (id, number, cart_id, stage, payment_method, email, phone, currency, subtotal_minor,
                    discount_minor, shipping_minor, tax_minor, total_minor, shipping_address, ip, user_agent)",
        &ids,
        &column(|order| order.number),
        &carts,
        &stages,
        &text(|order| order.payment_method.to_owned()),
        &text(|order| order.email.clone()),
        &maybe(|order| order.phone.clone()) as &[Option<String>],
        &text(|order| order.currency.to_owned()),
        &column(|order| order.subtotal_minor),
        &column(|order| order.discount_minor),
        &column(|order| order.shipping_minor),
        &column(|order| order.tax_minor),
        &column(|order| order.total_minor),
        &addresses,
        &maybe(|order| order.origin.ip.map(|ip| ip.to_string())) as &[Option<String>],
        &maybe(|order| order.origin.user_agent.clone()) as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert_items(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
    let lines = || orders.iter().flat_map(|order| order.items.iter().map(move |item| (order, item)));
    let ids: Vec<Uuid> = lines().map(|(_, item)| item.id.0).collect();
    let order_ids: Vec<Uuid> = lines().map(|(order, _)| order.id.0).collect();
    let numbers: Vec<i32> = orders.iter().flat_map(|order| (1..).zip(&order.items).map(|(line, _)| line)).collect();
    let products: Vec<Uuid> = lines().map(|(_, item)| item.product_id).collect();
    let variants: Vec<Uuid> = lines().map(|(_, item)| item.variant_id).collect();
    let skus: Vec<String> = lines().map(|(_, item)| item.sku.clone()).collect();
    let titles: Vec<String> = lines().map(|(_, item)| item.title.clone()).collect();
    let quantities: Vec<i32> = lines().map(|(_, item)| item.quantity).collect();
    let prices: Vec<i64> = lines().map(|(_, item)| item.unit_price_minor).collect();
    let totals: Vec<i64> = lines().map(|(_, item)| item.total_minor).collect();
    sqlx::query!(
        "insert into order_items (id, order_id, line, product_id, variant_id, sku, title, quantity, unit_price_minor,
                                  total_minor)
         select u.id, u.order_id, u.line, u.product_id, u.variant_id, u.sku, u.title, u.quantity, u.price, u.total
         from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[],
                     $9::bigint[], $10::bigint[])
              as u (id, order_id, line, product_id, variant_id, sku, title, quantity, price, total)",
        &ids,
        &order_ids,
        &numbers,
        &products,
        &variants,
        &skus,
        &titles,
        &quantities,
        &prices,
        &totals,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Two rows for each: it was made, and its first step.
pub(super) async fn insert_first_history(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let mut stages = Vec::with_capacity(orders.len());
    for order in orders {
        stages.push(order.stage()?.name().to_owned());
    }
    let actors: Vec<Value> = orders.iter().map(|order| json!(order.origin.actor)).collect();
    let requests: Vec<String> = orders.iter().map(|order| order.origin.request_id.clone()).collect();
    sqlx::query!(
        "insert into order_history (order_id, from_stage, to_stage, actor, request_id)
         select u.id, s.from_stage, coalesce(s.to_stage, u.stage), u.actor, u.request_id
         from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[]) with ordinality
              as u (id, stage, actor, request_id, n)
         cross join (values (1, null, 'pending'), (2, 'pending', null)) as s (k, from_stage, to_stage)
         order by u.n, s.k",
        &ids,
        &stages,
        &actors,
        &requests,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn lock(tx: &mut TenantTx, id: OrderId) -> Result<Option<Locked>, OrderError> {
    let order = sqlx::query_as!(
        Locked,
        r#"select id as "id: OrderId", number, cart_id as cart, stage as "stage: Stage", version, total_minor, currency
           from orders where id = $1 for update"#,
        id.0,
    );
    Ok(order.fetch_optional(tx.conn()).await?)
}

pub(super) async fn set_stage(
    tx: &mut TenantTx,
    order: &Locked,
    to: Stage,
    reason: Option<&str>,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set stage = $3, version = version + 1, updated_at = now(), failure = coalesce($4, failure),
             paid_at = case when $3 = 'paid' then now() else paid_at end
         where id = $1 and stage = $2",
        order.id.0,
        order.stage.name(),
        to.name(),
        reason.filter(|_| matches!(to, Stage::Failed | Stage::Cancelled)),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(OrderError::Changed) }
}

pub(super) async fn insert_history(
    tx: &mut TenantTx,
    id: OrderId,
    from: Stage,
    to: Stage,
    reason: Option<&str>,
    actor: &Value,
    request_id: &str,
) -> Result<(), OrderError> {
    sqlx::query!(
        "insert into order_history (order_id, from_stage, to_stage, reason, actor, request_id)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        from.name(),
        to.name(),
        reason,
        actor,
        request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn order(tx: &mut TenantTx, id: OrderId) -> Result<Option<Order>, OrderError> {
    let row = sqlx::query!(
        r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", currency,
                  subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, payment_method, email, phone,
                  shipping_address as "shipping_address: Json<Address>", failure, created_at, paid_at
           from orders where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Order {
        id: row.id,
        number: row.number,
        status: public_status(row.stage, row.money).to_owned(),
        currency: row.currency,
        subtotal_minor: row.subtotal_minor,
        discount_minor: row.discount_minor,
        shipping_minor: row.shipping_minor,
        tax_minor: row.tax_minor,
        total_minor: row.total_minor,
        payment_method: row.payment_method,
        email: row.email,
        phone: row.phone,
        shipping_address: row.shipping_address.0,
        failure: row.failure,
        items: Vec::new(),
        created_at: row.created_at,
        paid_at: row.paid_at,
    }))
}

pub(super) async fn items(tx: &mut TenantTx, order: OrderId) -> Result<Vec<OrderItem>, OrderError> {
    let items = sqlx::query_as!(
        OrderItem,
        r#"select id as "id: OrderItemId", product_id, variant_id, sku, title, quantity, unit_price_minor, total_minor
           from order_items where order_id = $1 order by line"#,
        order.0,
    );
    Ok(items.fetch_all(tx.conn()).await?)
}

/// An order in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Gap-free per store.
    pub number: i64,
    /// How far it has got.
    pub status: String,
    /// The shopper's.
    pub email: String,
    /// Three capital letters.
    pub currency: String,
    /// What is to be paid.
    pub total_minor: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The newest orders before `before`, of all stages or of one.
pub(super) async fn list(
    tx: &mut TenantTx,
    stage: Option<&str>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderSummary>, OrderError> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = match stage {
        Some(stage) => sqlx::query_as!(
            SummaryRow,
            r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                      total_minor, created_at
               from orders where stage = $1 and id < $2 order by id desc limit $3"#,
            stage,
            before,
            limit
        )
        .fetch_all(tx.conn())
        .await?,
        None => sqlx::query_as!(
            SummaryRow,
            r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                      total_minor, created_at
               from orders where id < $1 order by id desc limit $2"#,
            before,
            limit
        )
        .fetch_all(tx.conn())
        .await?,
    };
    Ok(rows.into_iter().map(OrderSummary::from).collect())
}

struct SummaryRow {
    id: OrderId,
    number: i64,
    stage: Stage,
    money: Money,
    email: String,
    currency: String,
    total_minor: i64,
    created_at: DateTime<Utc>,
}

impl From<SummaryRow> for OrderSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            status: public_status(row.stage, row.money).to_owned(),
            email: row.email,
            currency: row.currency,
            total_minor: row.total_minor,
            created_at: row.created_at,
        }
    }
}

/// A move of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryEntry {
    /// Null when it was made.
    pub from: Option<String>,
    /// The stage it came to.
    pub to: String,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// Through which request.
    pub request_id: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

pub(super) async fn history(tx: &mut TenantTx, id: OrderId) -> Result<Vec<HistoryEntry>, OrderError> {
    let rows = sqlx::query_as!(
        HistoryEntry,
        r#"select from_stage as "from", to_stage as "to", reason, actor, request_id, created_at
           from order_history where order_id = $1 order by id"#,
        id.0,
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
