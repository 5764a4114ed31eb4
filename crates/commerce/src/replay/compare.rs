//! Compare what events say with what the read models hold.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use kernel::db::TenantTx;
use serde::Serialize;
use uuid::Uuid;

use super::db;
use super::fold::Body;
use super::walk::Folded;
use crate::reports::{self, StockDay};

/// Something that events and read model do not agree about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `order`, `stock`, `payment`, `refund`, `sales_day`, `stock_day` or `sold_day`.
    pub aggregate: &'static str,
    /// Which one: an id, or a day.
    pub id: String,
    /// What of it.
    pub field: &'static str,
    /// What the events say.
    pub expected: String,
    /// What the read model holds.
    pub found: String,
}

/// Collects differences of one aggregate.
struct Of<'a> {
    aggregate: &'static str,
    id: String,
    into: &'a mut Vec<Difference>,
}

impl Of<'_> {
    fn field<T: PartialEq + Debug>(&mut self, field: &'static str, expected: T, found: T) {
        if expected != found {
            let (expected, found) = (plain(&expected), plain(&found));
            self.into.push(Difference { aggregate: self.aggregate, id: self.id.clone(), field, expected, found });
        }
    }

    fn missing(&mut self) {
        self.into.push(Difference {
            aggregate: self.aggregate,
            id: self.id.clone(),
            field: "row",
            expected: "there".into(),
            found: "missing".into(),
        });
    }
}

fn plain<T: Debug>(value: &T) -> String {
    format!("{value:?}").trim_matches('"').to_owned()
}

/// A row of which no event tells.
pub(super) fn untold(aggregate: &'static str, id: &Uuid) -> Difference {
    Difference { aggregate, id: id.to_string(), field: "row", expected: "missing".into(), found: "there".into() }
}

/// What the provider has not decided: which of these it is changes without being told.
fn settled(status: &str) -> &str {
    match status {
        "created" | "processing" | "requires_action" | "unknown" => "undecided",
        _ => status,
    }
}

/// Compares these aggregates with their rows.
pub(super) async fn compare(tx: &mut TenantTx, folded: &[Folded], into: &mut Vec<Difference>) -> sqlx::Result<()> {
    let ids = |wanted: fn(&Body) -> bool| -> Vec<Uuid> {
        folded.iter().filter(|one| wanted(&one.state.body)).map(|one| one.id).collect()
    };
    let orders: HashMap<Uuid, db::OrderRow> = db::orders(tx, &ids(|body| matches!(body, Body::Order(_))))
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let payments: HashMap<Uuid, db::PaymentRow> = db::payments(tx, &ids(|body| matches!(body, Body::Payment(_))))
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let refunds: HashMap<Uuid, db::RefundRow> = db::refunds(tx, &ids(|body| matches!(body, Body::Refund(_))))
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let variants = ids(|body| matches!(body, Body::Stock(_)));
    let levels: HashMap<Uuid, db::LevelRow> =
        db::levels(tx, &variants).await?.into_iter().map(|row| (row.id, row)).collect();
    compare_stock_days(tx, folded, &variants, into).await?;

    for one in folded {
        let of = |aggregate, into| Of { aggregate, id: one.id.to_string(), into };
        match &one.state.body {
            Body::Order(order) => {
                let mut of = of("order", into);
                let Some(row) = orders.get(&one.id) else {
                    of.missing();
                    continue;
                };
                of.field("number", order.number, row.number);
                of.field("stage", order.stage.as_str(), row.stage.as_str());
                of.field("money", order.money.as_str(), row.money.as_str());
                of.field("subtotal_minor", order.amounts.subtotal_minor, row.subtotal_minor);
                of.field("discount_minor", order.amounts.discount_minor, row.discount_minor);
                of.field("shipping_minor", order.amounts.shipping_minor, row.shipping_minor);
                of.field("tax_minor", order.amounts.tax_minor, row.tax_minor);
                of.field("total_minor", order.total_minor, row.total_minor);
                of.field("refunded_minor", order.refunded_minor, row.refunded_minor);
                of.field("version", one.state.version, row.version);
            }
            Body::Payment(payment) => {
                let mut of = of("payment", into);
                let Some(row) = payments.get(&one.id) else {
                    of.missing();
                    continue;
                };
                of.field("status", settled(&payment.status), settled(&row.status));
                of.field("amount_minor", payment.amount_minor, row.amount_minor);
                of.field("captured_minor", payment.captured_minor, row.captured_minor);
                of.field("refunded_minor", payment.refunded_minor, row.refunded_minor);
                of.field("version", one.state.version, row.version);
            }
            Body::Refund(refund) => {
                let mut of = of("refund", into);
                let Some(row) = refunds.get(&one.id) else {
                    of.missing();
                    continue;
                };
                of.field("status", refund.status.as_str(), row.status.as_str());
                of.field("amount_minor", refund.amount_minor, row.amount_minor);
                of.field("version", one.state.version, row.version);
            }
            Body::Stock(stock) => {
                let mut of = of("stock", into);
                let Some(row) = levels.get(&one.id) else {
                    of.missing();
                    continue;
                };
                of.field("on_hand", stock.on_hand, i64::from(row.on_hand));
                of.field("reserved", stock.reserved, i64::from(row.reserved));
                of.field("version", one.state.version, row.version);
            }
            Body::Other { .. } => {}
        }
    }
    Ok(())
}

async fn compare_stock_days(
    tx: &mut TenantTx,
    folded: &[Folded],
    variants: &[Uuid],
    into: &mut Vec<Difference>,
) -> sqlx::Result<()> {
    if variants.is_empty() {
        return Ok(());
    }
    let mut found = reports::read_stock_of(tx, variants).await?;
    let expected: BTreeMap<_, StockDay> = folded.iter().flat_map(|one| one.tally.stock.clone()).collect();
    for ((day, variant), want) in expected {
        let have = found.remove(&(day, variant)).unwrap_or_default();
        let mut of = Of { aggregate: "stock_day", id: format!("{day} {variant}"), into };
        of.field("received", want.received, have.received);
        of.field("sold", want.sold, have.sold);
        of.field("returned", want.returned, have.returned);
        of.field("on_hand", want.on_hand, have.on_hand);
    }
    for (day, variant) in found.keys() {
        let aggregate = "stock_day";
        into.push(Difference { id: format!("{day} {variant}"), ..untold(aggregate, variant) });
    }
    Ok(())
}

/// Compares the days of sales.
pub(super) async fn compare_sales(
    tx: &mut TenantTx,
    expected: &BTreeMap<chrono::NaiveDate, reports::SalesDay>,
    into: &mut Vec<Difference>,
) -> sqlx::Result<()> {
    let found = reports::read_all_sales(tx).await?;
    let days: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).copied().collect();
    for day in days {
        let want = expected.get(&day).copied().unwrap_or_default();
        let have = found.get(&day).copied().unwrap_or_default();
        let mut of = Of { aggregate: "sales_day", id: day.to_string(), into };
        for ((field, want), (_, have)) in want.fields().into_iter().zip(have.fields()) {
            of.field(field, want, have);
        }
    }
    Ok(())
}

/// Compares what was sold by day and variant.
pub(super) async fn compare_sold(
    tx: &mut TenantTx,
    mut expected: BTreeMap<(chrono::NaiveDate, Uuid), reports::SoldDay>,
    into: &mut Vec<Difference>,
) -> sqlx::Result<()> {
    let mut after = (chrono::NaiveDate::default(), Uuid::nil());
    loop {
        let rows = reports::read_sold(tx, after, 2000).await?;
        let Some(last) = rows.last() else { break };
        after = last.0;
        for (key, have) in rows {
            sold_day(key, expected.remove(&key).unwrap_or_default(), have, into);
        }
    }
    for (key, want) in expected {
        sold_day(key, want, reports::SoldDay::default(), into);
    }
    Ok(())
}

fn sold_day(
    (day, variant): (chrono::NaiveDate, Uuid),
    want: reports::SoldDay,
    have: reports::SoldDay,
    into: &mut Vec<Difference>,
) {
    let mut of = Of { aggregate: "sold_day", id: format!("{day} {variant}"), into };
    of.field("orders", want.orders, have.orders);
    of.field("units", want.units, have.units);
    of.field("gross_minor", want.gross_minor, have.gross_minor);
    of.field("discount_minor", want.discount_minor, have.discount_minor);
}
