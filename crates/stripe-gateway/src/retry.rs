//! Several attempts, one idempotency key, one deadline, one verdict.

use std::time::Duration;

use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_shared::AccountId;
use stripe_types::Currency;
use tokio::time::Instant;

use crate::transport::{Failure, Refusal};
use crate::{GatewayError, StripeGateway};

/// What all attempts together may take beyond the time of one.
pub(crate) const SPARE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Less time than this is not worth an attempt.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(300);

/// On whose behalf, and under which idempotency key, a request goes out.
pub(crate) struct Call<'a> {
    pub(crate) key: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
}

/// What one failed attempt means.
enum Verdict {
    /// The answer is definite.
    Final(GatewayError),
    /// Try again after at least this long; `executed` when it may have happened all the same.
    Again { pause: Duration, executed: bool, reason: String },
}

impl StripeGateway {
    /// Sends `request`, and counts what that led to.
    pub(crate) async fn send<R>(&self, request: &R, call: Call<'_>) -> Result<R::Output, GatewayError>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        let started = Instant::now();
        let outcome = self.try_all(request, call).await;
        let led_to = match &outcome {
            Ok(_) => "ok",
            Err(GatewayError::Declined { .. }) => "declined",
            Err(GatewayError::Rejected { .. }) => "rejected",
            Err(GatewayError::Unknown { .. }) => "unknown",
            Err(GatewayError::Unavailable { .. }) => "unavailable",
        };
        kernel::metrics::stripe_call(led_to, started.elapsed());
        outcome
    }

    /// Sends `request` until Stripe answers definitely, the attempts are used up, or the time is.
    async fn try_all<R>(&self, request: &R, call: Call<'_>) -> Result<R::Output, GatewayError>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        let key = call
            .key
            .map(IdempotencyKey::new)
            .transpose()
            .map_err(|error| GatewayError::unsendable(400, "idempotency_key_invalid", error.to_string()))?;
        let account = call.account.map(|account| checked_id(account).map(AccountId::from)).transpose()?;
        let started = Instant::now();
        let mut executed = false;
        let mut last: Option<(Duration, String)> = None;

        for attempt in 1..=self.attempts {
            if let Err(retry_after) = self.breaker.admit() {
                return Err(gave_up(executed, retry_after, last));
            }
            let left = self.deadline.saturating_sub(started.elapsed());
            if attempt > 1 && left < SHORTEST_ATTEMPT {
                break;
            }
            let mut prepared = request.customize().timeout(self.transport.timeout().min(left));
            if let Some(key) = &key {
                prepared = prepared.request_strategy(RequestStrategy::Idempotent(key.clone()));
            }
            if let Some(account) = &account {
                prepared = prepared.account_id(account.clone());
            }
            let failure = match prepared.send(&*self.transport).await {
                Ok(object) => {
                    self.breaker.answered();
                    return Ok(object);
                }
                Err(failure) => failure,
            };
            if failure.is_outage() {
                self.breaker.failed()
            } else {
                self.breaker.answered()
            }

            match judge(failure, executed) {
                Verdict::Final(error) => return Err(error),
                Verdict::Again { pause, executed: maybe, reason } => {
                    executed |= maybe;
                    tracing::warn!(attempt, %reason, "stripe attempt failed");
                    let pause = pause.max(backoff(attempt));
                    let left = self.deadline.saturating_sub(started.elapsed());
                    last = Some((pause, reason));
                    if attempt < self.attempts && pause + SHORTEST_ATTEMPT < left {
                        tokio::time::sleep(pause).await;
                    } else {
                        break;
                    }
                }
            }
        }
        let retry_after = last.as_ref().map_or(FIRST_PAUSE, |(pause, _)| *pause);
        Err(gave_up(executed, retry_after.max(Duration::from_secs(1)), last))
    }
}

impl Failure {
    fn is_outage(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Lost(_) => true,
            // A remembered failure is told by a provider that is well, and will be told again.
            Self::Refused(refusal) => refusal.status >= 500 && !refusal.replayed,
        }
    }
}

fn gave_up(executed: bool, retry_after: Duration, last: Option<(Duration, String)>) -> GatewayError {
    if executed {
        GatewayError::unknown(last.map_or_else(|| "no answer".to_owned(), |(_, reason)| reason))
    } else {
        GatewayError::Unavailable { retry_after }
    }
}

fn judge(failure: Failure, executed: bool) -> Verdict {
    let refusal = match failure {
        Failure::NotSent(reason) => return Verdict::Again { pause: Duration::ZERO, executed: false, reason },
        Failure::Lost(reason) => return Verdict::Again { pause: Duration::ZERO, executed: true, reason },
        Failure::Refused(refusal) => refusal,
    };
    let code = refusal.code.as_deref().unwrap_or_default();
    let pause = refusal.retry_after.unwrap_or_default().min(LONGEST_PAUSE);
    let reason = refusal.to_string();
    match refusal.status {
        // A request with this key is still running: it may yet succeed.
        409 if code == "idempotency_key_in_use" => Verdict::Again { pause, executed: true, reason },
        429 => Verdict::Again { pause, executed: false, reason },
        409 if refusal.should_retry == Some(true) => Verdict::Again { pause, executed: false, reason },
        500.. if refusal.should_retry == Some(false) || refusal.replayed => {
            Verdict::Final(GatewayError::Unknown { reason, remembered: refusal.replayed })
        }
        500.. => Verdict::Again { pause, executed: true, reason },
        // Who is not let in learns nothing about what an earlier attempt did.
        401 | 403 if executed => Verdict::Final(GatewayError::unknown(reason)),
        _ => Verdict::Final(definite(refusal)),
    }
}

fn definite(refusal: Refusal) -> GatewayError {
    let message = refusal.message;
    if refusal.status == 402 && refusal.kind == "card_error" {
        let code = refusal.decline_code.or(refusal.code).unwrap_or_else(|| "card_declined".to_owned());
        return GatewayError::Declined { code, message };
    }
    GatewayError::Rejected { status: refusal.status, code: refusal.code.unwrap_or(refusal.kind), message }
}

/// Half the step to the whole step, so that callers that failed together do not come back together.
fn backoff(attempt: u32) -> Duration {
    let step = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(4)).min(LONGEST_PAUSE);
    step.mul_f64(rand::random_range(0.5..=1.0))
}

/// Ids become path segments and header values: one that Stripe could not have made never leaves.
pub(crate) fn checked_id(id: &str) -> Result<&str, GatewayError> {
    let well_formed = !id.is_empty() && id.len() <= 255 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if well_formed { Ok(id) } else { Err(GatewayError::unsendable(404, "resource_missing", "malformed Stripe id")) }
}

pub(crate) fn currency(code: &str) -> Result<Currency, GatewayError> {
    let unknown = || GatewayError::unsendable(400, "parameter_invalid_string", format!("unknown currency {code:?}"));
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(unknown());
    }
    code.to_ascii_lowercase().parse().map_err(|_| unknown())
}
