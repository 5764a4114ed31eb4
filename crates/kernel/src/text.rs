//! What text may hold.

/// Refuses text that nobody could see, and characters that cannot be stored or shown.
pub fn plain_text(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    storable(text, &())
}

/// Refuses control characters other than line breaks and tabs.
pub fn storable(text: &str, (): &()) -> garde::Result {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(garde::Error::new("must not hold control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_seen_and_stored() {
        for right in ["a", "Crème brûlée", "two\nlines", "👍"] {
            assert!(plain_text(right, &()).is_ok(), "{right}");
        }
        for wrong in ["", " \n", "nul\0", "\u{1b}[2J"] {
            assert!(plain_text(wrong, &()).is_err(), "{wrong:?}");
        }
    }
}
