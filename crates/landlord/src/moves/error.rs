//! Why a store cannot be moved.

use crate::tenants::TenantState;

/// Why a store cannot be moved.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MoveError {
    #[error("there is no such store")]
    NotFound,
    #[error("there is no cluster named {0}")]
    NoCluster(String),
    #[error("the store is in {0} already")]
    There(String),
    #[error("a store that is {} cannot be moved", .0.name())]
    WrongState(TenantState),
    #[error("the store is on its way to {0}; finish that move, or cancel it")]
    Elsewhere(String),
    #[error("another process is at this move")]
    Held,
    #[error("another process took this move over")]
    Lost,
    #[error("no move of this store can be cancelled")]
    TooLate,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}
