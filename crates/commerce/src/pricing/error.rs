//! Why rules of prices cannot be changed.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

/// Why rules of prices cannot be changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PricingError {
    #[error("there is no such promotion")]
    NoPromotion,
    #[error("there is no such tax rate")]
    NoTaxRate,
    #[error("there is no such shipping method")]
    NoShippingMethod,
    #[error("another promotion has this code; choose another one")]
    PromotionCodeTaken,
    #[error("the promotion has been used {used} times; its limit cannot be lower")]
    LimitBelowUsed { used: i64 },
    #[error("another tax rate is for this country, region and category; change that one")]
    TaxRatePlaceTaken,
    #[error("another shipping method has this code; choose another one")]
    ShippingCodeTaken,
    #[error("fields are not acceptable; see `errors`")]
    Invalid(Vec<FieldError>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<PricingError> for Problem {
    fn from(error: PricingError) -> Self {
        let detail = error.to_string();
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &detail);
        match error {
            PricingError::NoPromotion => Problem::not_found("promotion"),
            PricingError::NoTaxRate => Problem::not_found("tax rate"),
            PricingError::NoShippingMethod => Problem::not_found("shipping method"),
            PricingError::PromotionCodeTaken => conflict("promotion.code_taken"),
            PricingError::LimitBelowUsed { used } => conflict("promotion.limit_below_used").with("used", used),
            PricingError::TaxRatePlaceTaken => conflict("tax_rate.place_taken"),
            PricingError::ShippingCodeTaken => conflict("shipping_method.code_taken"),
            PricingError::Invalid(errors) => Problem::invalid(errors),
            PricingError::Database(cause) => Problem::database(cause),
        }
    }
}
