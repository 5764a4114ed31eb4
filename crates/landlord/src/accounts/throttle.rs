//! Slows down whoever guesses: five wrong passwords a minute for one account from one address, and the like for what
//! else can be guessed or asked for.
//!
//! Kept by each node in its own memory: no other system can switch it off by being away. The owner of the account,
//! who comes from elsewhere, is not locked out.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};

use kernel::id::AccountId;

use super::Email;

/// How often something may be tried, and within which time.
#[derive(Debug, Clone, Copy)]
struct Rule {
    attempts: u32,
    seconds: i64,
}

/// Passwords of one account from one address.
const PASSWORD: Rule = Rule { attempts: 5, seconds: 60 };
/// Letters to one account, asked for from one address.
const ASKING: Rule = Rule { attempts: 5, seconds: 60 };
/// Wrong codes for one account, wherever they come from: who gets this far has the password. Twenty an hour find one of
/// a million in years.
const CODE: Rule = Rule { attempts: 20, seconds: 3600 };

/// With more than so many pairs within a minute, new ones are refused.
const MAX_PAIRS: usize = 100_000;

/// Too many attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; wait before you try again")]
pub struct Throttled {
    /// How long to wait.
    pub seconds: u64,
}

/// Counts attempts. Clones share the counts.
#[derive(Clone, Default)]
pub struct Throttle(Arc<Mutex<HashMap<Pair, Window>>>);

type Pair = (String, Option<IpAddr>);

#[derive(Debug, Clone, Copy)]
struct Window {
    began: DateTime<Utc>,
    attempts: u32,
    rule: Rule,
}

impl Window {
    fn is_over(self, now: DateTime<Utc>) -> bool {
        // A clock that was set back must not lock anybody out.
        now < self.began || now >= self.began + Duration::seconds(self.rule.seconds)
    }
}

impl Throttle {
    /// Counts an attempt before its password is looked at, so that many at once gain nothing.
    pub fn admit(&self, email: &Email, ip: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Throttled> {
        self.count(pair(email, ip), PASSWORD, now)
    }

    /// Counts a request for a letter to an address, whether or not there is an account.
    pub fn admit_asking(&self, email: &Email, ip: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Throttled> {
        let (name, ip) = pair(email, ip);
        self.count((format!("letter to {name}"), ip), ASKING, now)
    }

    /// Counts a code before it is looked at.
    pub fn admit_code(&self, account: AccountId, now: DateTime<Utc>) -> Result<(), Throttled> {
        self.count((format!("code of {account}"), None), CODE, now)
    }

    /// The code was right.
    pub fn clear_code(&self, account: AccountId) {
        self.lock().remove(&(format!("code of {account}"), None));
    }

    fn count(&self, key: Pair, rule: Rule, now: DateTime<Utc>) -> Result<(), Throttled> {
        let mut windows = self.lock();
        if windows.len() >= MAX_PAIRS {
            windows.retain(|_, window| !window.is_over(now));
            if windows.len() >= MAX_PAIRS {
                return Err(Throttled { seconds: rule.seconds.unsigned_abs() });
            }
        }
        let window = windows.entry(key).or_insert(Window { began: now, attempts: 0, rule });
        if window.is_over(now) {
            *window = Window { began: now, attempts: 0, rule };
        }
        if window.attempts >= rule.attempts {
            let left = window.began + Duration::seconds(rule.seconds) - now;
            return Err(Throttled { seconds: left.num_seconds().unsigned_abs() + 1 });
        }
        window.attempts += 1;
        Ok(())
    }

    /// The password was right.
    pub fn clear(&self, email: &Email, ip: Option<IpAddr>) {
        self.lock().remove(&pair(email, ip));
    }

    /// The attempt came to nothing: no password was compared.
    pub fn give_back(&self, email: &Email, ip: Option<IpAddr>) {
        if let Some(window) = self.lock().get_mut(&pair(email, ip)) {
            window.attempts = window.attempts.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One machine has a whole IPv6 network of 64 bits to choose addresses from: it counts as one.
fn pair(email: &Email, ip: Option<IpAddr>) -> Pair {
    let ip = ip.map(|ip| match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
    });
    (email.as_str().to_owned(), ip)
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Throttle(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(1_000_000 + seconds)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn the_sixth_guess_of_a_minute_waits() {
        let throttle = Throttle::default();
        let email = Email::parse("a@x.com").unwrap();
        let here = ip("192.0.2.1");
        for second in 0..5 {
            assert_eq!(throttle.admit(&email, here, at(second)), Ok(()));
        }
        assert_eq!(throttle.admit(&email, here, at(10)), Err(Throttled { seconds: 51 }));
        assert_eq!(throttle.admit(&email, ip("192.0.2.2"), at(10)), Ok(()), "the owner elsewhere");
        assert_eq!(throttle.admit(&Email::parse("b@x.com").unwrap(), here, at(10)), Ok(()), "another account");
        assert_eq!(throttle.admit(&email, here, at(60)), Ok(()));
    }

    #[test]
    fn a_right_password_and_a_clock_set_back_clear_the_count() {
        let throttle = Throttle::default();
        let email = Email::parse("a@x.com").unwrap();
        for _ in 0..5 {
            throttle.admit(&email, None, at(0)).unwrap();
        }
        assert!(throttle.admit(&email, None, at(0)).is_err());
        throttle.give_back(&email, None);
        assert_eq!(throttle.admit(&email, None, at(0)), Ok(()));
        assert_eq!(throttle.admit(&email, None, at(-3600)), Ok(()));
        throttle.clear(&email, None);
        assert_eq!(throttle.admit(&email, None, at(0)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        assert_eq!(
            pair(&Email::parse("a@x.com").unwrap(), ip("2001:db8::1")),
            pair(&Email::parse("a@x.com").unwrap(), ip("2001:db8::ffff:1"))
        );
        assert_eq!(
            pair(&Email::parse("a@x.com").unwrap(), ip("::ffff:192.0.2.1")),
            pair(&Email::parse("a@x.com").unwrap(), ip("192.0.2.1"))
        );
    }
}
