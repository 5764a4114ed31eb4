//! What is for sale: products and their prices.

mod prices;
mod products;

pub use prices::{Price, create as create_price, list as list_prices, retrieve as retrieve_price};
pub use prices::{for_sale, search as search_prices, update as update_price};
pub use products::{
    Product, create as create_product, delete as delete_product, list as list_products, retrieve as retrieve_product,
    search as search_products, update as update_product,
};
