-- What the lists of AR items and payments need to answer quickly over millions of rows.

-- What is compared without case, or lies inside details, is a column of its own: under row-level security an index on an expression is not used,
-- since its function might tell of rows that the policy hides.
drop index document_reference_no;
alter table document add column reference_key text generated always as (lower(reference_no)) stored;
create index document_reference_key on document (client_no, reference_key) where reference_key is not null;
drop index ar_item_due;
drop index ar_item_transferred_no;
drop index ar_item_transferred_reference;
alter table ar_item
  add column transferred_no text generated always as (case when ar_item_type = 'TR' then lower(document_no) end) stored,
  add column transferred_reference text generated always as (case when ar_item_type = 'TR' then lower(reference_no) end) stored;
create index ar_item_transferred_no on ar_item (client_no, transferred_no) where transferred_no is not null;
create index ar_item_transferred_reference on ar_item (client_no, transferred_reference) where transferred_reference is not null;
alter table customer
  add column bank_account_key text generated always as (lower(translate(details ->> 'bankAccountNo', ' .', ''))) stored;
create index customer_bank_account on customer (client_no, bank_account_key) where bank_account_key is not null;

-- Open items and closed ones have an index each, in the order of the list: an item stands in one of them, so a list that is not limited to
-- either merges the two.
create index ar_item_due on ar_item (client_no, due_date, ar_item_id) include (base_open_amount, account_no, gl_date, changed_at)
  where open_amount <> 0 or base_open_amount <> 0;
create index ar_item_closed on ar_item (client_no, due_date, ar_item_id) include (gl_date, changed_at)
  where open_amount = 0 and base_open_amount = 0;
create index ar_item_gl_date on ar_item (client_no, gl_date);
create index ar_item_changed on ar_item (client_no, changed_at);

create index ar_item_partial on ar_item (client_no, due_date, ar_item_id)
  where (open_amount <> 0 or base_open_amount <> 0) and (open_amount <> original_amount or base_open_amount <> base_original_amount);
create index ar_item_open_credit on ar_item (client_no, due_date, ar_item_id)
  where (open_amount <> 0 or base_open_amount <> 0) and open_amount <= 0;

-- Kinds that are rare beside the invoices; whoever writes invoices in the usual currency pays nothing for them.
create index ar_item_other_types on ar_item (client_no, ar_item_type, due_date, ar_item_id) where ar_item_type <> 'IN';
create index ar_item_foreign on ar_item (client_no, currency, due_date, ar_item_id) where currency <> 'NOK';
create index ar_item_disputed on ar_item (client_no, due_date, ar_item_id) where details @> '{"disputed": true}';
create index ar_item_collection on ar_item (client_no, due_date, ar_item_id) where details ? 'collectionStatus';
create index ar_item_open_payment on ar_item (client_no, ar_item_id)
  where ar_item_type = 'PY' and (open_amount <> 0 or base_open_amount <> 0);

-- A client's mix of kinds is its own: without this the planner would take the mix of all clients for it.
create statistics ar_item_kinds (mcv) on client_no, ar_item_type, claim_kind, currency from ar_item;

-- The state of a past day: what was matched or undone since.
create index match_by_date on match (client_no, match_date);
create index match_undone on match (client_no, undone_on) where undone_on is not null;
create index document_referring on document (client_no, reference_document_uuid) where reference_document_uuid is not null;

create index payment_by_date on payment (client_no, payment_date, payment_uuid);
create index payment_unidentified on payment (client_no, payment_date, payment_uuid) where ar_item_id is null;
create index payment_kid on payment (client_no, kid) where kid is not null;
create index payment_reversed on payment (client_no, payment_date, payment_uuid) where reversed;
create index payment_batch on payment (client_no, batch_uuid) where batch_uuid is not null;
