//! The one form in which an e-mail address is kept and compared. Pure.

use std::fmt;

/// An e-mail address, trimmed and in lower case.
///
/// ASCII only: an international domain is written in its `xn--` form. So two addresses that look alike are alike, and
/// the database agrees with us on what lower case is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as name@example.com")]
pub struct NotAnEmail;

impl Email {
    /// Reads what somebody typed.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let email = text.trim_matches(' ').to_ascii_lowercase();
        let (local, domain) = email.split_once('@').ok_or(NotAnEmail)?;
        if email.len() <= 254 && is_local(local) && is_domain(domain) { Ok(Self(email)) } else { Err(NotAnEmail) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(local: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    (1..=64).contains(&local.len())
        && local.bytes().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (domain == "localhost" || domain.contains('.')) && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        for typed in ["a@x.com", "A@X.com", " a@x.com ", "a@X.COM"] {
            assert_eq!(Email::parse(typed).map(|email| email.to_string()), Ok("a@x.com".to_owned()), "{typed}");
        }
        for right in ["a+1@x.com", "o'brien@mail.example.org", "root@localhost", "a@xn--bcher-kva.example"] {
            assert_eq!(Email::parse(right).map(|email| email.to_string()), Ok(right.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@x.com", "a".repeat(320));
        let long_domain = format!("a@{}.com", "abcdefgh.".repeat(40));
        for wrong in [
            "",
            "@",
            "a",
            "a@",
            "@x.com",
            "a@x",
            "a@@x.com",
            "a@b@x.com",
            "a b@x.com",
            "a@x..com",
            "a@.com",
            "a@x.com.",
            "a@-x.com",
            ".a@x.com",
            "a..b@x.com",
            "a@x.com\r\nBcc: b@x.com",
            "a@x.com\n",
            "\ta@x.com",
            "a\0@x.com",
            "a%0d%0a@x .com",
            "ä@x.com",
            "a@bücher.example",
            "а@x.com",
            "<a@x.com>",
            "a@[127.0.0.1]",
            &long,
            &long_domain,
        ] {
            assert_eq!(Email::parse(wrong), Err(NotAnEmail), "{wrong:?}");
        }
    }
}
