//! What happens inside one store: catalogue, stock, carts, checkout, payment.

mod sale;
