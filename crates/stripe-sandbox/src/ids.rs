//! Identifiers and the time, in Stripe's forms.

use rand::RngExt as _;

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `prefix_` and 24 random letters and digits.
pub fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", random(24))
}

pub fn random(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}

/// Unix seconds.
#[expect(clippy::disallowed_methods, reason = "the sandbox knows nothing of ours, its clock is the machine's")]
pub fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
