//! Checkouts, as staff finds them.

use souk_tests::{Answer, Bought, Platform, Store, key};

async fn found(store: &Store<'_>, query: &str) -> Vec<String> {
    ids(&store.admin_get(&format!("/checkouts?{query}")).await.expect(200))
}

fn ids(page: &Answer) -> Vec<String> {
    let data = page.body["data"].as_array().unwrap();
    data.iter().map(|checkout| checkout["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn checkouts_are_found_by_how_they_stand_and_by_their_cart() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 50).await;
    let paid = store.buy(&[(&tea, 1)]).await;
    let expired = store.order(&[(&tea, 1)]).await;
    store.let_pass(60).await;
    platform.work().await;
    let given_up = store.order(&[(&tea, 1)]).await;
    store.cancel(&given_up, &key()).await.expect(200);
    let overdue = store.order(&[(&tea, 1)]).await;
    store.let_pass(60).await;
    let active = store.order(&[(&tea, 1)]).await;

    let of = |all: &[&Bought]| -> Vec<String> { all.iter().map(|bought| bought.checkout.clone()).collect() };
    assert_eq!(found(&store, "").await, of(&[&active, &overdue, &given_up, &expired, &paid]));
    assert_eq!(found(&store, "status=active").await, of(&[&active, &overdue]));
    assert_eq!(found(&store, "overdue=true").await, of(&[&overdue]));
    assert_eq!(found(&store, "overdue=false").await.len(), 5);
    assert_eq!(found(&store, "status=completed").await, of(&[&paid]));
    assert_eq!(found(&store, "status=cancelled").await, of(&[&given_up]));
    assert_eq!(found(&store, "status=expired").await, of(&[&expired]));
    assert!(found(&store, "status=failed").await.is_empty());
    assert!(found(&store, "status=completed&overdue=true").await.is_empty());
    assert_eq!(found(&store, &format!("cart_id={}", expired.cart.id)).await, of(&[&expired]));
    assert!(found(&store, &format!("cart_id={}&status=active", expired.cart.id)).await.is_empty());

    // Whoever tries again with the same cart has two.
    let again = store.checkout(&expired.cart, &key(), &souk_tests::card(&expired.cart)).await.expect(201);
    let both = found(&store, &format!("cart_id={}", expired.cart.id)).await;
    assert_eq!(both, [again.str("/checkout/id"), expired.checkout.clone()]);

    let mut seen = Vec::new();
    let mut cursor = String::new();
    while seen.len() < 6 {
        let page = store.admin_get(&format!("/checkouts?limit=4{cursor}")).await.expect(200);
        seen.extend(ids(&page));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, found(&store, "").await);

    let log = store.admin_get(&format!("/checkouts/{}", paid.checkout)).await.expect(200);
    let phases: Vec<&str> =
        log.body["log"].as_array().unwrap().iter().filter_map(|entry| entry["phase"].as_str()).collect();
    assert_eq!((phases.first(), phases.last()), (Some(&"started"), Some(&"completed")), "{}", log.text);
    for bad in ["status=lost", "overdue=perhaps", "cart_id=7", "limit=101", "colour=red"] {
        store.admin_get(&format!("/checkouts?{bad}")).await.problem(400, "request.invalid_query");
    }
}
