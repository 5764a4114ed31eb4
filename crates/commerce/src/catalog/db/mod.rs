//! The SQL of the catalogue.

pub(super) mod categories;
pub(super) mod products;
pub(super) mod shown;
pub(super) mod variants;
