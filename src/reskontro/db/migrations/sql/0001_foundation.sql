-- The foundation: clients, books, customers, documents, the ledger, batches, access.
-- Every tenant table begins its primary key, its unique keys and its foreign keys with client_no.

-- ------------------------------------------------------------------------------------------------ system tables (no client's data)

create table credential (
  client_id text primary key,
  name text not null,
  secret_hash text not null,
  client_nos integer[],               -- null: every client (an operator)
  scopes text[] not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
comment on table credential is 'Who may ask for tokens. System table: a credential may name several clients.';

create table signing_key (
  kid text primary key,
  private_key text,                    -- PEM; erased when the key retires
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  check ((private_key is null) = (retired_at is not null))
);
comment on table signing_key is 'RSA keys that sign tokens. System table.';

create table client (
  client_no integer primary key check (client_no between 1 and 999999999),
  name text not null,
  organization_no text not null,
  organization_no_scheme text not null,
  vat_registered boolean not null,
  in_business_register boolean not null,
  postal_address jsonb not null,
  ledger_start date not null,
  status text not null check (status in ('ACTIVE', 'SUSPENDED', 'CLOSED')),
  created_at timestamptz not null,
  books_version bigint not null        -- a new random number at every change of the client, configs, accounts, rules, periods and codes
);
comment on table client is 'The creditors that use this installation.';

-- ------------------------------------------------------------------------------------------------ books: how a client's ledger is set up

create table client_config (
  client_no integer not null references client,
  config_key text not null,
  valid_from date not null default '-infinity',
  value jsonb,                         -- null: back to the default from this date on
  changed_at timestamptz not null,
  changed_by text not null,
  primary key (client_no, config_key, valid_from)
);

create table code (
  client_no integer not null references client,
  code_type text not null,
  code text not null,
  valid_from date not null default '-infinity',
  valid_to date,
  name_en text not null,
  name_no text not null,
  active boolean not null,
  attributes jsonb not null,
  primary key (client_no, code_type, code, valid_from)
);

create table gl_account (
  client_no integer not null references client,
  gl_account text not null,
  name text not null,
  account_type text not null check (account_type in ('ASSET', 'LIABILITY', 'INCOME', 'EXPENSE')),
  standard_account text,
  is_control boolean not null,
  default_vat_code text,
  required_dimensions integer[] not null,
  active boolean not null,
  primary key (client_no, gl_account)
);

create table posting_rule (
  client_no integer not null references client,
  posting_rule_no integer not null,
  event text not null,
  line_type text,
  vat_code text,
  item_group1 text,
  article_no text,
  customer_category text,
  country_code text,
  fee_code text,
  reason_code text,
  control_account text,
  contra_account text,
  vat_account text,
  vat_relief_account text,
  priority integer not null,
  valid_from date,
  valid_to date,
  active boolean not null,
  primary key (client_no, posting_rule_no)
);

create table period (
  client_no integer not null references client,
  gl_year integer not null,
  gl_period integer not null check (gl_period between 1 and 12),
  from_date date not null,
  to_date date not null,
  status text not null check (status in ('OPEN', 'CLOSED')),
  closed_at timestamptz,
  closed_by text,
  primary key (client_no, from_date)   -- the number of a month changes when the fiscal year is moved before the first posting
);

create table number_series (
  client_no integer not null references client,
  series text not null,
  series_year integer not null,        -- 0 for series that do not start anew each year
  last_no bigint not null,
  last_hash bytea,                     -- series log: hash of the last log item
  primary key (client_no, series, series_year)
);

-- ------------------------------------------------------------------------------------------------ customers

-- No foreign key to client: its check of every row would cost a tenth of the writing, and a write opens the client's books first.
create table customer (
  client_no integer not null,
  account_no integer not null,
  customer_no text not null,
  customer_key text not null,          -- customer_no without case
  name text not null,
  search_name text not null,           -- name and informal name without case, in two lines
  customer_category text not null,
  organization_no text,
  phone_no text,
  secondary_phone_no text,
  email_addresses text[] not null,     -- all of them, without case, for look-ups
  customer_group_code text,
  currency text not null,
  language text not null,
  due_days smallint,
  limit_amount numeric(18, 2),
  registration_status_code text not null,
  country_code text not null,
  customer_kid text,
  control_account text,                -- fixed by the first posting
  details jsonb not null,              -- the remaining fields, by wire name
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (client_no, account_no)
);
create unique index customer_key on customer (client_no, customer_key);
create index customer_organization_no on customer (client_no, organization_no) where organization_no is not null;
create index customer_kid on customer (client_no, customer_kid) where customer_kid is not null;

create table used_account_no (
  client_no integer not null references client,
  account_no integer not null,
  primary key (client_no, account_no)
);
comment on table used_account_no is 'Account numbers of deleted customers; an account number is never given twice.';

-- ------------------------------------------------------------------------------------------------ documents

create table document (
  client_no integer not null,
  document_uuid uuid not null,
  document_type text not null,
  account_no integer not null,
  customer_no text not null,
  document_no text not null,
  document_key text not null,          -- document_no without case
  reference_no text,
  reference_document_uuid uuid,        -- the credited document or the claim
  document_date date not null,
  due_date date not null,
  gl_date date not null,
  currency text not null,
  exchange_rate numeric(20, 10) not null,
  kid text,
  excl_vat numeric(18, 2) not null,
  vat numeric(18, 2) not null,
  incl_vat numeric(18, 2) not null,
  base_excl_vat numeric(18, 2) not null,
  base_vat numeric(18, 2) not null,
  base_incl_vat numeric(18, 2) not null,
  ar_item_id uuid,
  gl_year integer,
  gl_period smallint,
  transaction_no integer,
  document_bundle_id uuid,
  batch_uuid uuid,
  content_hash bytea not null,         -- of the item as first sent, normalised
  details jsonb not null,              -- the remaining fields, by wire name
  created_at timestamptz not null,
  created_by text not null,
  primary key (client_no, document_uuid),
  foreign key (client_no, account_no) references customer
);
create unique index document_key on document (client_no, document_key);
create index document_account_no on document (client_no, account_no);
create index document_date on document (client_no, document_date);
create index document_reference_no on document (client_no, reference_no) where reference_no is not null;
create index document_batch on document (client_no, batch_uuid) where batch_uuid is not null;
create index document_bundle_documents on document (client_no, document_bundle_id) where document_bundle_id is not null;

create table document_line (
  client_no integer not null,
  document_uuid uuid not null,
  line_no integer not null,
  line_type text not null,
  excl_vat numeric(18, 2),
  vat numeric(18, 2),
  incl_vat numeric(18, 2),
  vat_code text,
  gl_account text,
  details jsonb not null,
  primary key (client_no, document_uuid, line_no)
);

create table document_bundle (
  client_no integer not null,
  document_bundle_id uuid not null,
  account_no integer not null,
  batch_uuid uuid not null,
  bundle_key text not null,
  bundle_reference text not null,
  created_at timestamptz not null,
  primary key (client_no, document_bundle_id),
  unique (client_no, batch_uuid, account_no, bundle_key)
);

-- ------------------------------------------------------------------------------------------------ the ledger

create table gl_item (
  client_no integer not null,
  gl_year integer not null,
  transaction_no integer not null,     -- without gaps per client and year
  line_no smallint not null,
  gl_period smallint not null,
  gl_date date not null,
  document_date date not null,
  journal text not null,
  gl_account text not null,
  amount numeric(18, 2) not null,      -- base currency, debit positive
  currency text not null,
  currency_amount numeric(18, 2) not null,
  exchange_rate numeric(20, 10) not null,
  vat_code text,
  account_no integer,                  -- the customer, on control accounts
  ar_item_id uuid,                     -- exactly one per line on a control account
  document_uuid uuid,
  batch_uuid uuid,
  reverses_gl_year integer,
  reverses_transaction_no integer,
  dimensions jsonb,
  line_text text,
  created_at timestamptz not null,
  created_by text not null,
  primary key (client_no, gl_year, transaction_no, line_no)
) partition by range (gl_year);
create index gl_item_account on gl_item (client_no, gl_account, gl_date) include (amount);

create table ar_item (
  client_no integer not null,
  ar_item_id uuid not null,
  account_no integer not null,
  ar_item_type text not null,
  claim_kind text not null check (claim_kind in ('PRINCIPAL', 'INTEREST', 'COST', 'CREDIT')),
  claim_ar_item_id uuid,
  document_uuid uuid,
  document_no text,
  reference_no text,
  kid text,
  item_date date not null,
  due_date date not null,
  gl_date date not null,
  gl_year integer not null,
  gl_period smallint not null,
  transaction_no integer not null,
  control_account text not null,
  currency text not null,
  exchange_rate numeric(20, 10) not null,
  original_amount numeric(18, 2) not null,       -- document currency, debit positive
  base_original_amount numeric(18, 2) not null,
  vat_amount numeric(18, 2) not null,            -- VAT share of original_amount
  reversal boolean not null default false,
  created_at timestamptz not null,
  -- the state of the open item; everything above is written once
  open_amount numeric(18, 2) not null,
  base_open_amount numeric(18, 2) not null,
  credited_amount numeric(18, 2) not null default 0,
  credited_vat numeric(18, 2) not null default 0,
  details jsonb not null default '{}',           -- holds, dispute, notes, dunning state, by wire name
  changed_at timestamptz not null,
  primary key (client_no, ar_item_id),
  foreign key (client_no, account_no) references customer
);
create index ar_item_due on ar_item (client_no, due_date) include (base_open_amount, account_no) where open_amount <> 0 or base_open_amount <> 0;
create index ar_item_account on ar_item (client_no, account_no, due_date);
create index ar_item_kid on ar_item (client_no, kid) where kid is not null;
create index ar_item_claim on ar_item (client_no, claim_ar_item_id) where claim_ar_item_id is not null;

create table match (
  client_no integer not null,
  match_id uuid not null,
  account_no integer not null,
  match_date date not null,
  source text not null,
  coverage_order text not null,
  created_at timestamptz not null,
  created_by text not null,
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'UNDONE')),
  undone_on date,
  undone_by text,
  primary key (client_no, match_id)
);
create index match_account on match (client_no, account_no);

create table match_line (
  client_no integer not null,
  match_id uuid not null,
  line_no integer not null,
  ar_item_id uuid not null,
  amount numeric(18, 2) not null,      -- signed like the item
  base_amount numeric(18, 2) not null,
  primary key (client_no, match_id, line_no)
);
create index match_line_item on match_line (client_no, ar_item_id);

create table payment (
  client_no integer not null,
  payment_uuid uuid not null,
  ar_item_id uuid,                     -- null while nobody knows whose it is
  account_no integer,
  document_uuid uuid,
  amount numeric(18, 2) not null,
  currency text not null,
  payment_date date not null,
  booking_date date not null,
  payment_method text not null,
  bank_account_no text,
  bank_account_key text not null default '',
  bank_reference text,
  bank_reference_key text,             -- without case
  payer_name text,
  payer_account_no text,
  kid text,
  payment_text text,
  exception_code text,
  file_id uuid,
  batch_uuid uuid,
  created_at timestamptz not null,
  primary key (client_no, payment_uuid)
);
create unique index payment_bank_reference on payment (client_no, bank_account_key, bank_reference_key) where bank_reference_key is not null;
create index payment_item on payment (client_no, ar_item_id) where ar_item_id is not null;

create table account_balance (
  client_no integer not null,
  gl_account text not null,
  gl_year integer not null,
  gl_period smallint not null,
  debit numeric(20, 2) not null,
  credit numeric(20, 2) not null,
  item_count bigint not null,
  primary key (client_no, gl_account, gl_year, gl_period)
);

create table log_item (
  client_no integer not null,
  log_year integer not null,
  sequence_no bigint not null,         -- without gaps per client, over all years
  occurred_at timestamptz not null,
  event text not null,
  entity_type text not null,
  entity_id text not null,
  source text not null,
  actor text not null,
  request_id uuid,
  batch_uuid uuid,
  ar_item_id uuid,
  -- erasable values: the chain holds their salted digests
  customer_no text,
  document_no text,
  user_id text,
  changes jsonb,
  salts bytea not null,                -- 16 bytes for each of the four values; zeros once the value is erased
  digests bytea,                       -- 32 bytes for each of the four values: the digest of an erased one, else zeros; null: none erased
  hash bytea not null,
  primary key (client_no, log_year, sequence_no)
) partition by range (log_year);
-- What is logged about a customer that has no documents and items: such a customer can be deleted, and its values in the log with it.
create index log_item_customer on log_item (client_no, customer_no) where customer_no is not null and document_no is null and ar_item_id is null;

-- ------------------------------------------------------------------------------------------------ batches

create table batch (
  client_no integer not null references client,
  batch_uuid uuid not null,
  accept_no bigint generated always as identity,   -- order of acceptance
  entity text not null,
  operation text not null,
  kind text not null,                  -- names the code that processes the items
  status text not null check (status in ('QUEUED', 'PROCESSING', 'PROCESSED', 'CANCELLED')),
  count_total integer not null,
  count_processed integer not null default 0,
  count_successful integer not null default 0,
  count_failed integer not null default 0,
  cancel_requested boolean not null default false,
  attempts integer not null default 0, -- of the chunk that comes next
  retry_at timestamptz,                -- not before this moment
  actor text not null,
  user_id text not null,
  request_id uuid not null,
  parent_batch_uuid uuid,
  retry_batch_uuid uuid,
  file_id uuid,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (client_no, batch_uuid)
);
create index batch_waiting on batch (client_no, accept_no) where status in ('QUEUED', 'PROCESSING');
create index batch_created on batch (client_no, created_at);

create table batch_slice (
  client_no integer not null,
  batch_uuid uuid not null,
  first_index integer not null,
  item_count integer not null,
  body bytea not null,                 -- JSON array of the raw items, zstandard
  primary key (client_no, batch_uuid, first_index)
);
alter table batch_slice alter column body set storage external;

create table batch_item (
  client_no integer not null,
  batch_uuid uuid not null,
  item_index integer not null,
  result text not null,
  outcome text,                        -- null for failed items: their text is the first error's
  account_no integer,
  customer_no text,
  document_no text,
  document_uuid uuid,
  ar_item_id uuid,
  kid text,                            -- only when it was generated
  client_reference text,
  natural_key text,                    -- as sent, without case: what makes a second occurrence a duplicate
  messages jsonb,
  primary key (client_no, batch_uuid, item_index)
);

-- ------------------------------------------------------------------------------------------------ surface

create table idempotency_key (
  client_no integer not null,          -- 0 for calls without a client
  method text not null,
  path text not null,
  idempotency_key text not null,
  body_hash bytea not null,
  status smallint not null,
  headers jsonb not null,
  body bytea not null,
  created_at timestamptz not null,
  primary key (client_no, method, path, idempotency_key)
);
create index idempotency_key_age on idempotency_key (client_no, created_at);

create table stored_list (
  client_no integer not null,
  query_id uuid not null,
  list_name text not null,
  keys jsonb not null,
  page_size integer not null,
  maximum_count integer not null,
  truncated boolean not null,
  options jsonb not null,              -- expand and asofdate of the first call
  created_at timestamptz not null,
  primary key (client_no, query_id)
);
create index stored_list_age on stored_list (client_no, created_at);

-- ------------------------------------------------------------------------------------------------ partitions by year

do $$
begin
  for y in 2020..2045 loop
    execute format('create table gl_item_%s partition of gl_item for values from (%s) to (%s)', y, y, y + 1);
    execute format('create table log_item_%s partition of log_item for values from (%s) to (%s)', y, y, y + 1);
  end loop;
  create table gl_item_other partition of gl_item default;
  create table log_item_other partition of log_item default;
end $$;

-- ------------------------------------------------------------------------------------------------ row-level security

create function current_client_no() returns integer
  language sql stable parallel safe
  return nullif(current_setting('reskontro.client_no', true), '')::integer;

create function is_system() returns boolean
  language sql stable parallel safe
  return coalesce(current_setting('reskontro.system', true), '') = 'on';

do $$
declare
  t text;
begin
  for t in
    select c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_no' and not a.attisdropped
    where c.relkind in ('r', 'p')
  loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (client_no = current_client_no()) with check (client_no = current_client_no())', t);
  end loop;
end $$;

-- Read across clients: the registry of clients (lists of operators) and which client has a batch waiting (workers).
create policy system_registry on client using (is_system()) with check (is_system());
create policy system_queue on batch for select using (is_system());
