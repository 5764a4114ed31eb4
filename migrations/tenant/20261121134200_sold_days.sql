-- What was sold of each variant, by the day (UTC) on which its orders became sure.
create table sold_days (
    day            date   not null,
    variant_id     uuid   not null,
    orders         bigint not null default 0,
    units          bigint not null default 0,
    gross_minor    bigint not null default 0,
    discount_minor bigint not null default 0,
    primary key (day, variant_id)
);
create index sold_days_by_variant on sold_days (variant_id, day);
-- The projection is made anew from the feed, so that the days before this are there too. Where the feed was put away in
-- part, `souk replay --rebuild` does it.
update projections set sequence = 0 where name = 'reports' and (select gone from feed) = 0;
delete from sales_days where carts = 0 and (select gone from feed) = 0;
update sales_days
set checkouts = 0, orders = 0, paid = 0, failed = 0, cancelled = 0, abandoned = 0, units = 0, gross_minor = 0,
    discount_minor = 0, shipping_minor = 0, tax_minor = 0, refunded_minor = 0
where (select gone from feed) = 0;
delete from stock_days where (select gone from feed) = 0;
