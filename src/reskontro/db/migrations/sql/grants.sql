-- What the serving role may do; run after every migration, so that it is whole at any time. {serving} is filled in.
revoke all on all tables in schema public from {serving};
grant usage on schema public to {serving};
grant usage, select on all sequences in schema public to {serving};
grant execute on all functions in schema public to {serving};
grant select on all tables in schema public to {serving};

-- Booked rows: written once.
grant insert on gl_item, document, document_line, document_bundle, match_line, log_item, used_account_no, letter_claim to {serving};

-- Booked rows with a state of their own: only the state changes.
grant insert, update (open_amount, base_open_amount, credited_amount, credited_vat, details, changed_at, due_date, reference_no) on ar_item to {serving};
grant insert, update (status, undone_on, undone_by) on match to {serving};
grant insert, update (ar_item_id, account_no, exception_code, reversed) on payment to {serving};
grant insert, update (captured_amount, released_amount, status, captures, changed_at) on payment_reservation to {serving};
grant insert, update (ended_on, deletion_file_id) on avtalegiro_claim to {serving};
-- A letter gets its content when it is rendered, and a bank file that failed another import.
grant insert, update (size, sha256, storage, batch_uuid) on file to {serving};
grant insert on file_piece, bank_transmission, bank_return to {serving};
-- Erasing personal values from the log leaves their digests, so the chain still holds.
grant update (customer_no, document_no, user_id, changes, salts, digests) on log_item to {serving};

grant insert, update on client, client_config, code, gl_account, posting_rule, period, number_series, account_balance to {serving};
grant insert, update, delete on customer, batch, batch_slice, batch_item, idempotency_key, stored_list to {serving};
grant insert, update (account_no, bank_account_no, notify, active, told_at, changed_at) on mandate to {serving};
grant insert, update on credential, signing_key to {serving};
grant insert, delete on run_proposal to {serving};
-- What the Collection API is told: only that it was taken changes.
grant insert, update (sent_at) on collection_message to {serving};
