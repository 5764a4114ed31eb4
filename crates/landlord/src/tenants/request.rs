//! What somebody sends to sign up, and whether it makes sense. Pure.

use kernel::idempotency::Fingerprint;
use kernel::money::Currency;
use kernel::problem::FieldError;
use serde::Deserialize;

use super::{TenantError, check_slug};
use crate::accounts::{Email, WeakPassword};

/// Who wants which store.
#[derive(Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// Address of the owner's account, new or not.
    #[garde(length(bytes, max = 320))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// Password of that account: 10 bytes at least when it is new.
    #[garde(length(bytes, max = 1024))]
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    pub password: String,
    /// A code of that account's second factor, if it has one.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: Option<String>,
    /// Name of the store for people.
    #[garde(length(bytes, max = 480))]
    #[schema(min_length = 1, max_length = 120)]
    pub store_name: String,
    /// Name of the store in addresses.
    #[garde(skip)]
    #[schema(pattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$")]
    pub slug: String,
    /// Code of a plan; the first on offer when not given.
    #[garde(length(bytes, max = 64))]
    pub plan: Option<String>,
    /// ISO 4217 code of the currency of its prices; `USD` when not given.
    #[garde(length(bytes, max = 16))]
    #[schema(example = "USD")]
    pub currency: Option<String>,
}

/// A request that makes sense.
pub(super) struct Checked<'a> {
    pub(super) email: Email,
    pub(super) password: &'a str,
    pub(super) code: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) slug: &'a str,
    pub(super) plan: Option<&'a str>,
    pub(super) currency: Currency,
}

/// Brings a request into form, or says everything that is wrong with it. The password was judged elsewhere.
pub(super) fn check(request: &SignUp, password: Result<(), WeakPassword>) -> Result<Checked<'_>, TenantError> {
    let mut errors = Vec::new();
    if let Err(wrong) = check_slug(&request.slug) {
        errors.push(FieldError::new("slug", wrong.code(), wrong.to_string()));
    }
    let email = Email::parse(&request.email);
    if let Err(wrong) = email {
        errors.push(FieldError::new("email", "email.invalid", wrong.to_string()));
    }
    if let Err(weak) = password {
        errors.push(FieldError::new("password", weak.code(), weak.to_string()));
    }
    let name = request.store_name.trim();
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        let message = "must be 1 to 120 characters, none of them a control character";
        errors.push(FieldError::new("store_name", "store_name.invalid", message));
    }
    let currency = request.currency.as_deref().unwrap_or("USD").parse::<Currency>();
    if let Err(unknown) = &currency {
        errors.push(FieldError::new("currency", "currency.unknown", unknown.to_string()));
    }
    match (email, currency) {
        (Ok(email), Ok(currency)) if errors.is_empty() => Ok(Checked {
            email,
            password: &request.password,
            code: request.code.as_deref(),
            name,
            slug: &request.slug,
            plan: request.plan.as_deref(),
            currency,
        }),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(TenantError::Invalid(errors)),
    }
}

/// What a second request under the same key is compared by. Covers the password: seal it before it is stored. The code
/// of a second factor is another each time.
pub(super) fn fingerprint(request: &SignUp) -> Result<Fingerprint, TenantError> {
    let SignUp { email, password, code: _, store_name, slug, plan, currency } = request;
    let all = (email, password, store_name, slug, plan, currency);
    Ok(kernel::idempotency::fingerprint("POST /api/v1/signup", &all)?)
}

#[cfg(test)]
mod tests {
    use kernel::problem::Problem;

    use super::*;

    fn request() -> SignUp {
        SignUp {
            email: "Mira@Example.org ".to_owned(),
            password: "correct horse battery staple".to_owned(),
            code: None,
            store_name: " Mira's ".to_owned(),
            slug: "mira".to_owned(),
            plan: None,
            currency: None,
        }
    }

    fn codes(request: &SignUp) -> Vec<&'static str> {
        match check(request, Err(WeakPassword::TooShort)) {
            Err(TenantError::Invalid(errors)) => errors.iter().map(|error| error.code).collect(),
            _ => vec![],
        }
    }

    #[test]
    fn a_request_is_brought_into_form() {
        let request = request();
        let checked = check(&request, Ok(())).unwrap();
        assert_eq!((checked.email.as_str(), checked.name), ("mira@example.org", "Mira's"));
        assert_eq!(checked.currency.code(), "USD");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = SignUp {
            email: "nobody".to_owned(),
            password: "short".to_owned(),
            code: None,
            store_name: "a\0b".to_owned(),
            slug: "admin".to_owned(),
            currency: Some("usd".to_owned()),
            plan: None,
        };
        assert_eq!(
            codes(&wrong),
            ["slug.reserved", "email.invalid", "password.too_short", "store_name.invalid", "currency.unknown"]
        );
        let problem = check(&wrong, Ok(())).map(|_| ()).map_err(Problem::from).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code), (422, "slug.reserved"));
    }

    #[test]
    fn every_field_counts_for_the_fingerprint() {
        let first = fingerprint(&request()).unwrap();
        assert_eq!(first, fingerprint(&request()).unwrap());
        for other in [
            SignUp { email: "other@example.org".to_owned(), ..request() },
            SignUp { password: "correct horse battery staples".to_owned(), ..request() },
            SignUp { store_name: "Other".to_owned(), ..request() },
            SignUp { slug: "other".to_owned(), ..request() },
            SignUp { plan: Some("starter".to_owned()), ..request() },
            SignUp { currency: Some("USD".to_owned()), ..request() },
        ] {
            assert_ne!(first, fingerprint(&other).unwrap());
        }
    }
}
