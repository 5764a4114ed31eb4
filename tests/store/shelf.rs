//! What shoppers find: search, sort, pages.

use serde_json::json;
use souk_tests::{Answer, Platform, Store};

async fn put(store: &Store<'_>, title: &str, description: &str, price: i64) {
    let body = json!({
        "title": title, "description": description, "status": "active",
        "variants": [{ "sku": souk_tests::unique("s"), "price_minor": price }],
    });
    store.admin_post("/products", body).await.expect(201);
}

fn titles(page: &Answer) -> Vec<String> {
    page.body["data"].as_array().unwrap().iter().map(|product| product["title"].as_str().unwrap().to_owned()).collect()
}

async fn find(store: &Store<'_>, query: &str) -> Vec<String> {
    titles(&store.get(&format!("/api/v1/products?{query}")).await.expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_titles_and_descriptions() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    put(&store, "Red shirt", "warm", 100).await;
    put(&store, "Blue shirt", "cold", 200).await;
    put(&store, "Hat", "goes with a red shirt", 300).await;
    assert_eq!(find(&store, "q=shirt&sort=title").await, ["Blue shirt", "Hat", "Red shirt"]);
    assert_eq!(find(&store, "q=red+-hat&sort=title").await, ["Red shirt"]);
    assert_eq!(find(&store, "q=%22red+shirt%22&sort=price").await, ["Red shirt", "Hat"]);
    assert_eq!(find(&store, "q=nothing").await, Vec::<String>::new());
    for odd in ["q=%27%3B+drop+table+products", "q=%25_%25", "q=a%3A*%26%21%7C%28%29", "q=%22", "q=-"] {
        store.get(&format!("/api/v1/products?{odd}")).await.expect(200);
    }
    for bad in ["q=a%00b", &format!("q={}", "x".repeat(201))] {
        store.get(&format!("/api/v1/products?{bad}")).await.problem(400, "request.invalid_query");
        store.admin_get(&format!("/products?{bad}")).await.problem(400, "request.invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sort_gives_every_product_once_in_pages() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for n in [3, 1, 4, 2, 5, 9, 7] {
        put(&store, &format!("Thing {n}"), "", 100 + n % 3).await;
    }
    for sort in ["newest", "oldest", "title", "-title", "price", "-price"] {
        let whole = find(&store, &format!("sort={sort}&limit=100")).await;
        assert_eq!(whole.len(), 7);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = store.get(&format!("/api/v1/products?sort={sort}&limit=2{cursor}")).await.expect(200);
            seen.extend(titles(&page));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{sort}");
    }
    let newest = find(&store, "").await;
    assert_eq!(newest, find(&store, "sort=newest").await);
    assert_eq!(newest[0], "Thing 7");
    assert_eq!(find(&store, "sort=-title&limit=1").await, ["Thing 9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_list_is_refused() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    for n in 0..3 {
        put(&store, &format!("Thing {n}"), "thing", 100).await;
        put(&other, &format!("Thing {n}"), "thing", 100).await;
    }
    let page = store.get("/api/v1/products?sort=title&limit=1").await.expect(200);
    let cursor = page.str("/next_cursor");
    assert_eq!(find(&store, &format!("sort=title&limit=1&cursor={cursor}")).await, ["Thing 1"]);
    for list in ["sort=price", "sort=-title", "", "sort=title&q=thing"] {
        store.get(&format!("/api/v1/products?{list}&cursor={cursor}")).await.problem(400, "request.invalid_query");
    }
    other.get(&format!("/api/v1/products?sort=title&cursor={cursor}")).await.problem(400, "request.invalid_query");
    for made_up in ["!", "AAAA", "e30", "bnVsbA", ""] {
        store.get(&format!("/api/v1/products?cursor={made_up}")).await.problem(400, "request.invalid_query");
        store.admin_get(&format!("/orders?cursor={made_up}")).await.problem(400, "request.invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_1_to_100_and_queries_name_what_is_wrong() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    put(&store, "Thing", "", 100).await;
    let lists =
        ["/products", "/stock", "/stock/movements", "/orders", "/payments", "/checkouts", "/events", "/activity"];
    for limit in ["0", "-1", "101", "1000000000000", "9223372036854775808", "1.5", "ten", ""] {
        let bad = store.get(&format!("/api/v1/products?limit={limit}")).await.problem(400, "request.invalid_query");
        assert_eq!(bad.body["errors"][0]["field"], "limit", "{}", bad.text);
        for list in lists {
            store.admin_get(&format!("{list}?limit={limit}")).await.problem(400, "request.invalid_query");
        }
    }
    for list in lists {
        store.admin_get(&format!("{list}?limit=100")).await.expect(200);
        store.admin_get(&format!("{list}?filter[price][$gt]=1")).await.problem(400, "request.invalid_query");
    }
    for bad in ["sort=price%3Bselect+pg_sleep(5)", "sort=", "sort=created_at", "page=2", "fields=*"] {
        store.get(&format!("/api/v1/products?{bad}")).await.problem(400, "request.invalid_query");
    }
    store.admin_get("/orders?status=lost").await.problem(400, "request.invalid_query");
    store.admin_get("/products?status=sold").await.problem(400, "request.invalid_query");
}
