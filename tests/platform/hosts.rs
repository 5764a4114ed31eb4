//! The host alone decides whose store a request is for, however it is written, and every answer is protected.

use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Platform, key, unique};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn send(request: reqwest::RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

/// Sends bytes as they are and reads everything that comes back.
async fn raw(platform: &Platform, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(platform.address.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer)
}

/// `GET /api/v1/store` with these lines for a head.
async fn ask(platform: &Platform, target: &str, headers: &[&str]) -> (u16, String) {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    raw(platform, &format!("GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_may_be_written_in_several_ways() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (host, slug) = (store.host(), &store.slug);
    for written in
        [host.clone(), host.to_uppercase(), format!("{host}."), format!("{host}:443"), format!("{host}.:8080")]
    {
        let (status, answer) = ask(&platform, "/api/v1/store", &[&format!("Host: {written}")]).await;
        assert!(status == 200 && answer.contains(slug), "{written}: {answer}");
    }
    let (status, answer) = ask(&platform, &format!("http://{host}/api/v1/store"), &[&format!("Host: {host}")]).await;
    assert!(status == 200 && answer.contains(slug), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_in_doubt_is_refused() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (a, b) = (a.host(), b.host());
    let path = "/api/v1/store";
    let own = format!("Host: {a}");
    let (status, answer) = ask(&platform, path, &[&own, &format!("Host: {b}")]).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(ask(&platform, path, &[&own, &own]).await.0, 400, "twice the same is two");
    assert_eq!(ask(&platform, path, &[]).await.0, 400, "none");
    let (status, answer) = ask(&platform, &format!("http://{b}{path}"), &[&own]).await;
    assert!(status == 400 && answer.contains("host.invalid"), "{answer}");
    let long = "a".repeat(300);
    for wrong in [
        "",
        " ",
        ".",
        &format!("{a}:99999"),
        &format!("{a}:"),
        &format!("{a}:0"),
        &format!("{a}:80x"),
        &format!("{a}/../b"),
        &format!("{a}, {b}"),
        &format!("x@{a}"),
        "[::1]",
        &format!("{a}#"),
        &long,
    ] {
        let (status, answer) = ask(&platform, path, &[&format!("Host: {wrong}")]).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
        assert!(!answer.contains("\"slug\""), "{wrong}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_header_has_a_say() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    for name in [
        "X-Forwarded-Host",
        "X-Host",
        "X-Original-Host",
        "X-Forwarded-Server",
        "X-HTTP-Host-Override",
        "X-Rewrite-URL",
        "X-Original-URL",
        "X-Tenant",
        "X-Tenant-Id",
        "X-Store",
        "X-Forwarded-For",
        "Forwarded",
        "Cookie",
        "Origin",
        "Referer",
    ] {
        for value in
            [b.host(), b.id.to_string(), b.slug.clone(), format!("host={}", b.host()), format!("tenant={}", b.id)]
        {
            let answer = send(a.request(Method::GET, "/api/v1/store").header(name, &value)).await.expect(200);
            assert_eq!(answer.str("/slug"), a.slug, "{name}: {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_in_a_query_or_a_body_switches_nothing() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (ours, theirs) = (a.sell(100, 5).await, b.sell(100, 5).await);
    for query in [
        format!("tenant_id={}", b.id),
        format!("tenant={}", b.slug),
        format!("store={}", b.slug),
        format!("host={}", b.host()),
    ] {
        let answer = a.get(&format!("/api/v1/store?{query}")).await.expect(200);
        assert_eq!(answer.str("/slug"), a.slug);
        let listed = a.get(&format!("/api/v1/products?{query}")).await;
        assert!(!listed.text.contains(&theirs.id), "{}", listed.text);
    }
    let cart = a.fill_cart(&[(&ours, 1)]).await;
    for field in ["tenant_id", "tenant", "store", "store_id", "schema"] {
        let mut body = souk_tests::card(&cart);
        body[field] = json!(b.id);
        a.checkout(&cart, &key(), &body).await.problem(422, "request.invalid");
        let product = json!({ "title": "P", field: b.id, "variants": [{ "sku": "X", "price_minor": 1 }] });
        a.admin_post("/products", product).await.problem(422, "request.invalid");
    }
    assert_eq!(b.count("select count(*) from orders").await + a.count("select count(*) from orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_nobody_has_tells_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let slug = &store.slug;
    let unknown = [
        "unknown.localhost".to_owned(),
        "127.0.0.1".to_owned(),
        format!("{slug}.localhost.evil.com"),
        format!("evil{slug}.localhost"),
        format!("{slug}.evil.com"),
        slug.clone(),
        format!("www.{slug}.localhost"),
        "localhost.evil.com".to_owned(),
        store.id.to_string(),
        store.id.schema().replace('_', "-"),
        "xn--80ak6aa92e.localhost".to_owned(),
    ];
    for host in unknown {
        for path in ["/", "/api/v1/store", "/api/v1/plans", "/health/live", "/openapi.json", "/nothing"] {
            let answer = send(platform.request(Method::GET, &host, path)).await.problem(404, "host.unknown");
            assert!(!answer.text.contains(slug.as_str()) && !answer.text.contains(&host), "{}", answer.text);
        }
    }
    // The same host has a store the moment somebody opens one: nothing remembers that there was none.
    let slug = unique("later");
    let host = format!("{slug}.localhost");
    send(platform.request(Method::GET, &host, "/api/v1/store")).await.problem(404, "host.unknown");
    let request = json!({ "email": format!("{slug}@x.com"), "password": "correct horse battery", "store_name": "Later", "slug": slug });
    platform.post("/api/v1/signup", &request).await.expect(201);
    send(platform.request(Method::GET, &host, "/api/v1/store")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_its_id_and_its_protection() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let host = store.host();
    let cases = [
        (Method::GET, "localhost", "/", 200),
        (Method::GET, "localhost", "/api/v1/plans", 200),
        (Method::GET, "localhost", "/docs/", 200),
        (Method::GET, "localhost", "/openapi.json", 200),
        (Method::GET, "localhost", "/nothing", 404),
        (Method::DELETE, "localhost", "/api/v1/plans", 405),
        (Method::GET, "localhost", "/api/v1/me", 401),
        (Method::POST, "localhost", "/api/v1/auth/login", 415),
        (Method::GET, &host, "/", 200),
        (Method::GET, &host, "/api/v1/products", 200),
        (Method::GET, &host, "/api/v1/admin/orders", 401),
        (Method::PUT, &host, "/api/v1/store", 405),
        (Method::GET, &host, "/api/v1/products?limit=x", 400),
        (Method::POST, &host, "/webhooks/stripe/payments", 400),
        (Method::GET, "nobody.localhost", "/", 404),
        (Method::GET, "a_b", "/", 400),
    ];
    let mut ids = Vec::new();
    for (method, host, path, status) in cases {
        let what = format!("{method} {host} {path}");
        // Every other one brings an id of its own, which is kept.
        let theirs = format!("theirs-{}", ids.len());
        let given = ids.len() % 2 == 1;
        let request = platform.request(method, host, path);
        let request = if given { request.header("x-request-id", &theirs) } else { request };
        let answer = send(request).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        let id = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(if given { id == theirs } else { id.len() == 36 }, "{what}: {id}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{what}: {header}");
        }
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe-inline'"),
            "{what}: {policy}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
        assert_eq!(answer.header("server"), None, "{what}");
        if status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
            assert_eq!(answer.body["request_id"], id.as_str(), "{what}");
            assert_eq!(answer.body["status"], status, "{what}");
            for member in ["type", "title", "code", "detail"] {
                assert!(answer.body[member].is_string(), "{what}: {}", answer.text);
            }
        }
        ids.push(id);
    }
    ids.sort();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "no two requests have the same id");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods_are_problems() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for path in [
        "/api/v1/nothing",
        "/api/v2/products",
        "/.env",
        "/.git/config",
        "/metrics",
        "/api/v1/products/a/b/c",
        "//",
        "/api/v1/admin",
        "/api/v1/admin/nothing",
    ] {
        store.get(path).await.problem(404, "route.unknown");
        platform.get(path).await.problem(404, "route.unknown");
    }
    let answer = send(store.request(Method::PUT, "/api/v1/products")).await.problem(405, "route.wrong_method");
    assert!(answer.header("allow").is_some_and(|methods| methods.contains("GET")), "{:?}", answer.headers);
    send(platform.request(Method::GET, "localhost", "/api/v1/signup")).await.problem(405, "route.wrong_method");
    let (status, answer) =
        raw(&platform, "BREW /api/v1/plans HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(status == 405 && answer.contains("route.wrong_method"), "{answer}");
}
