-- How long an order that waits for a person's word holds its goods; null: as the platform says, 0: for ever.
alter table settings add column review_hold_hours int check (review_hold_hours between 0 and 720);
-- When staff was told that its time is nearly over.
alter table orders add column review_reminded_at timestamptz;
