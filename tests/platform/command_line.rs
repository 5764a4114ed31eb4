//! What operators ask on the command line, and what scripts read of it.

use serde_json::{Value, json};
use souk_tests::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_were_given_up_are_listed_and_done_again() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (first, second) = (store.dead_job().await, store.dead_job().await);

    let (code, told) = platform.run(&["jobs", "list", "--dead", "--tenant", &store.slug, "--json"]).await;
    assert_eq!(code, 0, "{told}");
    let listed: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<String> = listed.iter().map(|job| job["id"].to_string()).collect();
    assert_eq!(ids, [second.clone(), first.clone()]);
    assert_eq!((&listed[0]["kind"], &listed[0]["attempts"]), (&json!("reports.catch_up"), &json!(5)));
    let (_, one) = platform.run(&["jobs", "list", "--dead", "--tenant", &store.slug, "--limit", "1"]).await;
    assert_eq!(one.lines().count(), 1);
    assert!(one.contains(&second) && one.contains("dead") && one.contains("unavailable for a test"), "{one}");

    assert_eq!(platform.run(&["jobs", "replay", &first]).await, (0, format!("{first} is due now\n")));
    let (code, again) = platform.run(&["jobs", "replay", &first]).await;
    assert_eq!(code, 1, "it is not dead any more: {again}");
    let kind = ["jobs", "replay", "--kind", "reports.catch_up", "--tenant", &store.slug];
    assert_eq!(platform.run(&kind).await, (0, "1 jobs are due now\n".to_owned()));
    let dead = format!("select count(*) from souk.jobs where tenant_id = '{}' and dead_at is not null", store.id);
    assert_eq!(store.count(&dead).await, 0);

    let (code, complaint) = platform.run(&["jobs", "replay", "--kind", "nonsense"]).await;
    assert!(code == 1 && complaint.contains("payment.settle"), "{complaint}");
    let (code, complaint) = platform.run(&["jobs", "list", "--tenant", "nobody-here"]).await;
    assert!(code == 1 && complaint.contains("nobody-here"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_scripts_what_it_found() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.sell(1000, 10).await;
    platform.work().await;
    let ask = ["doctor", "--json", "--tenant", &store.slug];
    let (code, told) = platform.run(&ask).await;
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["findings"], &report["stores"]), (0, &json!([]), &json!(1)), "{told}");

    store.tamper("update stock_movements set delta_on_hand = delta_on_hand + 1").await;
    let (code, told) = platform.run(&ask).await;
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &report["findings"][0]["code"]), (1, &json!("stock.ledger")), "{told}");
    for field in ["severity", "count", "todo"] {
        assert!(!report["findings"][0][field].is_null(), "{field}: {told}");
    }
    let (code, _) = platform.run(&["doctor", "--json", "--tenant", "nobody-here"]).await;
    assert_eq!(code, 2, "it could not look");
}

#[tokio::test(flavor = "multi_thread")]
async fn checkouts_are_watched_and_the_overdue_raise_an_alarm() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    store.buy(&[(&tea, 1)]).await;
    let waiting = store.order(&[(&tea, 1)]).await;
    let watch = ["checkout", "monitor", "--json", "--tenant", &store.slug];
    let (code, told) = platform.run(&watch).await;
    let figures: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(code, 0, "{told}");
    let all = &figures["all"]["figures"];
    assert_eq!(
        (&all["started"], &all["completed"], &all["active"], &all["overdue"]),
        (&json!(2), &json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&figures["stores"][0]["store"], &figures["hours"]), (&json!(store.slug), &json!(24)));
    let (_, plain) = platform.run(&["checkout", "monitor", "--tenant", &store.slug]).await;
    assert!(plain.contains("started 2") && plain.contains("completed 1"), "{plain}");

    store.let_pass(60).await;
    let (code, told) = platform.run(&watch).await;
    let figures: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &figures["all"]["figures"]["overdue"]), (1, &json!(1)), "{told}");
    platform.work().await;
    assert_eq!(store.see(&waiting).await.str("/status"), "failed");
    assert_eq!(platform.run(&watch).await.0, 0);
    assert_eq!(platform.run(&["checkout", "monitor", "--tenant", "nobody-here"]).await.0, 1);
    assert_ne!(platform.run(&["checkout", "monitor", "--hours", "0"]).await.0, 0);
}
