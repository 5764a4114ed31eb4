//! The SQL of products.

use kernel::db::{TenantTx, on_constraint};
use uuid::Uuid;

use super::super::{CatalogError, ChangeProduct, CreateProduct, Product, ProductId, ProductStatus, VariantStatus};
use super::{categories, variants};
use crate::shop::Shop;

/// Inserts a product, without its variants.
pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    id: ProductId,
    handle: &str,
    request: &CreateProduct,
) -> Result<(), CatalogError> {
    sqlx::query!(
        "insert into products (id, handle, title, description, status) values ($1, $2, $3, $4, $5)",
        id.0,
        handle,
        request.title,
        request.description,
        request.status.unwrap_or(ProductStatus::Draft) as _,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("products_handle", CatalogError::ProductHandleTaken))?;
    Ok(())
}

/// Those of these handles that products have.
pub(in super::super) async fn held_handles(tx: &mut TenantTx, handles: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select handle from products where handle = any($1) and deleted_at is null", handles)
        .fetch_all(tx.conn())
        .await
}

/// Notes the lowest price of a new product's variants.
pub(in super::super) async fn set_lowest_price(tx: &mut TenantTx, id: ProductId) -> sqlx::Result<()> {
    sqlx::query!(
        "update products set lowest_price_minor = (
             select min(price_minor) from variants
             where product_id = $1 and status = 'active' and deleted_at is null)
         where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a change of the product's variants. Returns its version.
pub(in super::super) async fn touch(tx: &mut TenantTx, id: ProductId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "update products
         set version = version + 1, updated_at = now(), lowest_price_minor = (
             select min(price_minor) from variants
             where product_id = $1 and status = 'active' and deleted_at is null)
         where id = $1
         returning version",
        id.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Changes the fields that are given, and counts it. Returns the version.
pub(in super::super) async fn update(
    tx: &mut TenantTx,
    id: ProductId,
    change: &ChangeProduct,
) -> Result<i64, CatalogError> {
    sqlx::query_scalar!(
        "update products
         set title = coalesce($2, title), handle = coalesce($3, handle), description = coalesce($4, description),
             status = coalesce($5, status), version = version + 1, updated_at = now()
         where id = $1
         returning version",
        id.0,
        change.title.as_deref(),
        change.handle.as_deref(),
        change.description.as_deref(),
        change.status as _,
    )
    .fetch_one(tx.conn())
    .await
    .map_err(on_constraint("products_handle", CatalogError::ProductHandleTaken))
}

/// Deletes a product, and counts it. Returns the version.
pub(in super::super) async fn delete(tx: &mut TenantTx, id: ProductId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "update products set deleted_at = now(), updated_at = now(), version = version + 1
         where id = $1 and deleted_at is null
         returning version",
        id.0
    )
    .fetch_one(tx.conn())
    .await
}

/// One product with all its variants.
pub(in super::super) async fn one(tx: &mut TenantTx, shop: &Shop, id: ProductId) -> sqlx::Result<Option<Product>> {
    Ok(load(tx, shop, &[id], None).await?.pop())
}

/// Products in the order of their ids here, with those of their variants that have this status.
pub(in super::super) async fn load(
    tx: &mut TenantTx,
    shop: &Shop,
    ids: &[ProductId],
    only: Option<VariantStatus>,
) -> sqlx::Result<Vec<Product>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select p.id as "id: ProductId", p.title, p.handle, p.description, p.status as "status: ProductStatus",
                  p.created_at, p.updated_at
           from unnest($1::uuid[]) with ordinality as u (id, place) join products p on p.id = u.id
           where p.deleted_at is null order by u.place"#,
        &uuids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut variants = variants::of_products(tx, &uuids, only, shop.currency).await?;
    let mut categories = categories::of_products(tx, &uuids).await?;
    let products = rows.into_iter().map(|row| Product {
        id: row.id,
        title: row.title,
        handle: row.handle,
        description: row.description,
        status: row.status,
        categories: categories.remove(&row.id).unwrap_or_default(),
        variants: variants.remove(&row.id).unwrap_or_default(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(products.collect())
}

/// Products for staff, the newest first.
pub(in super::super) async fn newest(
    tx: &mut TenantTx,
    q: Option<&str>,
    status: Option<ProductStatus>,
    before: Option<ProductId>,
    limit: i64,
) -> sqlx::Result<Vec<ProductId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ProductId" from products
           where deleted_at is null and id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
             and ($1::text is null or search @@ websearch_to_tsquery('simple', $1))
             and ($2::text is null or status = $2)
           order by id desc limit $4"#,
        q,
        status as _,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}
