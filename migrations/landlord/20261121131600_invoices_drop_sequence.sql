-- Numbers are taken from the store's subscription.
drop sequence invoices_asked;
