//! The doctor finds every promise that is broken, and mends what it says it mends.

use std::collections::BTreeSet;

use commerce::health::{promises, signs};
use futures::StreamExt;
use serde_json::json;
use server::doctor::{self, Report, Wanted};
use souk_tests::{Platform, Store, assert_consistent};

/// How to break each promise, as the owner of the tables. In the store there is a paid order and one that waits for its
/// money. `{unchecked x}` takes the checks of table x away first.
const BREAKS: &[(&str, &str)] = &[
    ("stock.oversold", "{unchecked stock_levels} update stock_levels set on_hand = 1"),
    (
        "stock.ledger",
        "update stock_movements set delta_on_hand = delta_on_hand + 1 where reference_type = 'adjustment'",
    ),
    ("stock.reserved", "update stock_reservations set quantity = quantity + 1"),
    ("stock.parts", "update stock_reservations set released_quantity = quantity where status = 'held'"),
    ("stock.shipped", "update order_items set shipped_quantity = 1"),
    ("stock.moved", "update stock_movements set delta_on_hand = -1 where reference_type = 'order'"),
    (
        "promotions.used",
        "insert into promotions (id, title, kind, percent, used) values (gen_random_uuid(), 'P', 'percent', 10, 3)",
    ),
    (
        "promotions.limits",
        "{unchecked promotions} insert into promotions (id, title, kind, percent, used, usage_limit)
         values (gen_random_uuid(), 'P', 'percent', 10, 3, 2)",
    ),
    (
        "shipments.delivered",
        "insert into shipments (id, order_id, number, status, shipped_by)
         select gen_random_uuid(), id, 1, 'shipped', '\"test\"' from orders where stage = 'paid'",
    ),
    ("stock.held", "update stock_reservations set status = 'released' where status = 'held'"),
    (
        "orders.one_per_cart",
        "drop index orders_cart; update orders set cart_id = (select cart_id from orders order by number limit 1)",
    ),
    ("orders.numbers", "update orders set number = number + 5 where number = 1002"),
    ("orders.paid", "update payments set captured_minor = captured_minor - 1 where status = 'succeeded'"),
    ("orders.subtotal", "update order_items set quantity = quantity * 2, total_minor = total_minor * 2"),
    ("orders.open_errors", "update orders set open_errors = open_errors + 1, error_count = error_count + 1"),
    (
        "orders.history",
        "update events set data = jsonb_set(data, '{from}', '\"packed\"') where aggregate_type = 'order' and data ->> 'from' = 'pending'",
    ),
    ("checkouts.order", "update checkouts set status = 'failed', finished_at = now() where status = 'active'"),
    ("carts.checkout", "update carts set status = 'open' where status = 'in_checkout'"),
    (
        "payments.captured",
        "{unchecked payments} update payments set captured_minor = amount_minor + 1 where status = 'succeeded'",
    ),
    ("payments.currency", "update payments set currency = 'USD'"),
    ("refunds.captured", "{refund requested amount_minor + 1}"),
    ("orders.refunded", "update orders set refunded_minor = 1, money = 'partial' where stage = 'paid'"),
    ("payments.refunded", "update payments set refunded_minor = 1 where status = 'succeeded'"),
    ("events.versions", "update events set version = version + 10 where aggregate_type = 'order' and version = 1"),
    (
        "orders.steps",
        "update events set data = jsonb_set(data, '{to}', '\"delivered\"') where event_type = 'order.paid'",
    ),
    ("usage.counted", "update usage_counters set used = used + 1"),
    ("orders.version", "update orders set version = version + 1"),
    (
        "idempotency.orders",
        "update idempotency_keys set body = '{\"order\": {\"id\": \"00000000-0000-0000-0000-000000000000\"}}' where status = 201",
    ),
    ("events.pending", "{events 101}"),
    ("events.late", "{events 3} update events set created_at = now() - interval '1 hour' where sequence is null"),
    ("payments.slow", "update payments set created_at = now() - interval '90 minutes' where status <> 'succeeded'"),
    ("payments.stuck", "update payments set created_at = now() - interval '3 hours' where status <> 'succeeded'"),
    ("payments.unknown", "update payments set provider_ref = 'pi_other' where status = 'succeeded'"),
    (
        "refunds.unknown",
        "insert into provider_events (provider, event_id, kind, payload, digest, outcome, processed_at)
         values ('stripe', 'evt_r', 'refund.updated',
                 '{\"data\":{\"object\":{\"id\":\"re_x\",\"status\":\"succeeded\"}}}', '', 'applied', now())",
    ),
    ("payments.flagged", "update payments set flag = 'amount' where status = 'succeeded'"),
    (
        "payments.orphaned",
        "update orders set stage = 'cancelled', updated_at = now() - interval '2 hours' where stage = 'paid'",
    ),
    ("refunds.failing", FAILED_REFUNDS),
    ("refunds.slow", "{refund approved 1} update refunds set updated_at = now() - interval '2 hours'"),
    (
        "refunds.restock",
        "{refund succeeded 1} update refunds set updated_at = now() - interval '1 hour';
         insert into refund_lines (refund_id, order_item_id, quantity, amount_minor, discount_minor, tax_minor, restock)
         select r.id, i.id, 1, 1, 0, 0, true from refunds r join order_items i on i.order_id = r.order_id",
    ),
    (
        "orders.stuck",
        "update orders set created_at = now() - interval '2 hours' where stage in ('pending', 'awaiting_payment')",
    ),
    ("checkouts.overdue", "update checkouts set expires_at = now() - interval '1 hour' where status = 'active'"),
    ("provider_events.open", "update provider_events set processed_at = null, received_at = now() - interval '1 hour'"),
];

/// Eleven of them.
const FAILED_REFUNDS: &str = "{refund failed 1} {refund failed 1} {refund failed 1} {refund failed 1} {refund failed 1} \
                              {refund failed 1} {refund failed 1} {refund failed 1} {refund failed 1} {refund failed 1} \
                              {refund failed 1}";

/// Takes the checks of a table away.
fn unchecked(table: &str) -> String {
    format!(
        "do $$ declare c record; begin
             for c in select conname from pg_constraint where conrelid = '{table}'::regclass and contype = 'c' loop
                 execute format('alter table {table} drop constraint %I', c.conname);
             end loop;
         end $$;"
    )
}

/// Fills in what several breaks share.
fn statement(text: &str) -> String {
    let mut whole = String::new();
    for (at, part) in text.split('{').enumerate() {
        // Bodies in JSON have braces too.
        let Some((name, rest)) = part.split_once('}').filter(|(name, _)| at > 0 && name.contains(' ')) else {
            whole += if at > 0 { "{" } else { "" };
            whole += part;
            continue;
        };
        let words: Vec<&str> = name.splitn(3, ' ').collect();
        whole += &match words[..] {
            ["unchecked", table] => unchecked(table),
            ["refund", status, amount] => format!(
                "{} insert into refunds (id, order_id, payment_id, status, amount_minor, currency, reason, requested_by,
                                      provider_key, version)
                 select gen_random_uuid(), order_id, id, '{status}', {amount}, currency, 'test', '{{}}',
                        gen_random_uuid()::text, 1 from payments where status = 'succeeded';",
                unchecked("refunds")
            ),
            ["events", count] => format!(
                "insert into events (aggregate_type, aggregate_id, version, event_type, data, metadata)
                 select 'test', gen_random_uuid(), 1, 'test.happened', '{{}}', '{{}}' from generate_series(1, {count});"
            ),
            _ => {
                whole += "{";
                whole += part;
                continue;
            }
        };
        whole += rest;
    }
    whole
}

/// A store with a paid order and one that waits for its money.
async fn store_with_orders(platform: &Platform) -> Store<'_> {
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    store.buy(&[(&tea, 2)]).await;
    store.order(&[(&tea, 1)]).await;
    platform.work().await;
    store
}

async fn look(store: &Store<'_>, repair: bool) -> Report {
    let wanted = Wanted { only: Some(store.id), repair };
    doctor::examine(&store.platform.souk, wanted, |_| {}).await.unwrap()
}

fn codes(report: &Report) -> BTreeSet<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_promise_is_found() {
    let platform = Platform::start().await;
    let broken: BTreeSet<&str> = BREAKS.iter().map(|(code, _)| *code).collect();
    let promised: BTreeSet<&str> = promises().chain(signs()).map(|promise| promise.code).collect();
    assert_eq!(broken, promised, "add how to break it to BREAKS");
    let breaking = futures::stream::iter(BREAKS).for_each_concurrent(3, async |(code, how)| {
        let store = store_with_orders(&platform).await;
        let before = look(&store, false).await;
        assert!(before.findings.is_empty(), "before breaking {code}: {:?}", before.findings);
        store.tamper(&statement(how)).await;
        let after = look(&store, false).await;
        assert!(codes(&after).contains(code), "{code} was broken, and found was {:?}", codes(&after));
    });
    breaking.await;
}

/// Breaks a promise, has it mended, and returns what was found after.
async fn mended(store: &Store<'_>, code: &str) -> Report {
    let how = BREAKS.iter().find(|(known, _)| *known == code).unwrap().1;
    store.tamper(&statement(how)).await;
    assert!(codes(&look(store, false).await).contains(code), "{code} was broken");
    let report = look(store, true).await;
    assert!(report.mended.iter().any(|finding| finding.code == code), "{code}: {report:?}");
    assert!(!codes(&report).contains(code), "{code}: {report:?}");
    let acts = "select count(*) from activity where action = 'health.repair'";
    assert!(store.count(acts).await > 0, "{code} was mended without a trace");
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_of_refunds_are_counted_again() {
    let platform = Platform::start().await;
    let store = store_with_orders(&platform).await;
    mended(&store, "orders.refunded").await;
    mended(&store, "payments.refunded").await;
    assert_eq!(store.count("select sum(refunded_minor)::bigint from orders").await, 0);
    let again = look(&store, true).await;
    assert!(again.mended.is_empty() && again.findings.is_empty(), "there is nothing left to mend: {again:?}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_payment_is_asked_for() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    let bought = store.order(&[(&tea, 1)]).await;
    // The provider's message never arrives.
    platform.sandbox.set_webhook_url(None);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    assert_eq!(store.see(&bought).await.body["status"], "awaiting_payment");
    platform.work().await;
    let report = mended(&store, "payments.stuck").await;
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(store.see(&bought).await.body["status"], "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_checkout_is_ended() {
    let platform = Platform::start().await;
    let store = store_with_orders(&platform).await;
    mended(&store, "checkouts.overdue").await;
    assert_eq!(store.count("select count(*) from checkouts where status = 'expired'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_a_refund_forgot_are_put_back_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    let bought = store.buy(&[(&tea, 3)]).await;
    let line = store.line_of(&bought, &tea.id).await;
    let lines = json!([{ "order_item_id": line, "quantity": 1, "restock": false }]);
    store.refund(&bought, json!({ "lines": lines, "reason": "x" })).await.expect(201);
    platform.work().await;
    assert_eq!(store.stock(&tea.id).await, (10, 3));
    let forget = "update refund_lines set restock = true; update refunds set updated_at = now() - interval '1 hour'";
    store.tamper(forget).await;
    assert!(codes(&look(&store, false).await).contains("refunds.restock"));
    let report = look(&store, true).await;
    assert!(report.mended.iter().any(|finding| finding.code == "refunds.restock"), "{report:?}");
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(store.stock(&tea.id).await, (10, 2));
    let acts = "select count(*) from activity where action = 'health.repair' and entity_type = 'refund'";
    assert_eq!(store.count(acts).await, 1);
    // Whoever mends it a second time, having looked before the first was done, changes nothing.
    let refund = sqlx::Row::get::<uuid::Uuid, _>(&store.rows("select id from refunds").await[0], 0);
    commerce::refunds::restock_late(&store.shop().await, commerce::refunds::RefundId(refund)).await.unwrap();
    assert!(look(&store, true).await.mended.is_empty());
    assert_eq!(store.stock(&tea.id).await, (10, 2));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_events_are_put_on_their_way_again() {
    let platform = Platform::start().await;
    let store = store_with_orders(&platform).await;
    mended(&store, "events.late").await;
    assert_eq!(store.count("select count(*) from events where sequence is null").await, 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_were_kept_are_processed() {
    let platform = Platform::start().await;
    let store = store_with_orders(&platform).await;
    mended(&store, "provider_events.open").await;
    assert_eq!(store.count("select count(*) from provider_events where processed_at is null").await, 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_machine_cannot_mend_says_what_a_person_does() {
    let platform = Platform::start().await;
    let store = store_with_orders(&platform).await;
    store
        .tamper("update stock_movements set delta_on_hand = delta_on_hand + 1 where reference_type = 'adjustment'")
        .await;
    let report = look(&store, true).await;
    assert!(report.mended.is_empty());
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert_eq!((finding.code.as_str(), finding.severity, finding.count), ("stock.ledger", "critical", 1));
    assert!(!finding.todo.is_empty());

    let page = store.admin_get("/health-checks").await.expect(200);
    assert_eq!(page.str("/status"), "critical");
    assert_eq!(page.str("/findings/0/code"), "stock.ledger");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_read_does_not_stop_the_rest() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.tamper("drop table order_items cascade").await;
    let report = look(&store, true).await;
    assert_eq!(codes(&report), BTreeSet::from(["store.unreadable"]), "{report:?}");
    assert_eq!(report.stores, 1);
}
