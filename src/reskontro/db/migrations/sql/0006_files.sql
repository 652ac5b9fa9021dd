-- Files that came in or were made, with their content.

-- Size and digest of a letter are not known before it is rendered. The content lies in pieces here (DATABASE) or in the object store of the
-- installation (STORE); what names it is committed after it.
create table file (
  client_no integer not null,
  file_id uuid not null,
  file_type text not null,
  direction text not null check (direction in ('IN', 'OUT')),
  file_name text not null,
  file_name_key text not null generated always as (lower(file_name)) stored,
  content_type text not null,
  size bigint,
  sha256 bytea,
  storage text check (storage in ('DATABASE', 'STORE')),
  document_no text,
  document_key text generated always as (lower(document_no)) stored,
  document_bundle_id uuid,
  batch_uuid uuid,                     -- the batch that made the file, of a bank file the last one that imported it
  letter jsonb,                        -- what a letter says, frozen when it was queued
  created_at timestamptz not null,
  created_by text not null,
  primary key (client_no, file_id),
  check ((size is null) = (sha256 is null) and (size is null) = (storage is null)),
  check (size is not null or letter is not null)
);
create index file_created on file (client_no, created_at desc, file_id);
create index file_by_type on file (client_no, file_type, created_at desc, file_id);
create unique index file_content on file (client_no, file_type, sha256) where direction = 'IN';
create index file_document on file (client_no, document_key) where document_key is not null;
create index file_bundle on file (client_no, document_bundle_id) where document_bundle_id is not null;
create index file_batch on file (client_no, batch_uuid) where batch_uuid is not null;
create index file_to_render on file (client_no, file_id) where size is null;

create table file_piece (
  client_no integer not null,
  file_id uuid not null,
  piece_no integer not null,
  body bytea not null,
  primary key (client_no, file_id, piece_no)
);
alter table file_piece alter column body set storage external;

-- Bank files that were imported: sender, number and recipient of an OCR transmission, the MsgId of a camt message.
create table bank_transmission (
  client_no integer not null,
  file_type text not null,
  transmission_key text not null,
  file_id uuid not null,
  created_at timestamptz not null,
  primary key (client_no, file_type, transmission_key)
);

-- A payment of a bank file is known again by its fingerprint; equal ones are counted. The bank's own reference of such a payment need not be unique.
alter table payment add column fingerprint bytea;
alter table payment add column fingerprint_no integer;
create unique index payment_fingerprint on payment (client_no, fingerprint, fingerprint_no) where fingerprint is not null;
drop index payment_bank_reference;
create unique index payment_bank_reference on payment (client_no, bank_account_key, bank_reference_key)
  where bank_reference_key is not null and fingerprint is null;
create index payment_archive_reference on payment (client_no, bank_account_key, bank_reference_key)
  where bank_reference_key is not null and fingerprint is not null;

-- What the bank took back is no payment of its own: it marks the one it takes back, and is known again too.
create table bank_return (
  client_no integer not null,
  fingerprint bytea not null,
  fingerprint_no integer not null,
  payment_uuid uuid not null,
  file_id uuid not null,
  created_at timestamptz not null,
  primary key (client_no, fingerprint, fingerprint_no)
);

do $$
declare
  t text;
begin
  foreach t in array array['file', 'file_piece', 'bank_transmission', 'bank_return'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant on %I using (client_no = current_client_no()) with check (client_no = current_client_no())', t);
  end loop;
end $$;

-- Workers ask which clients have letters that are not rendered yet; as with reservations each client is looked at as itself.
create function clients_with_letters_to_render() returns setof integer
  language plpgsql as $$
declare
  number integer;
begin
  for number in select client_no from client order by client_no loop
    perform set_config('reskontro.client_no', number::text, true);
    if exists (select from file where client_no = number and size is null) then
      return next number;
    end if;
  end loop;
end $$;
