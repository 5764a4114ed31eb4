//! The order that one request makes, or everything that is wrong with it. Pure: no database, no clock, no network.

use axum::http::StatusCode;
use kernel::money;
use kernel::problem::{FieldError, Problem};
use serde_json::json;

use super::decide::{Request, State};
use super::error::{insufficient_stock, invalid};
use super::fraud::Candidate;
use super::model::Method;
use super::quoted::price_changed;
use crate::carts::{CartLine, CartStatus, LockedCart};
use crate::catalog::{SaleVariant, full_title};
use crate::orders::{self, NewOrder, NewOrderItem, OrderItemId, Step};
use crate::pricing::{self, Basket, BasketLine, Quote, QuotedLine, Redemption, Shipping};

/// Most lines of one order.
const MAX_LINES: usize = 50;
/// Most of one variant in one order.
const MAX_QUANTITY: i32 = 100;

/// An order that can be made, and what it uses up beside stock.
#[derive(Debug, Clone)]
pub(super) struct Bought {
    pub(super) order: NewOrder,
    pub(super) redemptions: Vec<Redemption>,
    /// The same for another order: the same goods to the same address.
    pub(super) same: String,
}

/// A line of the cart that can be sold, if there is enough of it.
pub(super) struct Line<'a> {
    pub(super) wanted: &'a CartLine,
    pub(super) variant: &'a SaleVariant,
}

/// What is wrong with a request so far.
struct Wrong {
    errors: Vec<FieldError>,
    shortages: Vec<FieldError>,
}

/// The order that the request makes, or everything that is wrong with it.
pub(super) fn purchase(state: &State, request: &Request) -> Result<Bought, Problem> {
    let cart = open_cart(state, request)?;
    let form = &request.form;
    let mut wrong = Wrong { errors: request.form_errors.clone(), shortages: Vec::new() };
    if state.known.blocked.contains(&form.email) {
        wrong.errors.push(FieldError::new("email", "USER_INACTIVE", "this store does not sell to this customer"));
    }
    if !state.payment_methods.iter().any(|known| known == form.method.name()) {
        let message = "this store takes no payments of this kind";
        wrong.errors.push(FieldError::new("payment_method", "INVALID_PAYMENT", message));
    }
    let lines = sellable(state, cart, &mut wrong);
    let basket: Vec<BasketLine> = lines.iter().map(basket_line).collect();
    let quoted = quote(state, request, cart, &basket);
    match &quoted {
        Ok(quote) if wrong.none() && quote.subtotal_minor == 0 => {
            wrong.errors.push(FieldError::new("cart_id", "INVALID_SUBTOTAL", "there is nothing to pay for this cart"));
        }
        Ok(quote) if wrong.none() && quote.total_minor == 0 && form.method == Method::Card => {
            let message = "there is nothing left to charge a card with; choose `cod`";
            wrong.errors.push(FieldError::new("payment_method", "INVALID_PAYMENT", message));
        }
        Ok(_) => {}
        Err(errors) => wrong.errors.extend(errors.iter().cloned()),
    }
    let Some(quote) = quoted.ok().filter(|_| wrong.errors.is_empty()) else {
        wrong.errors.append(&mut wrong.shortages);
        return Err(invalid(wrong.errors));
    };
    if !wrong.shortages.is_empty() {
        return Err(insufficient_stock(wrong.shortages));
    }
    if let Some(problem) = price_changed(state, request, &lines, &quote) {
        return Err(problem);
    }
    state.month.allows_one_more()?;
    Ok(bought(state, request, &lines, quote))
}

impl Wrong {
    fn none(&self) -> bool {
        self.errors.is_empty() && self.shortages.is_empty()
    }
}

fn open_cart<'a>(state: &'a State, request: &Request) -> Result<&'a LockedCart, Problem> {
    let Some(cart) = state.carts.get(&request.cart).filter(|cart| !cart.expired) else {
        return Err(Problem::not_found("cart"));
    };
    match cart.status {
        CartStatus::Open => Ok(cart),
        CartStatus::InCheckout | CartStatus::Completed => {
            Err(Problem::new(StatusCode::CONFLICT, "cart.completed", "this cart has been bought"))
        }
    }
}

/// The lines of the cart that are for sale; what keeps the others from being so, and where stock is short.
fn sellable<'a>(state: &'a State, cart: &'a LockedCart, wrong: &mut Wrong) -> Vec<Line<'a>> {
    if cart.lines.is_empty() {
        wrong.errors.push(FieldError::new("cart_id", "ITEMS_REQUIRED", "the cart is empty"));
    }
    if cart.lines.len() > MAX_LINES {
        let message = format!("an order has at most {MAX_LINES} lines; this cart has {}", cart.lines.len());
        wrong.errors.push(FieldError::new("cart_id", "TOO_MANY_ITEMS", message));
    }
    let mut lines = Vec::with_capacity(cart.lines.len());
    for (n, line) in cart.lines.iter().enumerate() {
        let field = format!("items[{n}]");
        let about = |code, message: &str| {
            FieldError::new(&*field, code, message).with("variant_id", line.variant_id.to_string())
        };
        if line.quantity < 1 {
            wrong.errors.push(about("INVALID_QUANTITY", "must be at least 1"));
        }
        if line.quantity > MAX_QUANTITY {
            wrong.errors.push(about("QUANTITY_LIMIT", "an order has at most 100 of a variant"));
        }
        let Some(variant) = state.variants.get(&line.variant_id) else {
            wrong.errors.push(about("VARIANT_NOT_FOUND", "is no longer there"));
            continue;
        };
        if !variant.product_active {
            wrong.errors.push(about("PRODUCT_UNAVAILABLE", "is not for sale"));
            continue;
        }
        if !variant.variant_active {
            wrong.errors.push(about("VARIANT_UNAVAILABLE", "is not for sale"));
            continue;
        }
        let available = state.levels.get(&line.variant_id).map_or(0, |level| level.available());
        if available < line.quantity {
            let message = format!("{} wanted, {available} available", line.quantity);
            let shortage = about("INSUFFICIENT_STOCK", &message);
            wrong.shortages.push(shortage.with("requested", line.quantity).with("available", available));
        }
        if money::line_total(variant.price_minor, line.quantity).is_err() {
            wrong.errors.push(about("AMOUNT_OUT_OF_RANGE", "is more than an order can hold"));
            continue;
        }
        lines.push(Line { wanted: line, variant });
    }
    lines
}

fn basket_line(line: &Line<'_>) -> BasketLine {
    BasketLine {
        variant_id: line.variant.variant_id.0,
        categories: line.variant.categories.clone(),
        quantity: line.wanted.quantity,
        unit_price_minor: line.variant.price_minor,
        weight_grams: line.variant.weight_grams,
    }
}

/// What the lines cost. Where the form does not say where they go, what depends on it is left out: the form's own
/// errors keep the order from being made.
fn quote(state: &State, request: &Request, cart: &LockedCart, lines: &[BasketLine]) -> Result<Quote, Vec<FieldError>> {
    let form = &request.form;
    let country = Some(&*form.address.country).filter(|country| !country.is_empty());
    let shipping = match (country, form.shipping_method.as_deref()) {
        (None, _) => Shipping::NotYet,
        (Some(_), None) => Shipping::Default,
        (Some(_), Some(method)) => Shipping::Method(method),
    };
    let basket = Basket {
        lines,
        country,
        region: form.address.province.as_deref(),
        shipping,
        code: form.promo_code.as_deref().or(cart.promo_code.as_deref()),
        now: state.now,
        currency: state.currency,
    };
    let customer = Some(&*form.email).filter(|email| !email.is_empty());
    pricing::quote(&state.rules, &basket, &state.uses.of(customer))
}

fn bought(state: &State, request: &Request, lines: &[Line<'_>], quote: Quote) -> Bought {
    let form = &request.form;
    let goods = lines.iter().map(|line| (line.variant.variant_id.0, line.wanted.quantity));
    let same = orders::sameness(goods, &form.address);
    let candidate = Candidate { method: form.method, total_minor: quote.total_minor, same: &same };
    let recent = state.recent.get(&form.email).map_or(&[][..], Vec::as_slice);
    let review_reasons = match state.known.trusted.contains(&form.email) {
        true => Vec::new(),
        false => state.review.reasons(candidate, recent, state.now),
    };
    let first_step = match form.method {
        Method::Card | Method::Manual => Some(Step::AwaitPayment),
        Method::Cod => review_reasons.is_empty().then_some(Step::Confirm),
    };
    // Only what is limited is counted: other promotions cost a purchase no statement.
    let limited = state.rules.limited(quote.promo_code.as_deref());
    let used = quote.promotions.iter().filter(|(promotion, _)| limited.contains(promotion));
    let redemptions = used.map(|(promotion, saved_minor)| Redemption {
        promotion: *promotion,
        order: request.order.0,
        customer: form.email.clone(),
        discount_minor: *saved_minor,
    });
    Bought {
        redemptions: redemptions.collect(),
        same,
        order: NewOrder {
            id: request.order,
            number: state.next_number,
            cart: request.cart.0,
            first_step,
            payment_method: form.method.name(),
            email: form.email.clone(),
            phone: form.phone.clone(),
            currency: state.currency.code(),
            subtotal_minor: quote.subtotal_minor,
            discount_minor: quote.discount_minor,
            shipping_minor: quote.shipping_minor,
            tax_minor: quote.tax_minor,
            tax_included_minor: quote.tax_included_minor,
            shipping_tax_minor: quote.shipping_tax_minor,
            shipping_tax_included_minor: quote.shipping_tax_included_minor,
            total_minor: quote.total_minor,
            promo_code: quote.promo_code,
            shipping_method: quote.shipping_method,
            trail: json!(quote.trail),
            review_reasons,
            queue_wait_ms: 0,
            validation_ms: 0,
            shipping_address: form.address.clone(),
            items: lines.iter().zip(quote.lines).map(|(line, quoted)| item(line, quoted)).collect(),
            origin: request.origin.clone(),
        },
    }
}

fn item(line: &Line<'_>, quoted: QuotedLine) -> NewOrderItem {
    let variant = line.variant;
    NewOrderItem {
        id: OrderItemId::new(),
        product_id: variant.product_id.0,
        variant_id: variant.variant_id.0,
        sku: variant.sku.clone(),
        title: full_title(&variant.product_title, &variant.title),
        quantity: line.wanted.quantity,
        unit_price_minor: variant.price_minor,
        total_minor: quoted.total_minor,
        discount_minor: quoted.discount_minor,
        tax_minor: quoted.tax_minor,
        tax_included_minor: quoted.tax_included_minor,
        trail: json!(quoted.trail),
    }
}
