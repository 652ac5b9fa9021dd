-- What came from the bank: transmissions, transactions and mandates; what was sent to it.

-- Mandates of AvtaleGiro as the bank told of them last: who lets claims with a KID be drawn from an account. A mandate for a customer's own KID
-- holds for all items of the customer.
create table mandate (
  client_no integer not null,
  kid text not null,
  account_no integer not null,         -- the customer
  bank_account_no text not null,       -- the client's account that the money comes to
  notify boolean not null,             -- whether the payer wants a notice from the bank before each claim
  active boolean not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (client_no, kid),
  foreign key (client_no, account_no) references customer on delete cascade
);
create index mandate_account on mandate (client_no, account_no);

-- Claims sent to the bank. One of an item is the last; it is ended when it was taken back, or when its day has passed and another took its place.
create table avtalegiro_claim (
  client_no integer not null,
  avtalegiro_claim_id uuid not null,
  ar_item_id uuid not null,
  account_no integer not null,
  kid text not null,
  bank_account_no text not null,
  amount numeric(18, 2) not null,
  due_date date not null,
  run_date date not null,
  batch_uuid uuid not null,
  file_id uuid not null,
  ended_on date,
  deletion_file_id uuid,               -- the file that took it back, null when none was needed
  primary key (client_no, avtalegiro_claim_id)
);
create unique index avtalegiro_claim_item on avtalegiro_claim (client_no, ar_item_id) where ended_on is null;
create index avtalegiro_claim_due on avtalegiro_claim (client_no, due_date) where ended_on is null;

do $$
declare
  t text;
begin
  foreach t in array array['mandate', 'avtalegiro_claim'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (client_no = current_client_no()) with check (client_no = current_client_no())', t);
  end loop;
end $$;
