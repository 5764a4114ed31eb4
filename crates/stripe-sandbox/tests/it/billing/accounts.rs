//! Connected accounts and the form of their owners.

use super::{Shop, id};

#[tokio::test]
async fn an_account_takes_payments_once_its_owner_filled_in_the_form() {
    let shop = Shop::start().await;
    let form = [
        ("type", "express"),
        ("country", "DE"),
        ("email", "a@b.example"),
        ("capabilities[card_payments][requested]", "true"),
    ];
    let account = shop.made("/v1/accounts", &form).await;
    assert_eq!(
        (account["charges_enabled"].as_bool(), account["details_submitted"].as_bool()),
        (Some(false), Some(false))
    );
    let form = [
        ("account", id(&account)),
        ("type", "account_onboarding"),
        ("refresh_url", "http://souk.example/again"),
        ("return_url", "http://souk.example/back"),
    ];
    let link = shop.made("/v1/account_links", &form).await;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = link["url"].as_str().unwrap();
    assert!(browser.get(url).send().await.unwrap().text().await.unwrap().contains("Complete and enable"));
    let done = browser.post(url).header("accept", "text/html").body("outcome=complete").send().await.unwrap();
    assert_eq!(done.headers()["location"], "http://souk.example/back");
    let used = browser.get(url).send().await.unwrap();
    assert_eq!(used.headers()["location"], "http://souk.example/again", "a link is for one use");

    let path = format!("/v1/accounts/{}", id(&account));
    let ready = shop.get(&path).await;
    assert_eq!((ready["charges_enabled"].as_bool(), ready["payouts_enabled"].as_bool()), (Some(true), Some(true)));
    assert_eq!(ready["capabilities"]["card_payments"], "active");
    let delivery = shop.heard.wait(5).await.pop().unwrap().event();
    assert_eq!((delivery.kind.as_str(), delivery.account.as_deref()), ("account.updated", Some(id(&account))));
    assert!(shop.made(&format!("{path}/login_links"), &[]).await["url"].is_string());
    assert_eq!(
        shop.rig.post("/v1/account_links", &[("account", "acct_none"), ("type", "account_onboarding")]).await.0,
        403
    );
}
