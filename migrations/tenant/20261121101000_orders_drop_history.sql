-- The history of an order is its events: each one that moves it says from where to where, why, by whom and when.
drop table order_history;

-- Orders of the month are counted in the store's own row, which whoever creates orders holds anyway.
update store_state set orders_month = counted.period, orders_in_month = counted.used
from (select period, used from usage_counters where feature = 'max_orders_per_month' order by period desc limit 1) as counted;
delete from usage_counters where feature = 'max_orders_per_month';
