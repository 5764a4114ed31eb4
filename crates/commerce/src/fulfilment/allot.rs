//! Which goods leave. Pure: no database, no clock.

use kernel::problem::FieldError;

use super::{FulfilmentError, ShipmentItem};
use crate::catalog::VariantId;
use crate::inventory::Reservation;
use crate::orders::{OrderItem, OrderItemId};

/// What of a line has still to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) item: OrderItemId,
    pub(super) variant: VariantId,
    pub(super) quantity: i32,
}

/// What of each line has still to leave: what it has not sent, as far as the order still claims goods for it. What was
/// given back to the stock, by a refund for one, is no longer claimed.
pub(super) fn left(items: &[OrderItem], reservations: &[Reservation]) -> Vec<Left> {
    let mut claims: Vec<(VariantId, i32)> =
        reservations.iter().map(|claim| (claim.variant_id, claim.open_quantity())).collect();
    let mut lines = Vec::with_capacity(items.len());
    for item in items {
        let Some(claim) = claims.iter_mut().find(|claim| claim.0.0 == item.variant_id) else { continue };
        let quantity = (item.quantity - item.shipped_quantity).clamp(0, claim.1);
        claim.1 -= quantity;
        if quantity > 0 {
            lines.push(Left { item: item.id, variant: claim.0, quantity });
        }
    }
    lines
}

/// What is asked for of what is left; all of it when nothing in particular is.
pub(super) fn choose(left: &[Left], asked: Option<&[ShipmentItem]>) -> Result<Vec<Left>, FulfilmentError> {
    let Some(asked) = asked else { return Ok(left.to_vec()) };
    let (mut chosen, mut errors) = (Vec::with_capacity(asked.len()), Vec::new());
    for (at, item) in asked.iter().enumerate() {
        let of_line = left.iter().find(|line| line.item == item.order_item_id);
        let rest = of_line.map_or(0, |line| line.quantity);
        match of_line {
            Some(line) if item.quantity <= line.quantity => chosen.push(Left { quantity: item.quantity, ..*line }),
            Some(_) | None => {
                let message = format!("{} were asked for and {rest} of this line can leave", item.quantity);
                let error = FieldError::new(format!("items[{at}].quantity"), "QUANTITY_LIMIT", message);
                errors.push(
                    error
                        .with("order_item_id", item.order_item_id.to_string())
                        .with("requested", item.quantity)
                        .with("left", rest),
                );
            }
        }
    }
    if errors.is_empty() { Ok(chosen) } else { Err(FulfilmentError::MoreThanLeft(errors)) }
}

/// 422 for lines that the order does not have, and for lines that are named twice.
pub(super) fn check(items: &[OrderItem], asked: &[ShipmentItem]) -> Result<(), FulfilmentError> {
    let mut errors = Vec::new();
    for (at, item) in asked.iter().enumerate() {
        let field = format!("items[{at}].order_item_id");
        if !items.iter().any(|known| known.id == item.order_item_id) {
            errors.push(FieldError::new(field, "ITEM_NOT_FOUND", "the order has no such line"));
        } else if asked[..at].iter().any(|before| before.order_item_id == item.order_item_id) {
            errors.push(FieldError::new(field, "invalid", "is there twice"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(FulfilmentError::Invalid(errors)) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inventory::ReservationStatus;

    fn line(id: u128, variant: u128, quantity: i32, shipped: i32) -> OrderItem {
        OrderItem {
            id: OrderItemId(Uuid::from_u128(id)),
            product_id: Uuid::nil(),
            variant_id: Uuid::from_u128(variant),
            sku: "SKU".into(),
            title: "Title".into(),
            quantity,
            unit_price_minor: 1,
            total_minor: quantity.into(),
            discount_minor: 0,
            tax_minor: 0,
            tax_included_minor: 0,
            shipped_quantity: shipped,
            refunded_quantity: 0,
        }
    }

    fn claim(variant: u128, quantity: i32, shipped: i32, released: i32) -> Reservation {
        Reservation {
            variant_id: VariantId(Uuid::from_u128(variant)),
            quantity,
            shipped_quantity: shipped,
            released_quantity: released,
            status: ReservationStatus::Committed,
        }
    }

    fn quantities(lines: &[Left]) -> Vec<(u128, i32)> {
        lines.iter().map(|line| (line.item.0.as_u128(), line.quantity)).collect()
    }

    #[test]
    fn what_was_sent_or_given_back_is_not_left() {
        let items = [line(1, 11, 5, 2), line(2, 12, 3, 3), line(3, 13, 4, 0)];
        let claims = [claim(11, 5, 2, 1), claim(12, 3, 3, 0), claim(13, 4, 0, 4)];
        assert_eq!(quantities(&left(&items, &claims)), [(1, 2)]);
    }

    #[test]
    fn two_lines_of_a_variant_share_its_claim() {
        let items = [line(1, 11, 2, 0), line(2, 11, 3, 0)];
        assert_eq!(quantities(&left(&items, &[claim(11, 5, 0, 2)])), [(1, 2), (2, 1)]);
    }

    #[test]
    fn more_than_is_left_is_refused_line_by_line() {
        let lines = left(&[line(1, 11, 2, 0), line(2, 12, 1, 1)], &[claim(11, 2, 0, 0), claim(12, 1, 1, 0)]);
        let ask = |id, quantity| ShipmentItem { order_item_id: OrderItemId(Uuid::from_u128(id)), quantity };
        assert_eq!(quantities(&choose(&lines, Some(&[ask(1, 1)])).unwrap()), [(1, 1)]);
        let FulfilmentError::MoreThanLeft(errors) = choose(&lines, Some(&[ask(1, 3), ask(2, 1)])).unwrap_err() else {
            panic!("another refusal")
        };
        assert_eq!(errors.len(), 2);
        assert_eq!((&errors[0].members["left"], &errors[1].members["left"]), (&2.into(), &0.into()));
    }

    #[test]
    fn foreign_and_repeated_lines_are_named() {
        let ask = |id| ShipmentItem { order_item_id: OrderItemId(Uuid::from_u128(id)), quantity: 1 };
        let FulfilmentError::Invalid(errors) = check(&[line(1, 11, 2, 0)], &[ask(1), ask(1), ask(9)]).unwrap_err()
        else {
            panic!("another refusal")
        };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["items[1].order_item_id", "items[2].order_item_id"]);
    }
}
