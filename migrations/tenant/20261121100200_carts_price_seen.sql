-- The price of one when the shopper last saw the line, and the code that the shopper wants to use.
alter table carts add column promo_code text check (length(promo_code) between 1 and 64);
alter table cart_items add column seen_price_minor bigint;
