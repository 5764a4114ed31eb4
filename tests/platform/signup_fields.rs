//! What a sign-up may say in each field, and by which code it is refused.

use serde_json::json;
use souk_tests::{Platform, key, unique};

use crate::signup::{count, sign_up, with};

#[tokio::test(flavor = "multi_thread")]
async fn names_that_no_store_may_have_are_refused_by_code() {
    let platform = Platform::start().await;
    let long = "a".repeat(64);
    let invalid = [
        "pg_catalog",
        "information_schema",
        "pg_toast",
        "t_a",
        "\"; DROP SCHEMA public;--",
        "a\",public,\"",
        "$user",
        &long,
        "A",
        "Abc",
        "a-",
        "-ab",
        "a--b",
        "xn--80ak6aa92e",
        "",
        "ab",
        "1ab",
        "a.b",
        " abc",
        "abc\n",
        "a\0b",
        "_dmarc",
        "аpple",
        "paypaI",
        "a\u{200b}bc",
        "a\u{202e}bc",
        "ａbc",
        "straße",
        "ıstanbul",
    ];
    let reserved = "
        www api admin app mail smtp ftp static cdn assets status support billing login auth account dashboard
        help docs blog ns1 mx autodiscover autoconfig wpad isatap localhost well-known test staging root
        postmaster abuse webmaster public
    ";
    let tried = invalid
        .map(|slug| (slug, "slug.invalid"))
        .into_iter()
        .chain(reserved.split_whitespace().map(|slug| (slug, "slug.reserved")));
    for (slug, code) in tried {
        let answer = sign_up(&platform, Some(&key()), &with("slug", slug)).await.problem(422, code);
        assert_eq!(answer.errors(), [("slug".to_owned(), code.to_owned())], "{slug:?}");
    }
    // Never was any of it made part of a name in the database.
    assert_eq!(count(&platform, "select count(*) from pg_namespace where nspname = 'public'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_in_many_spellings_is_one_account() {
    let platform = Platform::start().await;
    let name = unique("ann");
    let first = with("email", format!("{name}@x.com"));
    let account = sign_up(&platform, Some(&key()), &first).await.expect(201).str("/account/id");
    let again = with("email", format!(" {}@X.com ", name.to_uppercase()));
    let answer = sign_up(&platform, Some(&key()), &again).await.expect(201);
    assert_eq!((answer.str("/account/id"), answer.str("/account/email")), (account.clone(), format!("{name}@x.com")));
    let other = with("email", format!("{name}+1@x.com"));
    assert_ne!(sign_up(&platform, Some(&key()), &other).await.expect(201).str("/account/id"), account);
    let long = format!("{}@x.com", "a".repeat(320));
    for wrong in [
        "",
        "a",
        "a@",
        "@x.com",
        "a@x.com\r\nBcc: b@x.com",
        "a@x.com%0d%0aBcc:",
        "a@b@x.com",
        "а@x.com",
        "a@bücher.example",
        "a\0@x.com",
    ] {
        sign_up(&platform, Some(&key()), &with("email", wrong)).await.problem(422, "email.invalid");
    }
    let answer = sign_up(&platform, Some(&key()), &with("email", long)).await;
    assert_eq!((answer.status, answer.errors()[0].0.as_str()), (422, "email"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_count_to_their_last_byte() {
    let platform = Platform::start().await;
    for (weak, code) in [
        ("short", "password.too_short"),
        ("123456789", "password.too_short"),
        ("password123", "password.weak"),
        ("qwertyuiop", "password.weak"),
        ("k8#Vq2!xZp\0tail", "password.invalid"),
    ] {
        sign_up(&platform, Some(&key()), &with("password", weak)).await.problem(422, code);
    }
    let endless = sign_up(&platform, Some(&key()), &with("password", "x".repeat(1_000_000))).await;
    endless.problem(413, "request.too_large");
    let long = sign_up(&platform, Some(&key()), &with("password", "long and strong ".repeat(65))).await;
    assert_eq!((long.status, long.errors()[0].0.as_str()), (422, "password"), "{}", long.text);

    let login = async |email: &str, password: &str| {
        platform.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await.status
    };
    let unicode: String = "пароль 🧿 лавки, ".chars().cycle().take(64).collect();
    let bytes: String = "correct horse battery staple ".chars().cycle().take(72).collect();
    for (password, shorter) in
        [(unicode.clone(), unicode.chars().take(63).collect::<String>()), (bytes.clone(), bytes[..71].to_owned())]
    {
        let body = with("password", password.clone());
        let email = body["email"].as_str().unwrap();
        sign_up(&platform, Some(&key()), &body).await.expect(201);
        assert_eq!((login(email, &password).await, login(email, &shorter).await), (200, 401));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_that_is_wrong_has_its_code() {
    let platform = Platform::start().await;
    for (field, value, code) in [
        ("plan", json!("gold"), "plan.unknown"),
        ("plan", json!("a\0b"), "plan.unknown"),
        ("currency", json!("XXX"), "currency.unknown"),
        ("currency", json!("usd"), "currency.unknown"),
        ("store_name", json!(""), "store_name.invalid"),
        ("store_name", json!("a\0b"), "store_name.invalid"),
        ("role", json!("admin"), "request.invalid"),
        ("tenant_id", json!(1), "request.invalid"),
        ("status", json!("active"), "request.invalid"),
        ("trial_ends_at", json!("2099-01-01"), "request.invalid"),
        ("email", json!(null), "request.invalid"),
        ("password", json!(12_345_678_901_i64), "request.invalid"),
    ] {
        let answer = sign_up(&platform, Some(&key()), &with(field, value)).await.problem(422, code);
        assert!(answer.errors().iter().any(|error| error.0 == field), "{}", answer.text);
    }
    let all = json!({ "email": "x", "password": "x", "store_name": "", "slug": "X", "currency": "X" });
    assert_eq!(sign_up(&platform, Some(&key()), &all).await.expect(422).errors().len(), 5, "all at once");
}
