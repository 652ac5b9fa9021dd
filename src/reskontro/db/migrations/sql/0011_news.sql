-- A handler in collection is also told what has to be done about a claim at once.
alter table collection_message drop constraint collection_message_message_type_check;
alter table collection_message add check (message_type in ('CREATE-INVOICE', 'CREATE-TASK'));

-- What a later file of the bank told of a mandate holds, though an earlier one is read again.
alter table mandate add column told_at timestamptz;
alter table mandate no force row level security;
update mandate set told_at = changed_at;
alter table mandate force row level security;
alter table mandate alter column told_at set not null;
