-- Seals: a digest over everything in a row that never changes, so that a row altered past the application shows (see ledger/seals.py).

alter table gl_item add column seal bigint;
alter table gl_item no force row level security;
update gl_item set seal = hash_record_extended(row(client_no, gl_year, transaction_no, line_no, gl_period, gl_date, document_date, journal,
  gl_account, amount, currency, currency_amount, exchange_rate, vat_code, account_no, ar_item_id, document_uuid, batch_uuid,
  reverses_gl_year, reverses_transaction_no, dimensions, line_text, created_by, created_at), 0);
alter table gl_item force row level security;

alter table ar_item add column seal bigint;
alter table ar_item no force row level security;
update ar_item set seal = hash_record_extended(row(client_no, ar_item_id, account_no, ar_item_type, claim_kind, claim_ar_item_id,
  document_uuid, document_no, kid, item_date, gl_date, gl_year, gl_period, transaction_no, control_account, currency, exchange_rate,
  original_amount, base_original_amount, vat_amount, reversal, created_at), 0);
alter table ar_item force row level security;

alter table document add column seal bigint;
alter table document no force row level security;
update document set seal = hash_record_extended(row(client_no, document_uuid, document_type, account_no, customer_no, document_no,
  document_key, reference_no, reference_document_uuid, document_date, due_date, gl_date, currency, exchange_rate, kid, excl_vat, vat,
  incl_vat, base_excl_vat, base_vat, base_incl_vat, ar_item_id, gl_year, gl_period, transaction_no, document_bundle_id, batch_uuid,
  content_hash, details, created_by, created_at), 0);
alter table document force row level security;

alter table document_line add column seal bigint;
alter table document_line no force row level security;
update document_line set seal = hash_record_extended(row(client_no, document_uuid, line_no, line_type, excl_vat, vat, incl_vat, vat_code,
  gl_account, details), 0);
alter table document_line force row level security;

alter table match add column seal bigint;
alter table match no force row level security;
update match set seal = hash_record_extended(row(client_no, match_id, account_no, match_date, source, coverage_order, created_by,
  created_at), 0);
alter table match force row level security;

alter table match_line add column seal bigint;
alter table match_line no force row level security;
update match_line set seal = hash_record_extended(row(client_no, match_id, line_no, ar_item_id, amount, base_amount, match_date,
  item_gl_date), 0);
alter table match_line force row level security;

alter table payment add column seal bigint;
alter table payment no force row level security;
update payment set seal = hash_record_extended(row(client_no, payment_uuid, document_uuid, amount, currency, payment_date, booking_date,
  payment_method, bank_account_no, bank_account_key, bank_reference, bank_reference_key, payer_name, payer_account_no, kid, payment_text,
  file_id, batch_uuid, gl_year, transaction_no, suspense, fingerprint, fingerprint_no, created_at), 0);
alter table payment force row level security;
