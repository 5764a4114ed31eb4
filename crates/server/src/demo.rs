//! The demo store of `souk dev`: opened and stocked through the same verbs as everybody's.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use commerce::catalog::{self, CatalogError, CreateProduct, NewVariant, ProductStatus};
use commerce::inventory::{self, AdjustStock};
use commerce::shop::Shop;
use kernel::idempotency::IdempotencyKey;
use kernel::origin::Origin;
use kernel::problem::Problem;
use landlord::accounts;
use landlord::tenants::{self, SignUp};

use crate::dev::Logins;
use crate::run::Souk;

/// Makes the demo store and the platform admin, unless they are there. Returns what the admin's authenticator is set up
/// with.
pub async fn seed(souk: &Souk, logins: &Logins) -> anyhow::Result<String> {
    let origin = Origin::system();
    let admin = accounts::ensure_admin(&souk.landlord, &origin, &logins.admin_email, &logins.admin_password)
        .await
        .context("the platform admin could not be made")?;
    let secret = accounts::factor_by_operator(&souk.landlord, &origin, admin).await?;

    let mut tx = souk.landlord.db.begin().await?;
    let found = tenants::by_slug(&mut tx, &logins.demo_slug).await?;
    tx.commit().await?;
    if found.is_none_or(|tenant| tenant.state == tenants::TenantState::Provisioning) {
        open(souk, &origin, logins).await?;
    }
    let mut tx = souk.landlord.db.begin().await?;
    let tenant = tenants::by_slug(&mut tx, &logins.demo_slug).await?.context("the demo store is not there")?;
    tx.commit().await?;
    let store = souk.stores.of(tenant.id).await?.context("the demo store is not there")?;
    stock(&souk.stores.open(&store, origin)).await?;
    Ok(secret)
}

async fn open(souk: &Souk, origin: &Origin, logins: &Logins) -> anyhow::Result<()> {
    let request = SignUp {
        email: logins.demo_email.clone(),
        password: logins.demo_password.clone(),
        code: None,
        store_name: "Demo".into(),
        slug: logins.demo_slug.clone(),
        plan: Some("growth".into()),
        currency: Some("EUR".into()),
    };
    let key = IdempotencyKey("souk-dev-demo-store".into());
    let answer = tenants::sign_up(&souk.landlord, origin, &key, &request)
        .await
        .map_err(|error| anyhow::anyhow!(Problem::from(error).detail))?;
    if answer.status == 201 { Ok(()) } else { bail!("the demo store could not be opened: {}", answer.body) }
}

/// Title, description, and its variants: option, price in minor units, how many.
type Good = (&'static str, &'static str, &'static [(&'static str, i64, i32)]);

const GOODS: [Good; 4] = [
    ("Tea glass", "Thin glass, waisted, for tea that is seen before it is tasted.", &[("", 450, 120)]),
    ("Copper pot", "Hammered by hand, tinned inside.", &[("0.5 l", 3900, 25), ("1 l", 5400, 18), ("2 l", 7900, 4)]),
    ("Wool rug", "Woven on an upright loom; no two are alike.", &[("60 × 90", 18900, 6), ("120 × 180", 54900, 2)]),
    ("Saffron", "Threads, one gram, harvested last autumn.", &[("1 g", 1290, 200), ("5 g", 5900, 40)]),
];

async fn stock(shop: &Shop) -> anyhow::Result<()> {
    for (title, description, variants) in GOODS {
        let handle = title.to_lowercase().replace(' ', "-");
        let request = CreateProduct {
            title: title.into(),
            handle: Some(handle.clone()),
            description: description.into(),
            status: Some(ProductStatus::Active),
            category_ids: Vec::new(),
            variants: variants.iter().enumerate().map(|(n, variant)| variant_of(&handle, n, *variant)).collect(),
        };
        match catalog::create_product(shop, &request).await {
            Ok(product) => {
                for (made, (_, _, count)) in product.variants.iter().zip(variants) {
                    let delivery = AdjustStock { delta: *count, reason: "first delivery".into() };
                    inventory::adjust(shop, made.id, &delivery).await?;
                }
            }
            Err(CatalogError::ProductHandleTaken | CatalogError::SkuTaken(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn variant_of(handle: &str, n: usize, (size, price_minor, _): (&str, i64, i32)) -> NewVariant {
    let options = if size.is_empty() { BTreeMap::new() } else { BTreeMap::from([("size".into(), size.into())]) };
    NewVariant {
        sku: format!("{}-{}", handle.to_uppercase(), n + 1),
        title: None,
        price_minor,
        currency: None,
        options,
        weight_grams: 0,
        status: None,
    }
}
