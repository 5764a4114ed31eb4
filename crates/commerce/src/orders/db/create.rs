//! Write orders and their lines.

use kernel::db::TenantTx;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::{NewOrder, NewOrderItem, OrderError};

pub(in crate::orders) async fn insert(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
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
    let reviews = maybe(|order| (!order.review_reasons.is_empty()).then(|| "pending".to_owned()));
    // Sets of sets are no arrays: the reasons travel as one text for each order.
    let reasons = text(|order| order.review_reasons.join(","));
    let trails: Vec<Value> = orders.iter().map(|order| order.trail.clone()).collect();
    sqlx::query!(
        "insert into orders (id, number, cart_id, stage, payment_method, email, phone, currency, subtotal_minor,
                             discount_minor, shipping_minor, tax_minor, total_minor, shipping_address, ip, user_agent,
                             version, tax_included_minor, shipping_tax_minor, shipping_tax_included_minor, promo_code,
                             shipping_method, trail, review, review_reasons, queue_wait_ms, validation_ms)
         select u.id, u.number, u.cart_id, u.stage, u.payment_method, u.email, u.phone, u.currency, u.subtotal_minor,
                u.discount_minor, u.shipping_minor, u.tax_minor, u.total_minor, u.shipping_address, u.ip, u.user_agent,
                u.version, u.tax_included, u.shipping_tax, u.shipping_tax_included, u.promo_code, u.shipping_method,
                u.trail, u.review, coalesce(string_to_array(nullif(u.reasons, ''), ','), '{}'), u.queue_wait, u.validation
         from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::jsonb[],
                     $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::text[],
                     $22::text[], $23::jsonb[], $24::text[], $25::text[], $26::bigint[], $27::bigint[])
              as u (id, number, cart_id, stage, payment_method, email, phone, currency, subtotal_minor,
                    discount_minor, shipping_minor, tax_minor, total_minor, shipping_address, ip, user_agent, version,
                    tax_included, shipping_tax, shipping_tax_included, promo_code, shipping_method, trail, review,
                    reasons, queue_wait, validation)",
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
        &column(NewOrder::version),
        &column(|order| order.tax_included_minor),
        &column(|order| order.shipping_tax_minor),
        &column(|order| order.shipping_tax_included_minor),
        &maybe(|order| order.promo_code.clone()) as &[Option<String>],
        &maybe(|order| order.shipping_method.clone()) as &[Option<String>],
        &trails,
        &reviews as &[Option<String>],
        &reasons,
        &column(|order| order.queue_wait_ms),
        &column(|order| order.validation_ms),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::orders) async fn insert_items(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
    let lines = || orders.iter().flat_map(|order| order.items.iter().map(move |item| (order, item)));
    let ids: Vec<Uuid> = lines().map(|(_, item)| item.id.0).collect();
    let order_ids: Vec<Uuid> = lines().map(|(order, _)| order.id.0).collect();
    let numbers: Vec<i32> = orders.iter().flat_map(|order| (1..).zip(&order.items).map(|(line, _)| line)).collect();
    let products: Vec<Uuid> = lines().map(|(_, item)| item.product_id).collect();
    let variants: Vec<Uuid> = lines().map(|(_, item)| item.variant_id).collect();
    let skus: Vec<String> = lines().map(|(_, item)| item.sku.clone()).collect();
    let titles: Vec<String> = lines().map(|(_, item)| item.title.clone()).collect();
    let quantities: Vec<i32> = lines().map(|(_, item)| item.quantity).collect();
    let column = |read: fn(&NewOrderItem) -> i64| -> Vec<i64> { lines().map(|(_, item)| read(item)).collect() };
    let trails: Vec<Value> = lines().map(|(_, item)| item.trail.clone()).collect();
    sqlx::query!(
        "insert into order_items (id, order_id, line, product_id, variant_id, sku, title, quantity, unit_price_minor,
                                  total_minor, discount_minor, tax_minor, tax_included_minor, trail)
         select u.id, u.order_id, u.line, u.product_id, u.variant_id, u.sku, u.title, u.quantity, u.price, u.total,
                u.discount, u.tax, u.tax_included, u.trail
         from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[],
                     $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::jsonb[])
              as u (id, order_id, line, product_id, variant_id, sku, title, quantity, price, total, discount, tax,
                    tax_included, trail)",
        &ids,
        &order_ids,
        &numbers,
        &products,
        &variants,
        &skus,
        &titles,
        &quantities,
        &column(|item| item.unit_price_minor),
        &column(|item| item.total_minor),
        &column(|item| item.discount_minor),
        &column(|item| item.tax_minor),
        &column(|item| item.tax_included_minor),
        &trails,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
