-- Payment reservations, and what reversals and look-ups by number need.

-- No foreign key to customer: one that is deleted may have had reservations that ended, and their paymentIds stay used.
create table payment_reservation (
  client_no integer not null,
  payment_reservation_id uuid not null,
  payment_id text not null,
  payment_key text not null,           -- payment_id without case
  content_hash bytea not null,         -- of the request as first sent, normalised
  target_type text not null check (target_type in ('DOCUMENT', 'CUSTOMER')),
  account_no integer not null,
  ar_item_id uuid,                     -- the item reserved on; null for a customer
  amount numeric(18, 2) not null check (amount > 0),
  captured_amount numeric(18, 2) not null default 0,
  released_amount numeric(18, 2) not null default 0,
  currency text not null,
  payment_method text,
  reservation_text text,
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'CAPTURED', 'RELEASED', 'EXPIRED')),
  expires_at timestamptz not null,
  captures jsonb not null default '[]',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  created_by text not null,
  primary key (client_no, payment_reservation_id),
  check ((target_type = 'DOCUMENT') = (ar_item_id is not null)),
  check (captured_amount >= 0 and released_amount >= 0 and captured_amount + released_amount <= amount),
  check ((status = 'ACTIVE') = (captured_amount + released_amount < amount))
);
create unique index payment_reservation_key on payment_reservation (client_no, payment_key);
create index payment_reservation_account on payment_reservation (client_no, account_no);
create index payment_reservation_item on payment_reservation (client_no, ar_item_id) where ar_item_id is not null;
create index payment_reservation_running on payment_reservation (client_no, expires_at) where status = 'ACTIVE';

alter table payment_reservation enable row level security;
alter table payment_reservation force row level security;
create policy tenant on payment_reservation using (client_no = current_client_no()) with check (client_no = current_client_no());

-- Workers ask which clients have reservations that ran out. Each client is looked at as itself, with the caller's rights, so that no policy has to
-- show the reservations of several; called in a transaction of the system, which ends with it.
create function clients_with_expired_reservations(moment timestamptz) returns setof integer
  language plpgsql as $$
declare
  number integer;
begin
  for number in select client_no from client order by client_no loop
    perform set_config('reskontro.client_no', number::text, true);
    if exists (select from payment_reservation where client_no = number and status = 'ACTIVE' and expires_at <= moment) then
      return next number;
    end if;
  end loop;
end $$;

-- What took a transaction back is asked by the number of the original; few lines have such a number.
create index gl_item_reverses on gl_item (client_no, reverses_gl_year, reverses_transaction_no) where reverses_transaction_no is not null;

-- A payment knows the transaction that booked it. One that nobody's was booked on the suspense account, and is found again by that transaction.
alter table payment add column gl_year integer;
alter table payment add column transaction_no integer;
alter table payment add column suspense boolean not null default false;
alter table payment add column reversed boolean not null default false;
alter table payment no force row level security;
alter table ar_item no force row level security;
update payment p set gl_year = a.gl_year, transaction_no = a.transaction_no
  from ar_item a where a.client_no = p.client_no and a.ar_item_id = p.ar_item_id;
alter table payment force row level security;
alter table ar_item force row level security;
create index payment_suspense on payment (client_no, gl_year, transaction_no) where suspense;

-- References are compared without case. An item that was transferred bears the number and the reference of the document it comes from.
drop index document_reference_no;
create index document_reference_no on document (client_no, lower(reference_no)) where reference_no is not null;
create index ar_item_transferred_no on ar_item (client_no, lower(document_no)) where ar_item_type = 'TR' and document_no is not null;
create index ar_item_transferred_reference on ar_item (client_no, lower(reference_no)) where ar_item_type = 'TR' and reference_no is not null;
