//! Handles: names in addresses, given by the merchant or made from a title.

use uuid::Uuid;

/// The longest handle.
pub(super) const MAX_HANDLE: usize = 120;

/// How much of a title goes into a handle, so that a suffix still fits.
const MAX_MADE: usize = 100;

/// Lower-case letters and digits in words joined by single hyphens.
pub(super) fn is_handle(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= MAX_HANDLE && text.split('-').all(word)
}

/// For requests that give a handle.
pub(super) fn valid_handle(text: &str, (): &()) -> garde::Result {
    if is_handle(text) {
        return Ok(());
    }
    Err(garde::Error::new(format!("must be a-z, 0-9 and single hyphens between, at most {MAX_HANDLE} characters")))
}

/// What is left of a title in ASCII; `otherwise` when that is nothing.
fn slug(title: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if slug.len() >= MAX_MADE {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' && c != '’' {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}

/// Handles for a title, the nicest first. The last one is made of chance and free for certain.
pub(super) fn candidates(title: &str, otherwise: &str) -> Vec<String> {
    let slug = slug(title, otherwise);
    let chance = Uuid::new_v4().simple().to_string();
    let numbered = (2..=9).map(|number| format!("{slug}-{number}"));
    let last = format!("{slug}-{}", &chance[..12]);
    std::iter::once(slug.clone()).chain(numbered).chain([last]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_words_joined_by_hyphens() {
        for right in ["a", "red-shirt-2", "0"] {
            assert!(is_handle(right), "{right}");
        }
        let long = "a".repeat(121);
        for wrong in ["", "-", "a-", "-a", "a--b", "A", "a b", "ä", "a\0", &long] {
            assert!(!is_handle(wrong), "{wrong}");
        }
    }

    #[test]
    fn every_title_gives_handles() {
        assert_eq!(slug("The  Merchant's Red Shirt (XL)!", "product"), "the-merchants-red-shirt-xl");
        assert_eq!(slug("Crème", "product"), "cr-me");
        assert_eq!(slug("名前", "product"), "product");
        for title in ["", "---", "名前", &"long ".repeat(60), &"x".repeat(200)] {
            for made in candidates(title, "product") {
                assert!(is_handle(&made), "{made}");
            }
        }
        assert_eq!(candidates("Shirt", "product")[..2], ["shirt", "shirt-2"]);
    }
}
