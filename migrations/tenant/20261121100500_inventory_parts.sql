-- An order's goods may leave, or be given back, in parts. What it still claims: quantity − shipped − released.
alter table stock_reservations
    add column shipped_quantity  int not null default 0 check (shipped_quantity >= 0),
    add column released_quantity int not null default 0 check (released_quantity >= 0),
    add constraint stock_reservations_parts_hold check (shipped_quantity + released_quantity <= quantity);
update stock_reservations set shipped_quantity = quantity where status = 'shipped';
update stock_reservations set released_quantity = quantity where status = 'released';
