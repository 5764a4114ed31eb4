//! What can be said about a checkout without looking anything up. Pure.

use kernel::money::MAX_TOTAL_MINOR;
use kernel::problem::FieldError;

use super::model::{Method, StartCheckout};
use crate::orders::Address;

/// What a shopper sent, as far as it makes sense: what does not is empty, and is among the errors.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) email: String,
    pub(super) phone: Option<String>,
    pub(super) address: Address,
    pub(super) method: Method,
    pub(super) shipping_method: Option<String>,
    pub(super) promo_code: Option<String>,
}

/// Reads the form, and tells everything that is wrong with it.
pub(super) fn check(request: &StartCheckout) -> (Form, Vec<FieldError>) {
    let mut errors = Vec::new();

    let email = request.email.trim().to_lowercase();
    let email = if plausible_email(&email) { email } else { String::new() };
    if email.is_empty() {
        errors.push(FieldError::new("email", "INVALID_EMAIL", "is not an e-mail address"));
    }
    let phone = request.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty()).map(str::to_owned);
    if phone.as_deref().is_some_and(|phone| !plausible_phone(phone)) {
        errors.push(FieldError::new("phone", "INVALID_PHONE", PHONE));
    }
    let method = Method::from_name(&request.payment_method).unwrap_or_else(|| {
        errors.push(FieldError::new("payment_method", "INVALID_PAYMENT", "must be `card`, `cod` or `manual`"));
        Method::Cod
    });
    if request.expected_total_minor.is_some_and(|total| !(0..=MAX_TOTAL_MINOR).contains(&total)) {
        let message = format!("no order costs that; it must be from 0 to {MAX_TOTAL_MINOR} minor units");
        errors.push(FieldError::new("expected_total_minor", "AMOUNT_MISMATCH", message));
    }
    let word = |text: &Option<String>| {
        let text = clean(text).filter(|text| !text.is_empty());
        text.map(|text| text.chars().take(64).collect::<String>())
    };
    let (shipping_method, promo_code) = (word(&request.shipping_method), word(&request.promo_code));
    let address = address(request, &mut errors);
    (Form { email, phone, address, method, shipping_method, promo_code }, errors)
}

fn address(request: &StartCheckout, errors: &mut Vec<FieldError>) -> Address {
    let sent = &request.shipping_address;
    let mut required = |name: &str, value: &Option<String>| {
        let value = clean(value).unwrap_or_default();
        if value.is_empty() || value.len() > 200 {
            let message = if value.is_empty() { "is required" } else { "has more than 200 bytes" };
            errors.push(FieldError::new(format!("shipping_address.{name}"), "ADDRESS_INCOMPLETE", message));
        }
        value
    };
    let recipient_name = required("recipient_name", &sent.recipient_name);
    let phone = required("phone", &sent.phone);
    let line1 = required("line1", &sent.line1);
    let city = required("city", &sent.city);
    let country = required("country", &sent.country).to_uppercase();
    if !phone.is_empty() && !plausible_phone(&phone) {
        errors.push(FieldError::new("shipping_address.phone", "INVALID_PHONE", PHONE));
    }
    let two_letters = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    if !country.is_empty() && !two_letters {
        let message = "must be a country's two letters, such as DE";
        errors.push(FieldError::new("shipping_address.country", "ADDRESS_INCOMPLETE", message));
    }
    let country = if two_letters { country } else { String::new() };
    let mut optional = |name: &str, value: &Option<String>| {
        let value = clean(value).filter(|value| !value.is_empty());
        if value.as_ref().is_some_and(|value| value.len() > 200) {
            let field = format!("shipping_address.{name}");
            errors.push(FieldError::new(field, "ADDRESS_INCOMPLETE", "has more than 200 bytes"));
        }
        value
    };
    Address {
        line2: optional("line2", &sent.line2),
        province: optional("province", &sent.province),
        postal_code: optional("postal_code", &sent.postal_code),
        recipient_name,
        phone,
        line1,
        city,
        country,
    }
}

/// Without control characters and outer spaces. NUL, for one, no database column takes.
fn clean(text: &Option<String>) -> Option<String> {
    text.as_deref().map(|text| text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned())
}

const PHONE: &str = "must have 6 to 15 digits; +, spaces, dots, hyphens and brackets may stand between them";

fn plausible_phone(phone: &str) -> bool {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    (6..=15).contains(&digits)
        && phone.len() <= 32
        && phone.chars().all(|c| c.is_ascii_digit() || "+ .-()/".contains(c))
        && phone.chars().skip(1).all(|c| c != '+')
}

fn plausible_email(email: &str) -> bool {
    let Some((name, domain)) = email.rsplit_once('@') else { return false };
    let sane = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    email.len() <= 254
        && sane(name)
        && sane(domain)
        && !name.contains('@')
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carts::CartId;
    use crate::checkout::ShippingAddress;

    fn good() -> StartCheckout {
        let text = |text: &str| Some(text.to_owned());
        StartCheckout {
            cart_id: CartId::new(),
            email: " Ann@Example.com ".into(),
            phone: text("+49 (30) 1234-567"),
            shipping_address: ShippingAddress {
                recipient_name: text("Ann"),
                phone: text("030 1234567"),
                line1: text("Street 1"),
                line2: None,
                city: text("Berlin"),
                province: None,
                postal_code: text("10115"),
                country: text("de"),
            },
            shipping_method: None,
            payment_method: "card".into(),
            promo_code: None,
            expected_total_minor: None,
        }
    }

    #[test]
    fn a_good_form_is_normalised() {
        let (form, errors) = check(&good());
        assert!(errors.is_empty());
        assert_eq!((form.email.as_str(), form.address.country.as_str()), ("ann@example.com", "DE"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let bad = StartCheckout {
            email: "nobody".into(),
            phone: Some("call me".into()),
            shipping_address: ShippingAddress { country: Some("Germany".into()), ..Default::default() },
            payment_method: "gold".into(),
            expected_total_minor: Some(-1),
            ..good()
        };
        let (_, errors) = check(&bad);
        let codes: Vec<(&str, &str)> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(
            codes,
            [
                ("email", "INVALID_EMAIL"),
                ("phone", "INVALID_PHONE"),
                ("payment_method", "INVALID_PAYMENT"),
                ("expected_total_minor", "AMOUNT_MISMATCH"),
                ("shipping_address.recipient_name", "ADDRESS_INCOMPLETE"),
                ("shipping_address.phone", "ADDRESS_INCOMPLETE"),
                ("shipping_address.line1", "ADDRESS_INCOMPLETE"),
                ("shipping_address.city", "ADDRESS_INCOMPLETE"),
                ("shipping_address.country", "ADDRESS_INCOMPLETE"),
            ]
        );
    }

    #[test]
    fn addresses_that_cannot_be_written_to_are_refused() {
        for email in ["", "a", "a@", "@b.c", "a@b", "a@@b.c", "a b@c.d", "a@b..c", "a@.b", "a\n@b.c"] {
            assert!(!plausible_email(email), "{email:?}");
        }
        for phone in ["", "12345", "1234567890123456", "12345+6", "12a3456"] {
            assert!(!plausible_phone(phone), "{phone:?}");
        }
    }
}
