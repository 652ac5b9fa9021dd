-- What the reading rooms need: ageing of any day from the index alone, and the kinds of bundles.

-- The age distributed balance of a day leaves out what came into the ledger later, so the index over open items has the date.
drop index ar_item_due;
create index ar_item_due on ar_item (client_no, due_date, ar_item_id) include (base_open_amount, account_no, gl_date)
  where open_amount <> 0 or base_open_amount <> 0;

-- What matches have taken off since a day is read from one index: so lines have the date of their match, which does not change.
alter table match_line add column match_date date;
alter table match no force row level security;
alter table match_line no force row level security;
update match_line l set match_date = m.match_date from match m where m.client_no = l.client_no and m.match_id = l.match_id;
alter table match force row level security;
alter table match_line force row level security;
alter table match_line alter column match_date set not null;
create index match_line_by_date on match_line (client_no, match_date) include (match_id, ar_item_id, amount, base_amount);

-- Letters and notes of a run are bundled by customer, without a reference.
alter table document_bundle add column bundle_type text not null default 'INVOICING'
  check (bundle_type in ('INVOICING', 'REMINDER', 'INTEREST', 'STATEMENT'));
alter table document_bundle alter column bundle_reference drop not null;
create index document_bundle_created on document_bundle (client_no, created_at, document_bundle_id);

-- Letters without a fee have a KID but no AR item; lists find those documents by it.
create index document_kid_without_item on document (client_no, kid) where ar_item_id is null and kid is not null;
