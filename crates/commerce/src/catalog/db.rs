//! The SQL of the catalogue.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{ProductId, SaleVariant, VariantId};

pub(super) async fn for_sale(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<Vec<SaleVariant>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        SaleVariant,
        r#"select v.id as "variant_id: VariantId", v.product_id as "product_id: ProductId", v.sku, v.title,
                  p.title as product_title, v.price_minor, p.status = 'active' as "product_active!",
                  v.status = 'active' as "variant_active!"
           from variants v join products p on p.id = v.product_id
           where v.id = any($1) and v.deleted_at is null and p.deleted_at is null"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await
}
