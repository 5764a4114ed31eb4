//! The SQL of variants.

use std::collections::{BTreeMap, HashMap};

use kernel::db::TenantTx;
use kernel::money::Currency;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::super::new_variant::Made;
use super::super::{ChangeVariant, ProductId, SaleVariant, Variant, VariantId, VariantStatus};

/// Inserts variants, the first of them at this position.
pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    product: ProductId,
    first: i32,
    variants: &[Made],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.id.0).collect();
    let skus: Vec<String> = variants.iter().map(|variant| variant.sku.clone()).collect();
    let titles: Vec<String> = variants.iter().map(|variant| variant.title.clone()).collect();
    let prices: Vec<i64> = variants.iter().map(|variant| variant.price_minor).collect();
    let options: Vec<Value> = variants.iter().map(|variant| json!(variant.options)).collect();
    let weights: Vec<i32> = variants.iter().map(|variant| variant.weight_grams).collect();
    let active: Vec<bool> = variants.iter().map(|variant| variant.status == VariantStatus::Active).collect();
    sqlx::query!(
        "insert into variants (id, product_id, sku, title, price_minor, options, weight_grams, status, position)
         select u.id, $1, u.sku, u.title, u.price_minor, u.options, u.weight_grams,
                case when u.active then 'active' else 'archived' end, $2 + u.n::int - 1
         from unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[], $8::bool[], $9::int[])
              with ordinality as u (id, sku, title, price_minor, options, active, weight_grams, n)",
        product.0,
        first,
        &ids,
        &skus,
        &titles,
        &prices,
        &options,
        &active,
        &weights,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where a product's next variant stands.
pub(in super::super) async fn next_position(tx: &mut TenantTx, product: ProductId) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"select coalesce(max(position) + 1, 0) as "next!" from variants where product_id = $1"#,
        product.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Those of these SKUs that variants other than `own` have.
pub(in super::super) async fn held_skus(
    tx: &mut TenantTx,
    skus: &[String],
    own: Option<VariantId>,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select sku from variants where sku = any($1) and deleted_at is null and id is distinct from $2",
        skus,
        own.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await
}

/// The product of a variant that is not deleted.
pub(in super::super) async fn product_of(tx: &mut TenantTx, id: VariantId) -> sqlx::Result<Option<ProductId>> {
    sqlx::query_scalar!(
        r#"select product_id as "product_id: ProductId" from variants where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Changes the fields that are given.
pub(in super::super) async fn update(tx: &mut TenantTx, id: VariantId, change: &ChangeVariant) -> sqlx::Result<()> {
    sqlx::query!(
        "update variants
         set sku = coalesce($2, sku), title = coalesce($3, title), price_minor = coalesce($4, price_minor),
             options = coalesce($5, options), status = coalesce($6, status),
             weight_grams = coalesce($7, weight_grams), updated_at = now()
         where id = $1",
        id.0,
        change.sku.as_deref(),
        change.title.as_deref(),
        change.price_minor,
        change.options.as_ref().map(|options| json!(options)),
        change.status as _,
        change.weight_grams,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in super::super) async fn delete(tx: &mut TenantTx, id: VariantId) -> sqlx::Result<()> {
    sqlx::query!(
        "update variants set deleted_at = now(), updated_at = now() where id = $1 and deleted_at is null",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes all variants of a product.
pub(in super::super) async fn delete_all(tx: &mut TenantTx, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!(
        "update variants set deleted_at = now(), updated_at = now() where product_id = $1 and deleted_at is null",
        product.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The variants of products in their order, those that have this status.
pub(in super::super) async fn of_products(
    tx: &mut TenantTx,
    products: &[Uuid],
    only: Option<VariantStatus>,
    currency: Currency,
) -> sqlx::Result<HashMap<ProductId, Vec<Variant>>> {
    let rows = sqlx::query!(
        r#"select v.product_id as "product_id: ProductId", v.id as "id: VariantId", v.sku, v.title, v.price_minor,
                  v.options as "options: Json<BTreeMap<String, String>>", v.weight_grams, v.status as "status: VariantStatus",
                  coalesce(l.available > 0, false) as "available!"
           from variants v left join stock_levels l on l.variant_id = v.id
           where v.product_id = any($1) and v.deleted_at is null and ($2::text is null or v.status = $2)
           order by v.product_id, v.position, v.id"#,
        products,
        only as _,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut variants = HashMap::<ProductId, Vec<Variant>>::new();
    for row in rows {
        variants.entry(row.product_id).or_default().push(Variant {
            id: row.id,
            sku: row.sku,
            title: row.title,
            price_minor: row.price_minor,
            currency,
            options: row.options.0,
            weight_grams: row.weight_grams,
            status: row.status,
            available: row.available,
        });
    }
    Ok(variants)
}

/// What orders need to know of variants that are not deleted.
pub(in super::super) async fn for_sale(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<Vec<SaleVariant>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        SaleVariant,
        r#"select v.id as "variant_id: VariantId", v.product_id as "product_id: ProductId", v.sku, v.title,
                  p.title as product_title, v.price_minor, v.weight_grams,
                  array(select f.category_id from product_categories f where f.product_id = p.id) as "categories!",
                  p.status = 'active' as "product_active!",
                  v.status = 'active' as "variant_active!"
           from variants v join products p on p.id = v.product_id
           where v.id = any($1) and v.deleted_at is null and p.deleted_at is null"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await
}
