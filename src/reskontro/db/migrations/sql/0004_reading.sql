-- What the reading rooms need: ageing of any day from the index alone, and the kinds of bundles.

-- The age distributed balance of a day leaves out what came into the ledger later, so the index over open items has the date.
drop index ar_item_due;
create index ar_item_due on ar_item (client_no, due_date, ar_item_id) include (base_open_amount, account_no, gl_date)
  where open_amount <> 0 or base_open_amount <> 0;

-- Letters and notes of a run are bundled by customer, without a reference.
alter table document_bundle add column bundle_type text not null default 'INVOICING'
  check (bundle_type in ('INVOICING', 'REMINDER', 'INTEREST', 'STATEMENT'));
alter table document_bundle alter column bundle_reference drop not null;
create index document_bundle_created on document_bundle (client_no, created_at, document_bundle_id);
