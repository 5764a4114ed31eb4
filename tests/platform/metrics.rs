//! Metrics, read by a real Prometheus: what it sees, and that our rules and our dashboard name nothing that is not there.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kernel::metrics::METRICS;
use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Platform, Store, assert_consistent, card, key, settings, unique};

use crate::support::root;

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program of Prometheus'. Without it there is no test, and that is a failure rather than a silence.
fn program(name: &str) -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = path.split(':').map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "{name} is missing: install Prometheus (Debian: apt-get install prometheus, macOS: brew install prometheus)"
        )
    })
}

/// A Prometheus of this test's own; it ends with it.
struct Prometheus {
    process: Child,
    address: String,
    folder: PathBuf,
}

impl Prometheus {
    fn start(metrics: &str) -> Self {
        let folder = std::env::temp_dir().join(unique("souk-prometheus"));
        std::fs::create_dir_all(&folder).unwrap();
        let rules = root().join("deploy/prometheus/rules.yml");
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{}]\nscrape_configs:\n  \
             - {{ job_name: souk, static_configs: [{{ targets: [\"{metrics}\"] }}] }}\n",
            rules.display()
        );
        std::fs::write(folder.join("prometheus.yml"), config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let process = Command::new(program("prometheus"))
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, address: format!("http://{address}"), folder }
    }

    /// The value of a query, as soon as it has one and the value is right.
    async fn until(&self, client: &reqwest::Client, query: &str, right: impl Fn(f64) -> bool) -> f64 {
        let url = format!("{}/api/v1/query?query={query}", self.address);
        let mut last = String::new();
        for _ in 0..600 {
            if let Ok(response) = client.get(&url).send().await {
                let answer = Answer::of(response).await;
                let value = answer.body.pointer("/data/result/0/value/1").and_then(Value::as_str);
                if let Some(value) = value.and_then(|value| value.parse().ok()).filter(|value| right(*value)) {
                    return value;
                }
                last = answer.text;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{query}: {last}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A platform that shows its metrics, and where.
async fn measured() -> (Platform, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let mut environment = settings();
    environment.set("SOUK__METRICS__LISTEN", address.clone());
    (Platform::start_with(environment).await, address)
}

async fn scrape(platform: &Platform, address: &str) -> String {
    for _ in 0..100 {
        if let Ok(response) = platform.client.get(format!("http://{address}/metrics")).send().await {
            assert_eq!(response.status(), 200);
            return response.text().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody answers at {address}");
}

/// Sells, and refuses to.
async fn trade(platform: &Platform) -> Store<'_> {
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    store.buy(&[(&tea, 1)]).await;
    store.order(&[(&tea, 1)]).await;
    let cart = store.fill_cart(&[(&tea, 8)]).await;
    store.adjust(&tea.id, -1).await.expect(200);
    store.checkout(&cart, &key(), &card(&cart)).await.problem(409, "stock.insufficient");
    platform.work().await;
    store
}

/// Counts all stores, when it is our turn: tests in other processes may be at it.
async fn count(platform: &Platform) {
    let souk = &platform.souk;
    for _ in 0..600 {
        souk.gauges.refresh(&souk.landlord.db, "main", &platform.cluster()).await.unwrap();
        if !souk.gauges.text().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it is never our turn");
}

/// The metrics that an expression names.
fn named(expression: &str) -> BTreeSet<String> {
    let labels = Regex::new(r#"\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(by|without|on|ignoring) *\([^)]*\)"#).unwrap();
    let bare = labels.replace_all(expression, " ");
    let words = Regex::new(r"([a-z_][a-z0-9_]*)\s*(\(?)").unwrap();
    let words = words.captures_iter(&bare).filter(|word| {
        word[2].is_empty() && word[1].contains('_') || &word[1] == "up" || &word[1] == "stores" || &word[1] == "jobs"
    });
    words.map(|word| word[1].to_owned()).collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "expr" => found.push(text.clone()),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => expressions(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn names_are_found_in_expressions() {
    let text = r#"histogram_quantile(0.99, sum by (le, route_name) (rate(http_request_duration_seconds_bucket{status="a_b"}[5m]))) / max(stores)"#;
    assert_eq!(named(text), BTreeSet::from(["http_request_duration_seconds_bucket".to_owned(), "stores".to_owned()]));
}

#[test]
fn the_rules_are_well_formed_and_ring_when_they_should() {
    let folder = root().join("deploy/prometheus");
    for arguments in
        [["check", "rules", "rules.yml"], ["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]]
    {
        let done = Command::new(program("promtool")).args(arguments).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "promtool {arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_what_happens_in_the_stores() {
    let (platform, address) = measured().await;
    let prometheus = Prometheus::start(&address);
    let store = trade(&platform).await;
    count(&platform).await;
    let client = &platform.client;
    prometheus.until(client, "sum(orders_created_total)", |orders| orders >= 2.0).await;
    prometheus.until(client, "sum(stock_reservation_failures_total)", |refused| refused >= 1.0).await;
    prometheus.until(client, "sum(orders_by_status%7Bstatus=%22paid%22%7D)", |paid| paid >= 1.0).await;
    prometheus.until(client, "order_creation_duration_seconds_count", |orders| orders >= 2.0).await;
    prometheus.until(client, "sum(stripe_calls_total%7Boutcome=%22ok%22%7D)", |calls| calls >= 2.0).await;

    let rules = client.get(format!("{}/api/v1/rules", prometheus.address)).send().await.unwrap();
    let rules = Answer::of(rules).await.expect(200);
    let groups = rules.body["data"]["groups"].as_array().unwrap();
    let rules: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(rules.len() > 15, "{} rules", rules.len());
    for rule in &rules {
        assert_ne!(rule["health"], "err", "{rule}");
    }

    let text = scrape(&platform, &address).await;
    let samples: BTreeSet<&str> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()).collect();
    let mut dashboard = Vec::new();
    let json = std::fs::read_to_string(root().join("deploy/grafana/souk.json")).unwrap();
    expressions(&serde_json::from_str(&json).unwrap(), &mut dashboard);
    assert!(dashboard.len() > 40, "{} expressions", dashboard.len());
    let rules = rules.iter().map(|rule| rule["query"].as_str().unwrap().to_owned());
    for expression in dashboard.into_iter().chain(rules) {
        let names = named(&expression);
        assert!(!names.is_empty(), "{expression} names no metric");
        for name in names {
            assert!(name == "up" || samples.contains(name.as_str()), "{name} of {expression} is in no scrape");
        }
    }
    for metric in METRICS {
        let shown = samples
            .iter()
            .any(|sample| sample.strip_prefix(metric.name).is_some_and(|rest| matches!(rest, "" | "_count")));
        assert!(shown, "{} is in no scrape", metric.name);
    }
    assert!(!text.contains(&store.slug) && !text.contains(&store.id.to_string()), "stores are no labels");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_on_no_public_host() {
    let (platform, address) = measured().await;
    let store = platform.open_store().await;
    scrape(&platform, &address).await;
    platform.get("/metrics").await.problem(404, "route.unknown");
    store.get("/metrics").await.problem(404, "route.unknown");
    // The inner address knows nothing else.
    let other = platform.client.request(Method::GET, format!("http://{address}/api/v1/plans")).send().await.unwrap();
    assert_eq!(other.status(), 404);
}

/// The value of a sample without labels, or with just these; 0 when it is in no scrape.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_measured_on_all_of_its_way() {
    let (platform, address) = measured().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 10).await;
    let bought = store.buy(&[(&tea, 1)]).await;
    store.act(&bought, "pack", json!({})).await.expect(200);
    let before = scrape(&platform, &address).await;
    store.act(&bought, "ship", json!({})).await.expect(200);
    let refund = store.refund(&bought, json!({ "amount_minor": 100, "reason": "x" })).await.expect(201).str("/id");
    platform.work().await;
    let there = store.see_refund(&refund).await.str("/provider_ref");
    platform.end_refund(&there, "fail").await;
    for _ in 0..250 {
        if store.see_refund(&refund).await.str("/status") == "failed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = scrape(&platform, &address).await;
    let names = ["order_fulfillment_duration_seconds_count", "order_total_processing_duration_seconds_count"];
    for name in names.into_iter().chain(["order_errors_total{category=\"payment\"}"]) {
        assert_eq!((sample(&before, name), sample(&after, name)), (0.0, 1.0), "{name}: {after}");
    }
    for name in ["order_queue_wait_duration", "order_validation_duration", "order_payment_duration"] {
        assert!(sample(&after, &format!("{name}_seconds_count")) >= 1.0, "{name}: {after}");
    }
    let order = store.admin_get(&format!("/orders/{}", bought.order)).await.expect(200);
    for time in ["queue_wait_ms", "validation_ms", "payment_ms", "fulfilment_ms", "total_ms"] {
        assert!(order.int(&format!("/metrics/{time}")) >= 0, "{}", order.text);
    }
    assert_eq!(order.int("/error_count"), 1);
    assert_consistent(&store).await;
}
