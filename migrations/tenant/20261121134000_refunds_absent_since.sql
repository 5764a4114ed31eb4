-- Since when the provider's list lacks a refund whose key brings nothing but an error that is stored under it.
alter table refunds add column absent_since timestamptz;
