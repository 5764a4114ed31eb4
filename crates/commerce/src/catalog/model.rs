//! What products, variants and categories are.

kernel::id! {
    /// Identifies a product.
    ProductId
}

kernel::id! {
    /// Identifies a variant: one thing that can be bought.
    VariantId
}

kernel::id! {
    /// Identifies a category.
    CategoryId
}
