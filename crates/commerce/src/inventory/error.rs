//! Why stock cannot be changed.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

/// Why stock cannot be changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum InventoryError {
    #[error("there is no such variant")]
    NotFound,
    #[error("{on_hand} are on hand and {reserved} of them are reserved for orders; no fewer can remain")]
    BelowReserved { on_hand: i32, reserved: i32 },
    #[error("would be more than can be counted")]
    TooMany,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<InventoryError> for Problem {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::NotFound => Problem::not_found("variant"),
            InventoryError::BelowReserved { on_hand, reserved } => {
                Problem::new(StatusCode::CONFLICT, "stock.below_reserved", error)
                    .with("on_hand", on_hand)
                    .with("reserved", reserved)
            }
            InventoryError::TooMany => {
                Problem::invalid(vec![FieldError::new("delta", "OUT_OF_RANGE", error.to_string())])
            }
            InventoryError::Database(cause) => Problem::database(cause),
        }
    }
}
