-- Indexes and columns for reports and large lists.

-- Of what was matched since a day long past, most did not exist then: lines have the date of their item, which does not change, so that they are
-- left out without looking at it.
alter table match_line add column item_gl_date date;
alter table match_line no force row level security;
alter table ar_item no force row level security;
update match_line l set item_gl_date = a.gl_date from ar_item a where a.client_no = l.client_no and a.ar_item_id = l.ar_item_id;
alter table match_line force row level security;
alter table ar_item force row level security;
alter table match_line alter column item_gl_date set not null;
drop index match_line_by_date;
create index match_line_by_date on match_line (client_no, match_date) include (match_id, ar_item_id, amount, base_amount, item_gl_date);

-- Overdue claims of a span of time are found in the index alone.
drop index ar_item_due;
create index ar_item_due on ar_item (client_no, due_date, ar_item_id) include (base_open_amount, account_no, gl_date, open_amount)
  where open_amount <> 0 or base_open_amount <> 0;

-- Open items by customer: who has something in which interval of the age distributed balance is counted customer by customer.
create index ar_item_open_account on ar_item (client_no, account_no, due_date)
  include (gl_date, open_amount, base_open_amount, claim_kind, currency)
  where open_amount <> 0 or base_open_amount <> 0;
