-- Dunning: the letters of a run, and the claims handed over.

-- A letter that posted nothing has no AR item; its KID means these claims.
create table letter_claim (
  client_no integer not null,
  kid text not null,
  ar_item_id uuid not null,
  document_uuid uuid not null,
  primary key (client_no, kid, ar_item_id)
);

-- What a run that only validates would do; read into its proposal file and gone when it ends, that of a cancelled run with its batch.
create table run_proposal (
  client_no integer not null,
  batch_uuid uuid not null,
  input_index integer not null,        -- of the run's input, and the place among what it comes to
  row_index integer not null,
  cells jsonb not null,                -- by the keys of the file's columns
  primary key (client_no, batch_uuid, input_index, row_index)
);

-- What the Collection API is told of a linked claim: written with the effect it tells of, taken from here in order.
create table collection_message (
  client_no integer not null,
  ar_item_id uuid not null,            -- the principal of the claim
  message_no integer not null,         -- without gaps per claim, from 1
  organization_id text not null,       -- in the Collection API
  message_type text not null check (message_type in ('CREATE-INVOICE')),
  body jsonb not null,                 -- as the Collection API takes it
  batch_uuid uuid,                     -- the run that handed over
  created_at timestamptz not null,
  created_by text not null,
  sent_at timestamptz,
  primary key (client_no, ar_item_id, message_no)
);
create index collection_message_waiting on collection_message (client_no, created_at) where sent_at is null;
create index collection_message_batch on collection_message (client_no, batch_uuid) where batch_uuid is not null;

-- Bundles of runs have no reference of the caller.
alter table document_bundle alter column bundle_reference drop not null;

do $$
declare
  t text;
begin
  foreach t in array array['letter_claim', 'run_proposal', 'collection_message'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (client_no = current_client_no()) with check (client_no = current_client_no())', t);
  end loop;
end $$;
