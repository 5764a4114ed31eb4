//! Hashes passwords: argon2id, few at once, away from the threads that serve requests.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{WeakPassword, check_password};

const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 1;
const LANES: u32 = 1;

/// The longest that a request waits for its turn; after that it is told to come again.
const PATIENCE: Duration = Duration::from_secs(2);

/// No password has this hash: checking against it takes as long as against a real one.
const NOBODY: &str = "$argon2id$v=19$m=47104,t=1,p=1$\
                      c291ay1ub2JvZHktc2FsdA$c291ay1ub2JvZHkta25vd3MtdGhpcy1wYXNzd29yZC4";

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HashError {
    #[error("too many people are logging in at the moment")]
    Busy,
    #[error("argon2 refused: {0}")]
    Argon(argon2::password_hash::Error),
    #[error("argon2 refuses its settings: {0}")]
    Settings(argon2::Error),
    #[error("the hashing task ended early")]
    Ended(#[from] tokio::task::JoinError),
}

/// Hashes passwords. Clones share the limit.
#[derive(Debug, Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Hasher {
    /// At most `max_hashes` at once, each with 46 MiB.
    pub fn new(max_hashes: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(max_hashes.max(1))), patience: PATIENCE }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        self.run(move |argon| {
            let hash = argon.hash_password(password.as_bytes()).map_err(HashError::Argon)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Is this the password? Without a hash it takes as long and is wrong.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        self.run(move |argon| {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            match argon.verify_password(password.as_bytes(), hash.as_str()) {
                Ok(()) => Ok(known),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(HashError::Argon(error)),
            }
        })
        .await
    }

    /// Is this password good enough for a new account? Asked here, for to judge one costs time as well.
    pub async fn judge(&self, password: String, about: Vec<String>) -> Result<Result<(), WeakPassword>, HashError> {
        self.run(move |_| {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            Ok(check_password(&password, &about))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away does not make room that is not there.
            let _turn = turn;
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(HashError::Settings)?;
            work(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        });
        done.await?
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, HashError> {
        match tokio::time::timeout(self.patience, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(HashError::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_own_password_to_the_last_byte() {
        let hasher = Hasher::new(2);
        let long = "ä".repeat(40);
        let hash = hasher.hash(long.clone()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{hash}");
        assert!(hasher.verify(long.clone(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(long[..78].to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let hasher = Hasher::new(1);
        assert!(!hasher.verify("souk-nobody-knows-this-password.".to_owned(), None).await.unwrap());
    }

    #[tokio::test]
    async fn waiting_for_a_turn_ends() {
        let hasher = Hasher { patience: Duration::from_millis(10), ..Hasher::new(1) };
        let _turn = hasher.turn().await.unwrap();
        assert!(matches!(hasher.turn().await, Err(HashError::Busy)));
    }
}
