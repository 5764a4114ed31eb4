//! The SQL of promotions, for staff.

use kernel::db::{TenantTx, on_constraint};

use super::super::promotion::{CreatePromotion, PromotionKind, PromotionView};
use super::super::{PricingError, PromotionId, RuleStatus};
use super::rules::percent;

struct Row {
    id: PromotionId,
    title: String,
    code: Option<String>,
    kind: PromotionKind,
    percent: Option<i32>,
    amount_minor: Option<i64>,
    minimum_subtotal_minor: i64,
    combines: bool,
    priority: i32,
    usage_limit: Option<i64>,
    per_customer_limit: Option<i32>,
    used: i64,
    starts_at: Option<chrono::DateTime<chrono::Utc>>,
    ends_at: Option<chrono::DateTime<chrono::Utc>>,
    status: RuleStatus,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
}

impl Row {
    fn view(self) -> sqlx::Result<PromotionView> {
        Ok(PromotionView {
            id: self.id,
            title: self.title,
            code: self.code,
            kind: self.kind,
            percent: self.percent.map(percent).transpose()?,
            amount_minor: self.amount_minor,
            minimum_subtotal_minor: self.minimum_subtotal_minor,
            combines: self.combines,
            priority: self.priority,
            usage_limit: self.usage_limit,
            per_customer_limit: self.per_customer_limit,
            used: self.used,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            status: self.status,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The newest first.
pub(in super::super) async fn list(
    tx: &mut TenantTx,
    before: Option<PromotionId>,
    limit: i64,
) -> sqlx::Result<Vec<PromotionView>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: PromotionId", title, code, kind as "kind: PromotionKind",
                  (percent * 10000)::int as percent, amount_minor, minimum_subtotal_minor, combines, priority,
                  usage_limit, per_customer_limit, used, starts_at, ends_at, status as "status: RuleStatus",
                  created_at, updated_at
           from promotions where deleted_at is null and ($1::uuid is null or id < $1)
           order by id desc limit $2"#,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::view).collect()
}

pub(in super::super) async fn one(tx: &mut TenantTx, id: PromotionId) -> sqlx::Result<Option<PromotionView>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: PromotionId", title, code, kind as "kind: PromotionKind",
                  (percent * 10000)::int as percent, amount_minor, minimum_subtotal_minor, combines, priority,
                  usage_limit, per_customer_limit, used, starts_at, ends_at, status as "status: RuleStatus",
                  created_at, updated_at
           from promotions where id = $1 and deleted_at is null"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::view).transpose()
}

/// A promotion whose count of uses stands still until the transaction ends.
pub(in super::super) async fn lock(tx: &mut TenantTx, id: PromotionId) -> sqlx::Result<Option<PromotionView>> {
    sqlx::query!("select id from promotions where id = $1 for no key update", id.0).fetch_optional(tx.conn()).await?;
    one(tx, id).await
}

pub(in super::super) async fn count(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from promotions where deleted_at is null"#)
        .fetch_one(tx.conn())
        .await
}

pub(in super::super) async fn insert(
    tx: &mut TenantTx,
    id: PromotionId,
    promotion: &CreatePromotion,
) -> Result<(), PricingError> {
    sqlx::query!(
        "insert into promotions (id, title, code, kind, percent, amount_minor, minimum_subtotal_minor, combines,
                                 priority, usage_limit, per_customer_limit, starts_at, ends_at, status)
         values ($1, $2, $3, $4, $5::int::numeric / 10000, $6, $7, $8, coalesce($9, 100), $10, $11, $12, $13,
                 coalesce($14, 'active'))",
        id.0,
        promotion.title,
        promotion.code.as_deref(),
        promotion.kind as _,
        promotion.percent.map(|percent| percent.ten_thousandths()),
        promotion.amount_minor,
        promotion.minimum_subtotal_minor,
        promotion.combines,
        promotion.priority,
        promotion.usage_limit,
        promotion.per_customer_limit,
        promotion.starts_at,
        promotion.ends_at,
        promotion.status as _,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("promotions_code", PricingError::PromotionCodeTaken))?;
    Ok(())
}

/// Writes all fields.
pub(in super::super) async fn update(
    tx: &mut TenantTx,
    id: PromotionId,
    promotion: &CreatePromotion,
) -> Result<(), PricingError> {
    sqlx::query!(
        "update promotions
         set title = $2, code = $3, kind = $4, percent = $5::int::numeric / 10000, amount_minor = $6,
             minimum_subtotal_minor = $7, combines = $8, priority = coalesce($9, priority), usage_limit = $10,
             per_customer_limit = $11, starts_at = $12, ends_at = $13, status = coalesce($14, status),
             updated_at = now()
         where id = $1",
        id.0,
        promotion.title,
        promotion.code.as_deref(),
        promotion.kind as _,
        promotion.percent.map(|percent| percent.ten_thousandths()),
        promotion.amount_minor,
        promotion.minimum_subtotal_minor,
        promotion.combines,
        promotion.priority,
        promotion.usage_limit,
        promotion.per_customer_limit,
        promotion.starts_at,
        promotion.ends_at,
        promotion.status as _,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("promotions_code", PricingError::PromotionCodeTaken))?;
    Ok(())
}

pub(in super::super) async fn delete(tx: &mut TenantTx, id: PromotionId) -> sqlx::Result<()> {
    sqlx::query!("update promotions set deleted_at = now(), updated_at = now() where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
