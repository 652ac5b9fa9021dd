-- Batches whose items nobody sent: what was asked for, and how far their inputs are worked through.

alter table batch add column request jsonb;               -- what a run, report or import was asked to do
alter table batch add column input_total integer;         -- inputs selected; null until then, and for batches whose items were sent
alter table batch add column input_done integer not null default 0;
alter table batch_item add column payment_uuid uuid;
alter table batch_item add column file_id uuid;
