//! The SQL of categories.

use std::collections::HashMap;

use kernel::db::{TenantTx, on_constraint};
use uuid::Uuid;

use super::super::{CatalogError, Category, CategoryId, CategoryRef, ChangeCategory, CreateCategory, ProductId};

pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    id: CategoryId,
    handle: &str,
    request: &CreateCategory,
) -> Result<Category, CatalogError> {
    sqlx::query_as!(
        Category,
        r#"insert into categories (id, parent_id, handle, title, position) values ($1, $2, $3, $4, $5)
           returning id as "id: CategoryId", parent_id as "parent_id: CategoryId", handle, title, position,
                     created_at, updated_at"#,
        id.0,
        request.parent_id.map(|id| id.0),
        handle,
        request.title,
        request.position,
    )
    .fetch_one(tx.conn())
    .await
    .map_err(on_constraint("categories_handle", CatalogError::CategoryHandleTaken))
}

/// Changes the fields that are given.
pub(in super::super) async fn update(
    tx: &mut TenantTx,
    id: CategoryId,
    change: &ChangeCategory,
) -> Result<Category, CatalogError> {
    sqlx::query_as!(
        Category,
        r#"update categories
           set title = coalesce($2, title), handle = coalesce($3, handle), position = coalesce($4, position),
               parent_id = case when $5 then $6 else parent_id end, updated_at = now()
           where id = $1
           returning id as "id: CategoryId", parent_id as "parent_id: CategoryId", handle, title, position,
                     created_at, updated_at"#,
        id.0,
        change.title.as_deref(),
        change.handle.as_deref(),
        change.position,
        change.parent_id.is_some(),
        change.parent_id.flatten().map(|id| id.0),
    )
    .fetch_one(tx.conn())
    .await
    .map_err(on_constraint("categories_handle", CatalogError::CategoryHandleTaken))
}

/// Deletes a category; its products are no longer filed under it.
pub(in super::super) async fn delete(tx: &mut TenantTx, id: CategoryId) -> sqlx::Result<()> {
    sqlx::query!("update categories set deleted_at = now(), updated_at = now() where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from product_categories where category_id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

pub(in super::super) async fn one(tx: &mut TenantTx, id: CategoryId) -> sqlx::Result<Option<Category>> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", parent_id as "parent_id: CategoryId", handle, title, position, created_at,
                  updated_at
           from categories where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Categories by position.
pub(in super::super) async fn list(
    tx: &mut TenantTx,
    after: Option<(i32, CategoryId)>,
    limit: i64,
) -> sqlx::Result<Vec<Category>> {
    sqlx::query_as!(
        Category,
        r#"select id as "id: CategoryId", parent_id as "parent_id: CategoryId", handle, title, position, created_at,
                  updated_at
           from categories
           where deleted_at is null and (position, id) >
                 (coalesce($1, -2147483648), coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid))
           order by position, id limit $3"#,
        after.map(|(position, _)| position),
        after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// Those of these handles that categories have.
pub(in super::super) async fn held_handles(tx: &mut TenantTx, handles: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select handle from categories where handle = any($1) and deleted_at is null", handles)
        .fetch_all(tx.conn())
        .await
}

/// Those of these categories that are there.
pub(in super::super) async fn known(tx: &mut TenantTx, ids: &[CategoryId]) -> sqlx::Result<Vec<CategoryId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: CategoryId" from categories where id = any($1) and deleted_at is null"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await
}

/// The category that is called this, by handle or id.
pub(in super::super) async fn called(
    tx: &mut TenantTx,
    handle: &str,
    id: Option<Uuid>,
) -> sqlx::Result<Option<CategoryId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CategoryId" from categories where (handle = $1 or id = $2) and deleted_at is null"#,
        handle,
        id,
    )
    .fetch_optional(tx.conn())
    .await
}

/// Is `part` this category, or in it at any depth?
pub(in super::super) async fn is_part_of(tx: &mut TenantTx, part: CategoryId, whole: CategoryId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"with recursive up (id, parent_id) as (
               select id, parent_id from categories where id = $1
               union
               select c.id, c.parent_id from categories c join up on c.id = up.parent_id
           )
           select exists (select from up where id = $2) as "part!""#,
        part.0,
        whole.0,
    )
    .fetch_one(tx.conn())
    .await
}

pub(in super::super) async fn has_parts(tx: &mut TenantTx, id: CategoryId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from categories where parent_id = $1 and deleted_at is null) as "parts!""#,
        id.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Files a product under categories.
pub(in super::super) async fn file(
    tx: &mut TenantTx,
    product: ProductId,
    categories: &[CategoryId],
) -> sqlx::Result<()> {
    if categories.is_empty() {
        return Ok(());
    }
    let categories: Vec<Uuid> = categories.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into product_categories (product_id, category_id) select $1, unnest($2::uuid[]) on conflict do nothing",
        product.0,
        &categories,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a product out of all categories.
pub(in super::super) async fn take_out(tx: &mut TenantTx, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("delete from product_categories where product_id = $1", product.0).execute(tx.conn()).await?;
    Ok(())
}

/// What products are filed under.
pub(in super::super) async fn of_products(
    tx: &mut TenantTx,
    products: &[Uuid],
) -> sqlx::Result<HashMap<ProductId, Vec<CategoryRef>>> {
    let rows = sqlx::query!(
        r#"select f.product_id as "product_id: ProductId", c.id as "id: CategoryId", c.handle, c.title
           from product_categories f join categories c on c.id = f.category_id
           where f.product_id = any($1) and c.deleted_at is null
           order by f.product_id, c.position, c.id"#,
        products
    )
    .fetch_all(tx.conn())
    .await?;
    let mut categories = HashMap::<ProductId, Vec<CategoryRef>>::new();
    for row in rows {
        let category = CategoryRef { id: row.id, handle: row.handle, title: row.title };
        categories.entry(row.product_id).or_default().push(category);
    }
    Ok(categories)
}
