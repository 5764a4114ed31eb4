//! Share an amount out, exactly.

use std::cmp::Reverse;

/// Shares `amount` by weights, none negative, by largest remainder: the shares add up to `amount`, and none is larger
/// than its weight while `amount` is not larger than all of them. Of equal remainders the smaller key wins, so that the
/// order of the weights decides nothing.
pub(super) fn share<K: Ord>(amount: i64, weights: &[i64], keys: &[K]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let product = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut shares: Vec<i64> =
        weights.iter().map(|weight| i64::try_from(product(weight) / whole).unwrap_or(i64::MAX)).collect();
    let missing = i128::from(amount) - shares.iter().map(|share| i128::from(*share)).sum::<i128>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let rank = |at: &usize| (Reverse(product(&weights[*at]) % whole), keys.get(*at));
    order.sort_by(|one, other| rank(one).cmp(&rank(other)));
    for at in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_goes_to_the_largest_remainder() {
        assert_eq!(share(100, &[1, 1, 1], &['a', 'b', 'c']), [34, 33, 33]);
        assert_eq!(share(100, &[1, 1, 1], &['b', 'a', 'c']), [33, 34, 33]);
        assert_eq!(share(10, &[5, 3, 2], &[1, 2, 3]), [5, 3, 2]);
        assert_eq!(share(1, &[1, 2], &[1, 2]), [0, 1]);
        assert_eq!(share(0, &[1, 2], &[1, 2]), [0, 0]);
        assert_eq!(share(0, &[], &[0; 0]), [] as [i64; 0]);
        assert_eq!(share(5, &[0, 0], &[1, 2]), [0, 0]);
        let most = 10_000_000_000_000;
        assert_eq!(share(most, &[most, most], &[1, 2]), [most / 2, most / 2]);
    }
}
