//! Why a cart cannot do what was asked.

use axum::http::StatusCode;
use kernel::money::OutOfRange;
use kernel::problem::{FieldError, Problem};

use crate::catalog::VariantId;

/// The most lines of one cart.
pub(super) const MAX_LINES: i64 = 200;
/// The most of one variant in a cart.
pub(super) const MAX_QUANTITY: i32 = 10_000;

/// Why one line is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Refusal {
    UnknownVariant,
    NotForSale,
    QuantityLimit { requested: i64 },
    NotEnough { requested: i64, available: i32 },
}

/// Why a line of a request is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLine {
    /// Which line, where the request has several.
    pub index: Option<usize>,
    /// Of what.
    pub variant_id: VariantId,
    /// Why.
    pub refusal: Refusal,
}

/// Why a cart cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CartError {
    #[error("there is no such cart")]
    NotFound,
    #[error("there is no such item in the cart")]
    NoItem,
    #[error("the cart is being checked out; cancel the checkout to edit it")]
    Locked,
    #[error("the cart was bought; start a new one")]
    Completed,
    #[error("must be at most {MAX_LINES} lines")]
    TooManyLines,
    #[error("some items cannot be put into the cart; see `errors`")]
    Refused(Vec<RefusedLine>),
    #[error("the code does not apply; see `errors`")]
    Promo(Vec<FieldError>),
    #[error("the cart's total is out of range; take fewer")]
    OutOfRange(#[from] OutOfRange),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        let detail = error.to_string();
        match error {
            CartError::NotFound => Problem::not_found("cart"),
            CartError::NoItem => Problem::not_found("item"),
            CartError::Locked => Problem::new(StatusCode::CONFLICT, "cart.locked", detail),
            CartError::Completed => Problem::new(StatusCode::CONFLICT, "cart.completed", detail),
            CartError::TooManyLines => Problem::invalid(vec![FieldError::new("items", "TOO_MANY_ITEMS", detail)]),
            CartError::Refused(lines) => refused(&lines),
            CartError::Promo(errors) => {
                let named = errors.into_iter().map(|error| FieldError { field: "code".to_owned(), ..error });
                Problem::invalid(named.collect())
            }
            CartError::OutOfRange(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "amount.out_of_range", detail),
            CartError::Database(cause) => Problem::database(cause),
        }
    }
}

/// 422 when a line could never be right, 409 when only stock is missing.
fn refused(lines: &[RefusedLine]) -> Problem {
    let errors = lines.iter().map(RefusedLine::error).collect();
    let only_stock = lines.iter().all(|line| matches!(line.refusal, Refusal::NotEnough { .. }));
    if only_stock {
        let detail = "there is not enough in stock; see `errors`";
        Problem::new(StatusCode::CONFLICT, "stock.insufficient", detail).with_errors(errors)
    } else {
        Problem::invalid(errors)
    }
}

impl RefusedLine {
    fn error(&self) -> FieldError {
        let field = |name: &str| match self.index {
            Some(index) => format!("items[{index}].{name}"),
            None => name.to_owned(),
        };
        let error = match self.refusal {
            Refusal::UnknownVariant => {
                FieldError::new(field("variant_id"), "VARIANT_NOT_FOUND", "is no variant of this store")
            }
            Refusal::NotForSale => FieldError::new(field("variant_id"), "VARIANT_UNAVAILABLE", "is not for sale"),
            Refusal::QuantityLimit { requested } => {
                let message = format!("must be at most {MAX_QUANTITY} in all");
                FieldError::new(field("quantity"), "QUANTITY_LIMIT", message).with("requested", requested)
            }
            Refusal::NotEnough { requested, available } => {
                let message = format!("only {available} are in stock");
                FieldError::new(field("quantity"), "INSUFFICIENT_STOCK", message)
                    .with("requested", requested)
                    .with("available", available)
            }
        };
        error.with("variant_id", self.variant_id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn missing_stock_alone_is_a_conflict() {
        let line = |refusal| RefusedLine { index: Some(1), variant_id: VariantId(Uuid::nil()), refusal };
        let short = line(Refusal::NotEnough { requested: 3, available: 2 });
        let problem = Problem::from(CartError::Refused(vec![short]));
        assert_eq!((problem.status, problem.code), (StatusCode::CONFLICT, "stock.insufficient"));
        assert_eq!(problem.errors[0].field, "items[1].quantity");
        assert_eq!(problem.errors[0].members["available"], 2);

        let problem = Problem::from(CartError::Refused(vec![short, line(Refusal::NotForSale)]));
        assert_eq!((problem.status, problem.code), (StatusCode::UNPROCESSABLE_ENTITY, "request.invalid"));
    }
}
