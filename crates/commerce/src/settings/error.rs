//! Why settings cannot be changed.

use kernel::problem::Problem;

/// Why settings cannot be changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SettingsError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Database(cause) => Problem::database(cause),
        }
    }
}
