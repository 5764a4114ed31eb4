//! Which names a store may have. Pure.
//!
//! Only small ASCII letters, digits and single hyphens, so no two slugs look alike but for `0` and `o`, `1` and `l`,
//! and none is an `xn--` name. The name of the schema is made from the tenant's id, never from this.

/// Why a name cannot be a store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WrongSlug {
    #[error(
        "must be 3 to 40 small letters, digits and single hyphens, begin with a letter and end with a letter or digit"
    )]
    Invalid,
    #[error("is reserved; choose another")]
    Reserved,
}

impl WrongSlug {
    /// The code of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "slug.invalid",
            Self::Reserved => "slug.reserved",
        }
    }
}

/// Names that mean something to mail programs, browsers, certificate authorities or people: whoever has one could pass
/// for the platform.
const RESERVED: &str = "
    abuse access account accounts admin administrator api app apps assets auth autoconfig autodiscover billing blog
    broadcasthost cdn checkout community console contact dashboard dev developer developers dns docs email events
    files ftp graphql health help hostmaster imap img images info internal invoice invoices isatap landlord legal
    localdomain localhost login logout mail mailer-daemon mailserver media metrics mta-sts mx news nobody noc
    noreply no-reply ns0 ns1 ns2 ns3 ns4 null oauth openapi openid pay payment payments platform pop pop3 postmaster
    prod production proxy public register root sandbox secure security server sftp shop shops sign-in sign-up signin
    signup smtp souk ssh sso ssladmin ssladministrator sslwebmaster staging static statistics stats status store
    stores stripe support sysadmin system team tenant tenants test testing trust undefined upload uploads usenet
    user users uucp vpn web webhook webhooks webmail webmaster well-known wpad www www1 www2 www3
";

/// Checks a name, exactly as it was typed.
pub fn check(slug: &str) -> Result<(), WrongSlug> {
    let ends_well = slug.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit());
    let well_formed = (3..=40).contains(&slug.len())
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && ends_well
        && !slug.contains("--");
    if RESERVED.split_ascii_whitespace().any(|name| name == slug) {
        Err(WrongSlug::Reserved)
    } else if well_formed {
        Ok(())
    } else {
        Err(WrongSlug::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_fine() {
        for right in ["abc", "demo", "my-store", "a1b", "store-24", &"a".repeat(40)] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
    }

    #[test]
    fn what_could_be_mistaken_is_refused() {
        for wrong in [
            "",
            "a",
            "ab",
            "A",
            "Abc",
            "a-",
            "-ab",
            "ab-",
            "a--b",
            "xn--80ak6aa92e",
            "1ab",
            "a_b",
            "a.b",
            "a b",
            " abc",
            "abc ",
            "abc\n",
            "pg_catalog",
            "pg_toast",
            "information_schema",
            "t_a",
            "$user",
            "\"; DROP SCHEMA public;--",
            "a\",public,\"",
            "аpple",
            "paypaI",
            "ａbc",
            "a\u{200b}bc",
            "a\u{202e}bc",
            "straße",
            "ıstanbul",
            "_dmarc",
            &"a".repeat(41),
            &"a".repeat(64),
        ] {
            assert_eq!(check(wrong), Err(WrongSlug::Invalid), "{wrong:?}");
        }
    }

    #[test]
    fn what_means_something_is_reserved() {
        let names = "
            www api admin app mail smtp ftp static cdn assets status support billing login auth account
            dashboard help docs blog ns1 mx autodiscover autoconfig wpad isatap localhost well-known test
            staging root postmaster abuse webmaster public
        ";
        for name in names.split_ascii_whitespace() {
            assert_eq!(check(name), Err(WrongSlug::Reserved), "{name}");
        }
    }
}
