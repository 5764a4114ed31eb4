//! What a request for a refund comes to, or everything that is wrong with it. Pure.

use std::collections::{HashMap, HashSet};

use kernel::problem::FieldError;
use serde::{Deserialize, Serialize};

use super::RefundLine;
use super::share::{Taken, worth};
use crate::orders::{OrderItemId, Sold};

/// The most lines that an order has.
const MAX_LINES: usize = 50;

/// What is to be refunded: lines, shipping, or both; or else an amount.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefund {
    /// Lines of the order, at the price that was paid for them.
    #[garde(skip)]
    #[schema(max_items = 50)]
    pub lines: Option<Vec<RequestLine>>,
    /// With `lines` or by itself: what was paid for shipping too.
    #[serde(default)]
    #[garde(skip)]
    pub shipping: bool,
    /// So much, for no line in particular.
    #[garde(skip)]
    #[schema(minimum = 1)]
    pub amount_minor: Option<i64>,
    /// Why.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What is to be refunded of a line.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    /// Which line of the order.
    pub order_item_id: OrderItemId,
    /// How many.
    #[schema(minimum = 1)]
    pub quantity: i32,
    /// Do the goods go back into stock?
    #[serde(default)]
    pub restock: bool,
}

/// What was taken of an order by refunds that stand, or may yet.
#[derive(Debug, Clone, Default)]
pub(super) struct TakenOfOrder {
    pub(super) lines: HashMap<OrderItemId, Taken>,
    pub(super) shipping: bool,
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) amount_minor: i64,
    pub(super) shipping_minor: i64,
    pub(super) lines: Vec<RefundLine>,
}

/// What is wrong with a request.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It can never be right for this order.
    Invalid(Vec<FieldError>),
    /// It was right until something of it was refunded.
    Exceeds(Vec<FieldError>),
}

/// Plans a refund.
pub(super) fn plan(request: &RequestRefund, sold: &Sold, taken: &TakenOfOrder) -> Result<Planned, Wrong> {
    let mut invalid = reason_problems(&request.reason, "reason");
    let mut exceeds = Vec::new();
    let by_line = request.lines.is_some() || request.shipping;
    let mut planned = Planned { amount_minor: 0, shipping_minor: 0, lines: Vec::new() };
    match (by_line, request.amount_minor) {
        (true, Some(_)) => {
            invalid.push(FieldError::new("amount_minor", "invalid", "send either lines (and shipping) or an amount"));
        }
        (false, None) => invalid.push(FieldError::new("", "invalid", "send either lines (and shipping) or an amount")),
        (false, Some(amount)) if amount < 1 => {
            invalid.push(FieldError::new("amount_minor", "invalid", "must be at least 1"));
        }
        (false, Some(amount)) => planned.amount_minor = amount,
        (true, None) => {}
    }
    if let Some(lines) = &request.lines {
        if lines.is_empty() && !request.shipping {
            invalid.push(FieldError::new("lines", "invalid", "must not be empty"));
        } else if lines.len() > MAX_LINES {
            invalid.push(FieldError::new("lines", "invalid", format!("must not be more than {MAX_LINES}")));
        } else {
            planned.lines = plan_lines(lines, sold, taken, &mut invalid, &mut exceeds);
        }
    }
    if request.shipping {
        if taken.shipping {
            exceeds.push(FieldError::new("shipping", "SHIPPING_REFUNDED", "shipping was refunded before"));
        } else {
            planned.shipping_minor = sold.shipping_minor;
        }
    }
    if !invalid.is_empty() {
        invalid.extend(exceeds);
        return Err(Wrong::Invalid(invalid));
    }
    if !exceeds.is_empty() {
        return Err(Wrong::Exceeds(exceeds));
    }
    planned.amount_minor += planned.shipping_minor + planned.lines.iter().map(|line| line.amount_minor).sum::<i64>();
    if planned.amount_minor < 1 {
        let nothing = FieldError::new("", "NOTHING_TO_REFUND", "nothing was paid for this");
        return Err(Wrong::Invalid(vec![nothing]));
    }
    Ok(planned)
}

/// What is wrong with a reason: visible text of at most 500 characters.
pub(super) fn reason_problems(reason: &str, field: &str) -> Vec<FieldError> {
    let length = reason.chars().count();
    let visible = !reason.trim().is_empty() && !reason.chars().any(|letter| letter.is_control() && letter != '\n');
    if (1..=500).contains(&length) && visible {
        Vec::new()
    } else {
        vec![FieldError::new(field, "invalid", "must be visible text of 1 to 500 characters")]
    }
}

fn plan_lines(
    lines: &[RequestLine],
    sold: &Sold,
    taken: &TakenOfOrder,
    invalid: &mut Vec<FieldError>,
    exceeds: &mut Vec<FieldError>,
) -> Vec<RefundLine> {
    let mut planned = Vec::with_capacity(lines.len());
    let mut seen = HashSet::new();
    for (at, line) in lines.iter().enumerate() {
        let field = |name: &str| format!("lines[{at}].{name}");
        let Some(bought) = sold.lines.iter().find(|bought| bought.id == line.order_item_id) else {
            invalid.push(FieldError::new(field("order_item_id"), "LINE_NOT_FOUND", "is no line of this order"));
            continue;
        };
        if !seen.insert(line.order_item_id) {
            invalid.push(FieldError::new(field("order_item_id"), "invalid", "names a line that is named before"));
            continue;
        }
        if !(1..=bought.quantity).contains(&line.quantity) {
            let message = format!("must be from 1 to {}, what was bought", bought.quantity);
            invalid.push(FieldError::new(field("quantity"), "INVALID_QUANTITY", message));
            continue;
        }
        let before = taken.lines.get(&line.order_item_id).copied().unwrap_or_default();
        let left = bought.quantity - before.quantity;
        if line.quantity > left {
            let message = format!("only {left} are not refunded yet");
            exceeds.push(FieldError::new(field("quantity"), "QUANTITY_EXCEEDS_REST", message).with("left", left));
            continue;
        }
        let worth = worth(bought, before, line.quantity);
        planned.push(RefundLine {
            order_item_id: line.order_item_id,
            quantity: line.quantity,
            amount_minor: worth.amount_minor,
            discount_minor: worth.discount_minor,
            tax_minor: worth.tax_minor,
            restock: line.restock,
        });
    }
    planned
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::orders::SoldLine;

    fn item(n: u128) -> OrderItemId {
        OrderItemId(Uuid::from_u128(n))
    }

    fn sold() -> Sold {
        let line = |n, quantity, unit_price_minor| SoldLine {
            id: item(n),
            variant_id: Uuid::from_u128(n),
            quantity,
            unit_price_minor,
            discount_minor: 0,
            tax_minor: 0,
        };
        Sold { lines: vec![line(1, 2, 1000), line(2, 1, 0)], shipping_minor: 590 }
    }

    fn ask(lines: Option<&[(u128, i32)]>, shipping: bool, amount_minor: Option<i64>) -> RequestRefund {
        let line =
            |(n, quantity): &(u128, i32)| RequestLine { order_item_id: item(*n), quantity: *quantity, restock: true };
        let lines = lines.map(|lines| lines.iter().map(line).collect());
        RequestRefund { lines, shipping, amount_minor, reason: "broken".into() }
    }

    fn fields(wrong: Result<Planned, Wrong>) -> Vec<String> {
        match wrong {
            Err(Wrong::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_and_shipping_or_an_amount() {
        let none = TakenOfOrder::default();
        assert_eq!(plan(&ask(None, false, Some(7)), &sold(), &none).unwrap().amount_minor, 7);
        assert_eq!(plan(&ask(Some(&[(1, 2)]), true, None), &sold(), &none).unwrap().amount_minor, 2590);
        assert_eq!(plan(&ask(None, true, None), &sold(), &none).unwrap().amount_minor, 590);
        assert_eq!(fields(plan(&ask(Some(&[(1, 1)]), false, Some(7)), &sold(), &none)), ["amount_minor"]);
        assert_eq!(fields(plan(&ask(None, false, None), &sold(), &none)), [""]);
        assert_eq!(fields(plan(&ask(Some(&[]), false, None), &sold(), &none)), ["lines"]);
        assert_eq!(fields(plan(&ask(None, false, Some(0)), &sold(), &none)), ["amount_minor"]);
        assert_eq!(fields(plan(&ask(Some(&[(2, 1)]), false, None), &sold(), &none)), [""], "it cost nothing");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut request = ask(Some(&[(9, 1), (1, 3), (2, 0), (1, 1), (1, 1)]), false, Some(-1));
        request.reason = " ".into();
        let wrong = fields(plan(&request, &sold(), &TakenOfOrder::default()));
        let want = ["reason", "amount_minor", "lines[0].order_item_id", "lines[1].quantity", "lines[2].quantity"];
        assert_eq!(wrong[..5], want);
        assert_eq!(wrong[5..], ["lines[3].order_item_id", "lines[4].order_item_id"]);
    }

    #[test]
    fn what_is_taken_cannot_be_taken_again() {
        let mut taken = TakenOfOrder { shipping: true, ..TakenOfOrder::default() };
        taken.lines.insert(item(1), Taken { quantity: 1, ..Taken::default() });
        assert_eq!(plan(&ask(Some(&[(1, 1)]), false, None), &sold(), &taken).unwrap().amount_minor, 1000);
        let Err(Wrong::Exceeds(errors)) = plan(&ask(Some(&[(1, 2)]), true, None), &sold(), &taken) else {
            panic!("more than is left");
        };
        assert_eq!(
            errors.iter().map(|error| error.code).collect::<Vec<_>>(),
            ["QUANTITY_EXCEEDS_REST", "SHIPPING_REFUNDED"]
        );
    }
}
