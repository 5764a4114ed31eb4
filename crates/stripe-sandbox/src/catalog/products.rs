//! Products.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::prices;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::search::Terms;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Product {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub updated: i64,
    pub active: bool,
    pub name: String,
    pub description: Option<String>,
    pub statement_descriptor: Option<String>,
    pub unit_label: Option<String>,
    pub url: Option<String>,
    pub tax_code: Option<String>,
    pub images: Vec<String>,
    pub features: Vec<String>,
    pub default_price: Option<String>,
    pub metadata: Metadata,
    pub deleted: bool,
}

impl Row for Product {
    const NAME: &'static str = "product";
    const PARAM: &'static str = "product";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "product", "deleted": true });
        }
        let features: Vec<Value> = self.features.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "id": self.id, "object": "product", "created": self.created, "updated": self.updated, "livemode": false,
            "active": self.active, "name": self.name, "description": self.description, "type": "service",
            "statement_descriptor": self.statement_descriptor, "unit_label": self.unit_label, "url": self.url,
            "tax_code": self.tax_code, "images": self.images, "marketing_features": features, "attributes": [],
            "default_price": self.default_price, "metadata": self.metadata, "package_dimensions": null,
            "shippable": null,
        })
    }
}

const KNOWN: &[&str] = &[
    "active",
    "description",
    "images",
    "marketing_features",
    "metadata",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "tax_details",
    "type",
    "unit_label",
    "url",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&[KNOWN, &["id", "default_price_data"]].concat())?;
    let id = params.text("id")?.unwrap_or_else(|| new_id("prod"));
    if tx.state.products.any(&id).is_some() {
        let message = format!("Product already exists with ID: {id}");
        return Err(ApiError::invalid(&message, Some("id"), Some("resource_already_exists")));
    }
    let name = params.text("name")?.ok_or_else(|| ApiError::missing_param("name"))?;
    let mut product = Product {
        id,
        account: account.map(str::to_owned),
        created: tx.now(),
        updated: tx.now(),
        active: true,
        name,
        description: None,
        statement_descriptor: None,
        unit_label: None,
        url: None,
        tax_code: None,
        images: Vec::new(),
        features: Vec::new(),
        default_price: None,
        metadata: Metadata::new(),
        deleted: false,
    };
    read(&mut product, params)?;
    let price = match params.has("default_price_data") {
        true => Some(prices::of_product(tx, &product, &params.within("default_price_data"))?),
        false => None,
    };
    product.default_price = price.as_ref().map(|price| price.id.clone());
    tx.put(Change::Product(product.clone()));
    tx.emit("product.created", Snapshot::Product(product.clone()));
    if let Some(price) = price {
        tx.put(Change::Price(price.clone()));
        tx.emit("price.created", Snapshot::Price(price));
    }
    Ok(Body::of(Snapshot::Product(product)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&[KNOWN, &["default_price"]].concat())?;
    let mut product = living(tx, account, id)?;
    let before = product.render();
    if let Some(name) = params.text("name")? {
        product.name = name;
    }
    read(&mut product, params)?;
    if let Some(price) = params.change("default_price")? {
        if let Some(price) = &price
            && tx.state.prices.get(account, price)?.product != product.id
        {
            let message = format!("The price specified ({price}) does not belong to the product.");
            return Err(ApiError::invalid(&message, Some("default_price"), None));
        }
        product.default_price = price;
    }
    if product.render() != before {
        product.updated = tx.now();
    }
    tx.put(Change::Product(product.clone()));
    tx.emit_update("product.updated", &before, Snapshot::Product(product.clone()));
    Ok(Body::of(Snapshot::Product(product)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Product(living(tx, account, id)?)))
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let product = living(tx, account, id)?;
    if tx.state.prices.iter().any(|price| price.product == product.id) {
        let message = "This product cannot be deleted because it has one or more user-created prices.";
        return Err(ApiError::invalid(message, None, None));
    }
    tx.emit("product.deleted", Snapshot::Product(product.clone()));
    let product = Product { deleted: true, ..product };
    tx.put(Change::Product(product.clone()));
    Ok(Body::of(Snapshot::Product(product)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (active, ids) = (params.boolean("active")?, params.list("ids"));
    let wanted = |product: &Product| {
        !product.deleted
            && active.is_none_or(|active| product.active == active)
            && (ids.is_empty() || ids.contains(&product.id))
    };
    Ok(Body::json(&tx.state.products.list(account, params, "/v1/products", wanted)?))
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let terms = Terms::read(params)?;
    let wanted = |product: &Product| !product.deleted && terms.hold(&product.render());
    Ok(Body::json(&tx.state.products.search(account, params, "/v1/products/search", wanted)?))
}

/// The product, unless there is none or it was deleted.
pub fn living(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Product, ApiError> {
    let product = tx.state.products.get(account, id)?;
    if product.deleted { Err(ApiError::not_found("product", id, "product")) } else { Ok(product.clone()) }
}

fn read(product: &mut Product, params: &Params) -> Result<(), ApiError> {
    if let Some(active) = params.boolean("active")? {
        product.active = active;
    }
    let fields = [
        ("description", &mut product.description),
        ("statement_descriptor", &mut product.statement_descriptor),
        ("unit_label", &mut product.unit_label),
        ("url", &mut product.url),
        ("tax_code", &mut product.tax_code),
    ];
    for (name, field) in fields {
        if let Some(change) = params.change(name)? {
            *field = change;
        }
    }
    if params.has("images") {
        product.images = params.list("images");
    }
    if params.has("marketing_features") {
        let names = params.each("marketing_features").into_iter();
        product.features =
            names.map(|feature| feature.text("name")).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    }
    params.merge_metadata(&mut product.metadata)
}
