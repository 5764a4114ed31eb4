//! Which passwords are accepted. Pure.

use zxcvbn::{Score, zxcvbn};

/// The fewest bytes.
pub const MIN_BYTES: usize = 10;
/// The most bytes: more would only make hashing slow.
pub const MAX_BYTES: usize = 1024;

/// What a person may guess at first: zxcvbn's time grows with the length, and what comes later only adds strength.
const LOOKED_AT: usize = 100;

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WeakPassword {
    #[error("must have at least {MIN_BYTES} characters")]
    TooShort,
    #[error("must have at most {MAX_BYTES} bytes")]
    TooLong,
    #[error("must not contain the NUL character")]
    Nul,
    #[error("is easy to guess; choose a longer one, or one with less common words")]
    Guessable,
}

impl WeakPassword {
    /// The code of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password.too_short",
            Self::TooLong => "password.too_long",
            Self::Nul => "password.invalid",
            Self::Guessable => "password.weak",
        }
    }
}

/// Checks a new password. `about` is what an attacker would try first, such as the e-mail address.
pub fn check(password: &str, about: &[&str]) -> Result<(), WeakPassword> {
    if password.len() < MIN_BYTES {
        return Err(WeakPassword::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if password.contains('\0') {
        return Err(WeakPassword::Nul);
    }
    let start: String = password.chars().take(LOOKED_AT).collect();
    if zxcvbn(&start, about).score() < Score::Two { Err(WeakPassword::Guessable) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes() {
        assert_eq!(check("k8#Vq2!xZ", &[]), Err(WeakPassword::TooShort));
        assert_eq!(check("k8#Vq2!xZp", &[]), Ok(()));
        let long = "k8#Vq2!xZp".repeat(103);
        assert_eq!(check(&long[..1024], &[]), Ok(()));
        assert_eq!(check(&long[..1025], &[]), Err(WeakPassword::TooLong));
    }

    #[test]
    fn any_character_but_nul_is_welcome() {
        assert_eq!(check("correct horse battery staple", &[]), Ok(()));
        assert_eq!(check("пароль для лавки 🧿🧿", &[]), Ok(()));
        assert_eq!(check("k8#Vq2!xZp\0tail", &[]), Err(WeakPassword::Nul));
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in ["1234567890", "password123", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou123"] {
            assert_eq!(check(common, &[]), Err(WeakPassword::Guessable), "{common}");
        }
        assert_eq!(check("mira@example.org", &["mira@example.org"]), Err(WeakPassword::Guessable));
    }
}
