//! Why the catalogue cannot be changed.

use axum::http::StatusCode;
use kernel::money::Currency;
use kernel::problem::{FieldError, Problem};
use serde_json::json;

use super::CategoryId;
use super::model::MAX_VARIANTS;
use crate::usage::LimitReached;

/// A SKU that another variant has, or that a request names twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSku {
    /// Where in the request, such as `variants[0].sku`.
    pub field: String,
    /// Which one.
    pub sku: String,
}

/// Why the catalogue cannot be changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CatalogError {
    #[error("there is no such product")]
    NoProduct,
    #[error("there is no such variant")]
    NoVariant,
    #[error("there is no such category")]
    NoCategory,
    #[error("another product has this handle; choose another one")]
    ProductHandleTaken,
    #[error("another category has this handle; choose another one")]
    CategoryHandleTaken,
    #[error("another variant has this SKU; see `errors`")]
    SkuTaken(Vec<TakenSku>),
    #[error("must be at most {MAX_VARIANTS}")]
    TooManyVariants,
    #[error("must be the store's currency, {currency}, or left out")]
    WrongCurrency { field: String, currency: Currency },
    #[error("names no category of this store")]
    UnknownCategory { field: &'static str, id: CategoryId },
    #[error("a category cannot be part of itself or of its own parts")]
    CategoryCycle,
    #[error("the category has a tax rate; delete or change that first")]
    CategoryTaxed,
    #[error("the category has parts; delete or move them first")]
    CategoryHasParts,
    #[error(transparent)]
    Limit(#[from] LimitReached),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let detail = error.to_string();
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &detail);
        match error {
            CatalogError::NoProduct => Problem::not_found("product"),
            CatalogError::NoVariant => Problem::not_found("variant"),
            CatalogError::NoCategory => Problem::not_found("category"),
            CatalogError::ProductHandleTaken => conflict("product.handle_taken"),
            CatalogError::CategoryHandleTaken => conflict("category.handle_taken"),
            CatalogError::CategoryHasParts => conflict("category.has_parts"),
            CatalogError::CategoryTaxed => conflict("category.taxed"),
            CatalogError::SkuTaken(taken) => {
                let skus: Vec<&str> = taken.iter().map(|taken| taken.sku.as_str()).collect();
                let errors = taken.iter().map(|taken| {
                    let message = format!("`{}` is taken", taken.sku);
                    FieldError::new(&taken.field, "SKU_TAKEN", message).with("sku", taken.sku.as_str())
                });
                conflict("variant.sku_taken").with("skus", json!(skus)).with_errors(errors.collect())
            }
            CatalogError::TooManyVariants => {
                Problem::invalid(vec![FieldError::new("variants", "TOO_MANY_VARIANTS", detail)])
            }
            CatalogError::WrongCurrency { field, .. } => {
                Problem::invalid(vec![FieldError::new(field, "WRONG_CURRENCY", detail)])
            }
            CatalogError::UnknownCategory { field, id } => {
                let error = FieldError::new(field, "CATEGORY_NOT_FOUND", detail);
                Problem::invalid(vec![error.with("category_id", id.to_string())])
            }
            CatalogError::CategoryCycle => {
                Problem::invalid(vec![FieldError::new("parent_id", "CATEGORY_CYCLE", detail)])
            }
            CatalogError::Limit(reached) => reached.into(),
            CatalogError::Database(cause) => Problem::database(cause),
        }
    }
}
