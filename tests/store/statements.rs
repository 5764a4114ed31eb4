//! How many statements a purchase costs.

use std::fmt;
use std::sync::{Arc, Mutex};

use souk_tests::{Answer, Platform, assert_consistent, card, key};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Most statements of a whole purchase. The goal is 30.
const MOST: usize = 31;

/// Statements that the server has sent, in order. They are told by sqlx itself.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut text = Text::default();
            event.record(&mut text);
            let words: Vec<_> = if text.whole.is_empty() { text.summary } else { text.whole }
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            self.0.lock().unwrap().push(words.join(" "));
        }
    }
}

/// What an event of sqlx says: short statements in their summary, long ones beside it.
#[derive(Default)]
struct Text {
    summary: String,
    whole: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.whole = value.trim().to_owned(),
            _ => {}
        }
    }
}

impl Statements {
    /// What was sent since the last time, without the ends of transactions.
    fn take(&self) -> Vec<String> {
        let sent = std::mem::take(&mut *self.0.lock().unwrap());
        let ends = ["begin", "commit", "rollback", "listen"];
        let is_end = |sent: &String| ends.iter().any(|end| sent.to_lowercase().starts_with(end));
        sent.into_iter().filter(|sent| !is_end(sent)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_order_of_three_lines_takes_few_statements_from_the_shelf_to_the_money() {
    let statements = Statements::default();
    // Before the server starts its own log: the first one stays.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(statements.clone()));
    // As merchants get it: the tests' own settings spare looking back at what a customer ordered before.
    let mut environment = souk_tests::settings();
    for (setting, default) in [("PENDING_ORDERS", "5"), ("HOURLY_ORDERS", "10"), ("DUPLICATE_MINUTES", "10")] {
        environment.set(&format!("SOUK__REVIEW__{setting}"), default);
    }
    let platform = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    let variants = [store.sell(500, 100).await, store.sell(700, 100).await, store.sell(900, 100).await];
    let lines = [(&variants[0], 1), (&variants[1], 2), (&variants[2], 3)];
    // Once, so that the process knows the store and its catalogue; of something else, which is no duplicate.
    store.buy(&variants.each_ref().map(|variant| (variant, 4))).await;
    platform.work().await;

    // What the provider tells by itself would come at any moment; here it is told once, in its turn.
    platform.sandbox.set_webhook_url(None);
    statements.take();
    store.get("/api/v1/products").await.expect(200);
    let mut told = vec![("list products", statements.take())];
    let cart = store.fill_cart(&lines).await;
    told.push(("fill a cart", statements.take()));
    let answer: Answer = store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    told.push(("check out, with the provider's first answer", statements.take()));
    let bought = souk_tests::Store::bought(cart, &answer);
    let total = answer.int("/order/total_minor");
    store.hear(&souk_tests::News::of(&store, &bought, total, "succeeded", "succeeded")).await.expect(200);
    told.push(("the provider's message", statements.take()));

    store.see(&bought).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    let count: usize = told.iter().map(|(_, sent)| sent.len()).sum();
    let list = told.iter().map(|(what, sent)| format!("{what}: {}\n  {}", sent.len(), sent.join("\n  ")));
    let list = list.collect::<Vec<_>>().join("\n");
    assert!(told.iter().all(|(_, sent)| !sent.is_empty()), "some are not counted:\n{list}");
    assert!(count <= MOST, "{count} statements:\n{list}");
    assert_consistent(&store).await;
}
