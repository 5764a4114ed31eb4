//! Send the letters that are due.

use std::time::Duration;

use futures::StreamExt;

use super::db::{self, Due};
use super::{Mail, Stationery};
use crate::accounts::Email;
use crate::platform::Landlord;

/// Most letters taken at once, and most sent beside each other.
const BATCH: i64 = 20;
const BESIDE: usize = 4;
/// Longer than a batch takes when each letter takes the mail server's whole time.
const LEASE: Duration = Duration::from_secs(180);
/// A letter that the mail server may take another time is tried so often: for about two days.
const ATTEMPTS: i32 = 18;
/// One that it says it will never take, so often: it may have been the settings.
const ATTEMPTS_REFUSED: i32 = 3;

/// Sends what is due, or what is due to one person. Returns how many were tried.
pub async fn send_due(landlord: &Landlord, only: Option<&Email>) -> sqlx::Result<usize> {
    let mut count = 0;
    loop {
        let mut tx = landlord.db.begin().await?;
        let due = db::claim(&mut tx, only.map(Email::as_str), BATCH, LEASE.as_secs_f64()).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(count);
        }
        count += due.len();
        futures::stream::iter(due).for_each_concurrent(BESIDE, |due| send(landlord, due)).await;
    }
}

/// One letter. What goes wrong while noting the outcome leaves the lease to end by itself.
async fn send(landlord: &Landlord, due: Due) {
    let outcome = attempt(landlord, &due).await;
    let noted = async {
        let mut tx = landlord.db.begin().await?;
        let ours = match &outcome {
            Ok(()) => db::sent(&mut tx, due.id, due.lease).await?,
            Err(failure) => {
                let delay = failure.again_after(due.attempts);
                if delay.is_none() {
                    tracing::warn!(mail = %due.id, kind = due.kind, error = failure.message, "mail given up");
                }
                db::failed(&mut tx, due.id, due.lease, &failure.message, delay).await?
            }
        };
        tx.commit().await?;
        Ok::<_, sqlx::Error>(ours)
    };
    match (noted.await, outcome) {
        (Ok(true), Ok(())) => {
            tracing::info!(mail = %due.id, kind = due.kind, request_id = due.request_id, "mail sent");
        }
        (Ok(true), Err(failure)) => {
            tracing::info!(mail = %due.id, kind = due.kind, error = failure.message, "mail not sent");
        }
        (Ok(false), Ok(()) | Err(_)) => {
            tracing::warn!(mail = %due.id, kind = due.kind, "somebody else has the mail now")
        }
        (Err(error), Ok(()) | Err(_)) => {
            tracing::warn!(mail = %due.id, kind = due.kind, %error, "what became of a mail was not noted");
        }
    }
}

struct Failure {
    message: String,
    refused: bool,
}

impl Failure {
    /// Seconds to wait, or none to give up.
    fn again_after(&self, attempts: i32) -> Option<f64> {
        let most = if self.refused { ATTEMPTS_REFUSED } else { ATTEMPTS };
        (attempts < most).then(|| backoff(attempts))
    }
}

/// 30 seconds, doubled each time, six hours at most.
fn backoff(attempts: i32) -> f64 {
    (30.0 * 2f64.powi(attempts - 1)).min(6.0 * 3600.0)
}

async fn attempt(landlord: &Landlord, due: &Due) -> Result<(), Failure> {
    let mail: Mail = serde_json::from_value(due.data.clone()).map_err(|error| Failure {
        message: format!("not a kind of mail that is known here: {error}"),
        refused: false,
    })?;
    let paper = Stationery { settings: &landlord.settings, keys: &landlord.keys };
    let letter = mail.letter(&paper);
    let sent = landlord.mailer.send(due.id, &due.kind, &due.recipient, &letter, landlord.clock.now()).await;
    sent.map_err(|error| Failure { refused: error.is_refusal(), message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_for_two_days_and_a_refused_one_for_minutes() {
        let total = |refused: bool| {
            let failure = Failure { message: String::new(), refused };
            (1..).map_while(|attempt| failure.again_after(attempt)).sum::<f64>() / 3600.0
        };
        assert!((24.0..60.0).contains(&total(false)), "{} hours", total(false));
        assert!(total(true) < 0.1);
        assert_eq!((backoff(1), backoff(2), backoff(40)), (30.0, 60.0, 21600.0));
    }
}
