//! The SQL of what shoppers see: one query for each way to sort, in a category or in all, so that each has its index.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use kernel::money::Currency;
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::cursor::After;
use super::super::{
    CategoryId, CategoryRef, Product, ProductId, ProductStatus, Sort, Variant, VariantId, VariantStatus,
};

/// A product that is shown, with what lists are sorted by, and with what of it is active.
#[derive(Debug)]
pub(in super::super) struct Shown {
    pub(in super::super) id: ProductId,
    pub(in super::super) title: String,
    pub(in super::super) lowest_price_minor: i64,
    handle: String,
    description: String,
    status: ProductStatus,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    variants: Json<Vec<ShownVariant>>,
    categories: Json<Vec<CategoryRef>>,
}

#[derive(Debug, Deserialize)]
struct ShownVariant {
    id: VariantId,
    sku: String,
    title: String,
    price_minor: i64,
    options: BTreeMap<String, String>,
    weight_grams: i32,
    status: VariantStatus,
    available: bool,
}

impl Shown {
    /// As shoppers see it, with prices in this currency.
    pub(in super::super) fn product(self, currency: Currency) -> Product {
        let variant = |shown: ShownVariant| Variant {
            id: shown.id,
            sku: shown.sku,
            title: shown.title,
            price_minor: shown.price_minor,
            currency,
            options: shown.options,
            weight_grams: shown.weight_grams,
            status: shown.status,
            available: shown.available,
        };
        Product {
            id: self.id,
            title: self.title,
            handle: self.handle,
            description: self.description,
            status: self.status,
            categories: self.categories.0,
            variants: self.variants.0.into_iter().map(variant).collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

macro_rules! shown {
    ($tx:ident, $from:tt, $beyond:tt, $order:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            Shown,
            r#"select p.id as "id: ProductId", p.title, p.lowest_price_minor as "lowest_price_minor!",
                      p.handle, p.description, p.status as "status: ProductStatus", p.created_at, p.updated_at,
                      (select coalesce(jsonb_agg(jsonb_build_object(
                           'id', v.id, 'sku', v.sku, 'title', v.title, 'price_minor', v.price_minor,
                           'options', v.options, 'weight_grams', v.weight_grams, 'status', v.status,
                           'available', coalesce(l.available > 0, false)) order by v.position, v.id), '[]')
                       from variants v left join stock_levels l on l.variant_id = v.id
                       where v.product_id = p.id and v.deleted_at is null and v.status = 'active'
                      ) as "variants!: Json<Vec<ShownVariant>>",
                      (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'handle', c.handle, 'title', c.title)
                                                 order by c.position, c.id), '[]')
                       from product_categories g join categories c on c.id = g.category_id
                       where g.product_id = p.id and c.deleted_at is null
                      ) as "categories!: Json<Vec<CategoryRef>>"
               from "#
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
