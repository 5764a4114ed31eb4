//! scratch
use std::sync::Arc;
use std::time::Duration;
use std::collections::BTreeMap;
use axum::Extension;
use commerce::access::{Role, StaffIdentity};
use commerce::shop::{Platform, Shop};
use commerce::{inventory, catalog::VariantId, settings};
use kernel::db::ClusterDb;
use kernel::entitlements::{Entitlements, Feature};
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::secret::Possession;
use uuid::Uuid;

#[tokio::main]
async fn main() {
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(20).connect("postgres://postgres@127.0.0.1:54329/souk_scratch_cat").await.unwrap();
    let id = TenantId(Uuid::from_u128(7));
    let db = ClusterDb::new(pool, false).tenant(id);
    let mut features = BTreeMap::new();
    features.insert("max_products".to_owned(), Feature { enabled: true, limit: Some(30), upgrades: vec![] });
    let shop = Shop {
        id, slug: "scratch".into(), currency: "EUR".parse().unwrap(), db,
        clock: Default::default(),
        stripe: stripe_gateway::StripeGateway::new(&stripe_gateway::StripeSettings::new("sk_test_x")).unwrap(),
        possession: Possession::new("key"),
        entitlements: Arc::new(Entitlements(features)),
        platform: Arc::new(Platform { checkout_ttl: Duration::from_secs(900), checkout_max_ttl: Duration::from_secs(3600), webhook_secrets: vec![], livemode: false, publishable_key: "pk_test".into() }),
        checkouts: Arc::new(Default::default()),
        origin: Origin::system(),
    };
    let mut tx = shop.db.begin().await.unwrap();
    for _ in 0..2 { settings::open(&mut tx, settings::OpenStore { store_name: "Scratch".into(), currency: shop.currency }).await.unwrap(); }
    tx.commit().await.unwrap();
    let direct = shop.clone();
    let (router, _) = commerce::shopper_routes().merge(commerce::staff_routes())
        .split_for_parts();
    let router = router
        .route("/t/{verb}/{variant}/{order}/{n}", axum::routing::post(move |axum::extract::Path((verb, variant, order, n)): axum::extract::Path<(String, Uuid, Uuid, i32)>| { let shop = direct.clone(); async move {
            let v = VariantId(variant);
            if verb == "low" { inventory::notice_low_stock(&shop, &[v]).await.unwrap(); return "ok".to_owned(); }
            let mut tx = shop.db.begin().await.unwrap();
            let out = match verb.as_str() {
                "reserve" => { let l = inventory::lock_levels(&mut tx, &[v]).await.unwrap(); let o2 = Uuid::from_u128(order.as_u128() + 1);
                    let r = inventory::reserve(&mut tx, &shop, &[inventory::Take { order_id: order, variant_id: v, quantity: n }, inventory::Take { order_id: o2, variant_id: v, quantity: 1 }]).await; format!("{l:?} {r:?}") }
                "commit" => format!("{:?}", inventory::commit(&mut tx, &shop, &[order, Uuid::from_u128(order.as_u128() + 1)]).await),
                "release" => format!("{:?}", inventory::release(&mut tx, &shop, order, "expired").await),
                "ship" => format!("{:?}", inventory::ship(&mut tx, &shop, order).await),
                "for" => format!("{:?}", inventory::reserved_for(&mut tx, order).await),
                "sale" => format!("{:?}", commerce::catalog::variants_for_sale(&mut tx, &[v]).await),
                "cart" => { let c = commerce::carts::CartId(order); let l = commerce::carts::lock_for_checkout(&mut tx, &[c]).await; let s = commerce::carts::set_in_checkout(&mut tx, &[c]).await; format!("{l:?} {s:?}") }
                "reopen" => format!("{:?}", commerce::carts::reopen(&mut tx, commerce::carts::CartId(order)).await),
                "complete" => format!("{:?}", commerce::carts::complete(&mut tx, &[commerce::carts::CartId(order)]).await),
                _ => "?".into(),
            };
            tx.commit().await.unwrap();
            out
        }}))
        .layer(Extension(StaffIdentity { account: AccountId::new(), role: Role::Owner })).layer(Extension(shop));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:38471").await.unwrap();
    axum::serve(listener, router).await.unwrap();
}
