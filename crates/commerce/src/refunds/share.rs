//! What units of a line are worth, from what was fixed when they were bought. Pure.

use crate::orders::SoldLine;

/// What refunds that stand, or may yet, have taken of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) quantity: i32,
    pub(super) discount_minor: i64,
    pub(super) tax_minor: i64,
}

/// What some units of a line are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worth {
    pub(super) amount_minor: i64,
    pub(super) discount_minor: i64,
    pub(super) tax_minor: i64,
}

/// What the next `quantity` units are worth. In whatever steps a line is refunded, the steps add up to the line: each
/// takes what is due up to its last unit, less what the steps before have taken, and the last one takes what remains.
pub(super) fn worth(line: &SoldLine, taken: Taken, quantity: i32) -> Worth {
    let upto = taken.quantity.saturating_add(quantity);
    let part = |total: i64, before: i64| (due(total, upto, line.quantity) - before).max(0);
    let gross = line.unit_price_minor * i64::from(quantity);
    let discount_minor = part(line.discount_minor, taken.discount_minor).min(gross);
    let tax_minor = part(line.tax_minor, taken.tax_minor);
    Worth { amount_minor: gross - discount_minor + tax_minor, discount_minor, tax_minor }
}

/// `total × upto ÷ quantity`, halves upwards.
fn due(total: i64, upto: i32, quantity: i32) -> i64 {
    if upto >= quantity {
        return total;
    }
    let (total, upto, quantity) = (i128::from(total), i128::from(upto), i128::from(quantity));
    i64::try_from((2 * total * upto + quantity) / (2 * quantity)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::orders::OrderItemId;

    fn line(quantity: i32, unit_price_minor: i64, discount_minor: i64, tax_minor: i64) -> SoldLine {
        SoldLine {
            id: OrderItemId(Uuid::nil()),
            variant_id: Uuid::nil(),
            quantity,
            unit_price_minor,
            discount_minor,
            tax_minor,
        }
    }

    fn total(line: &SoldLine) -> i64 {
        line.unit_price_minor * i64::from(line.quantity) - line.discount_minor + line.tax_minor
    }

    /// All ways to write `left` as a sum in which order matters.
    fn partitions(left: i32) -> Vec<Vec<i32>> {
        if left == 0 {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for first in 1..=left {
            for mut rest in partitions(left - first) {
                rest.insert(0, first);
                all.push(rest);
            }
        }
        all
    }

    fn refunded_in(line: &SoldLine, steps: &[i32]) -> i64 {
        let mut taken = Taken::default();
        let mut sum = 0;
        for &step in steps {
            let worth = worth(line, taken, step);
            assert!(worth.amount_minor >= 0 && worth.discount_minor <= line.unit_price_minor * i64::from(step));
            sum += worth.amount_minor;
            taken.quantity += step;
            taken.discount_minor += worth.discount_minor;
            taken.tax_minor += worth.tax_minor;
        }
        sum
    }

    #[test]
    fn in_whatever_steps_a_line_is_refunded_to_the_cent() {
        for (price, discount, tax) in [(1999, 1000, 777), (1, 2, 1), (333, 0, 1), (100, 700, 0), (5, 34, 3)] {
            let line = line(7, price, discount, tax);
            let all = partitions(7);
            assert_eq!(all.len(), 64);
            for steps in all {
                assert_eq!(refunded_in(&line, &steps), total(&line), "{steps:?} of {line:?}");
            }
        }
    }

    #[test]
    fn units_take_their_part() {
        let line = line(3, 1000, 100, 190);
        let first = worth(&line, Taken::default(), 1);
        assert_eq!(first, Worth { amount_minor: 1000 - 33 + 63, discount_minor: 33, tax_minor: 63 });
        let all = worth(&line, Taken::default(), 3);
        assert_eq!(all.amount_minor, 3090);
    }

    #[test]
    fn any_line_in_any_steps() {
        // Numbers that look like any, and are the same in every run.
        let mut state = 42u64;
        let mut below = |limit: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 33).unwrap() % limit
        };
        for _ in 0..5000 {
            let quantity = i32::try_from(below(100) + 1).unwrap();
            let price = below(1_000_000);
            let discount = below(price * i64::from(quantity) + 1);
            let line = line(quantity, price, discount, below(5_000_000));
            let (mut left, mut steps) = (quantity, Vec::new());
            while left > 0 {
                let step = left.min(i32::try_from(below(20) + 1).unwrap());
                steps.push(step);
                left -= step;
            }
            assert_eq!(refunded_in(&line, &steps), total(&line), "{steps:?} of {line:?}");
        }
    }
}
