//! The SQL of what shoppers see: one query for each way to sort, in a category or in all, so that each has its index.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::super::cursor::After;
use super::super::{CategoryId, ProductId, Sort};

/// A product that is shown, with what lists are sorted by.
#[derive(Debug)]
pub(in super::super) struct Shown {
    pub(in super::super) id: ProductId,
    pub(in super::super) title: String,
    pub(in super::super) lowest_price_minor: i64,
}

macro_rules! shown {
    ($tx:ident, $from:tt, $beyond:tt, $order:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Shown,
            r#"select p.id as "id: ProductId", p.title, p.lowest_price_minor as "lowest_price_minor!" from "#
                + $from
                + " where p.deleted_at is null and p.status = 'active' and p.lowest_price_minor is not null
                      and ($1::text is null or p.search @@ websearch_to_tsquery('simple', $1)) and "
                + $beyond
                + " order by "
                + $order
                + " limit $2",
            $($argument),+
        )
        .fetch_all($tx.conn())
        .await
    };
}

/// Products that are shown, after that one.
pub(in super::super) async fn all(
    tx: &mut TenantTx,
    q: Option<&str>,
    sort: Sort,
    after: &After,
    limit: i64,
) -> sqlx::Result<Vec<Shown>> {
    let (id, title, price): (Option<Uuid>, _, _) = (after.id, after.title.as_deref(), after.price);
    match sort {
        Sort::Newest => shown!(
            tx,
            "products p",
            "p.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)",
            "p.id desc",
            q,
            limit,
            id
        ),
        Sort::Oldest => shown!(
            tx,
            "products p",
            "p.id > coalesce($3, '00000000-0000-0000-0000-000000000000'::uuid)",
            "p.id",
            q,
            limit,
            id
        ),
        Sort::Title => shown!(
            tx,
            "products p",
            "($3::uuid is null or (p.title, p.id) > ($4::text, $3))",
            "p.title, p.id",
            q,
            limit,
            id,
            title
        ),
        Sort::TitleDown => shown!(
            tx,
            "products p",
            "($3::uuid is null or (p.title, p.id) < ($4::text, $3))",
            "p.title desc, p.id desc",
            q,
            limit,
            id,
            title
        ),
        Sort::Price => shown!(
            tx,
            "products p",
            "($3::uuid is null or (p.lowest_price_minor, p.id) > ($4::bigint, $3))",
            "p.lowest_price_minor, p.id",
            q,
            limit,
            id,
            price
        ),
        Sort::PriceDown => shown!(
            tx,
            "products p",
            "($3::uuid is null or (p.lowest_price_minor, p.id) < ($4::bigint, $3))",
            "p.lowest_price_minor desc, p.id desc",
            q,
            limit,
            id,
            price
        ),
    }
}

/// Those of a category.
pub(in super::super) async fn filed(
    tx: &mut TenantTx,
    category: CategoryId,
    q: Option<&str>,
    sort: Sort,
    after: &After,
    limit: i64,
) -> sqlx::Result<Vec<Shown>> {
    let (id, title, price): (Option<Uuid>, _, _) = (after.id, after.title.as_deref(), after.price);
    match sort {
        Sort::Newest => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and p.id < coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)",
            "p.id desc",
            q,
            limit,
            category.0,
            id
        ),
        Sort::Oldest => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and p.id > coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid)",
            "p.id",
            q,
            limit,
            category.0,
            id
        ),
        Sort::Title => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and ($4::uuid is null or (p.title, p.id) > ($5::text, $4))",
            "p.title, p.id",
            q,
            limit,
            category.0,
            id,
            title
        ),
        Sort::TitleDown => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and ($4::uuid is null or (p.title, p.id) < ($5::text, $4))",
            "p.title desc, p.id desc",
            q,
            limit,
            category.0,
            id,
            title
        ),
        Sort::Price => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and ($4::uuid is null or (p.lowest_price_minor, p.id) > ($5::bigint, $4))",
            "p.lowest_price_minor, p.id",
            q,
            limit,
            category.0,
            id,
            price
        ),
        Sort::PriceDown => shown!(
            tx,
            "product_categories f join products p on p.id = f.product_id",
            "f.category_id = $3 and ($4::uuid is null or (p.lowest_price_minor, p.id) < ($5::bigint, $4))",
            "p.lowest_price_minor desc, p.id desc",
            q,
            limit,
            category.0,
            id,
            price
        ),
    }
}

/// The product that is called this, by handle or id, if it is shown.
pub(in super::super) async fn called(
    tx: &mut TenantTx,
    handle: &str,
    id: Option<Uuid>,
) -> sqlx::Result<Option<ProductId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ProductId" from products
           where (handle = $1 or id = $2) and deleted_at is null and status = 'active'
             and lowest_price_minor is not null
           order by handle = $1 desc limit 1"#,
        handle,
        id,
    )
    .fetch_optional(tx.conn())
    .await
}
