-- A handler in collection is also told what has to be done about a claim at once.
alter table collection_message drop constraint collection_message_message_type_check;
alter table collection_message add check (message_type in ('CREATE-INVOICE', 'CREATE-TASK'));
