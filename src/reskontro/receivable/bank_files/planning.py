"""Planning an import: the file is read to its end, and refused as a whole, or each of its payments becomes an input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reskontro.batches.kinds import ChunkContext, ItemResult, Refusal
from reskontro.db.engine import Transaction
from reskontro.kit.clock import zone
from reskontro.kit.ids import encode_id
from reskontro.kit.messages import Message
from reskontro.norway.format_fault import FormatFault
from reskontro.receivable.bank_files import store
from reskontro.receivable.bank_files.reading import BankFile, OwnAccount, read_bank_file
from reskontro.receivable.files.store import get_file
from reskontro.receivable.files.writing import read_pieces

FIELD = "content"
"""The key of an upload that findings about a whole file are about."""


def plan_import(transaction: Transaction, context: ChunkContext) -> Iterable[bytes] | Refusal:
    """Read the file of an import.

    Refused with FILE-CONTENT: faults of its structure, accounts that are not the client's for this kind of file, other currencies. Refused with
    FILE-DUPLICATE: a transmission that came in another file before.
    """
    run = context.run
    assert run is not None and run.file_id is not None, "an import has a file"
    record = get_file(transaction, context.client_no, run.file_id)
    assert record is not None, "files stay"
    time_zone = zone(context.books.config("base.timeZone", context.today))
    try:
        found = read_bank_file(record.file_type, read_pieces(transaction, context.client_no, record.file_id), time_zone)
    except FormatFault as fault:
        return _refused("FILE-CONTENT", detail=fault.detail)
    fault_of_account = _check_accounts(context, record.file_type, found)
    if fault_of_account is not None:
        return _refused("FILE-CONTENT", detail=fault_of_account)
    first = store.imported_before(transaction, context.client_no, record.file_type, found.transmission)
    if first is not None and first != record.file_id:
        return _refused("FILE-DUPLICATE", fileId=encode_id(first))
    store.note_transmission(transaction, context.client_no, record.file_type, found.transmission, record.file_id, context.now)
    return found.inputs


def _refused(code: str, **parameters: Any) -> Refusal:
    return Refusal([ItemResult("FAILED", messages=[Message("E", code, FIELD, "", parameters)])])


def own_account_key(number: str) -> str:
    """What two spellings of an account have in common: eleven digits for a Norwegian one, also as IBAN, else the IBAN."""
    compact = number.replace(" ", "").replace(".", "").upper()
    return compact[4:] if compact.startswith("NO") and len(compact) == 15 else compact


def own_accounts(context: ChunkContext) -> dict[str, dict[str, Any]]:
    """The client's bank accounts by key."""
    return {own_account_key(account["bankAccountNo"]): account for account in context.books.config("bank.accounts", context.today) or ()}


def _check_accounts(context: ChunkContext, file_type: str, found: BankFile) -> str | None:
    """What is wrong with an account that the file is about, None when nothing is."""
    known = own_accounts(context)
    base: str = context.books.config("base.currency", context.today)
    for named in found.accounts:
        account = known.get(own_account_key(named.account))
        fault = _account_fault(named, account, file_type, base)
        if fault is not None:
            return f"{named.place}: {fault}"
    return None


def _account_fault(named: OwnAccount, account: dict[str, Any] | None, file_type: str, base: str) -> str | None:
    if account is None:
        return f"{named.account[:34]} is not an account of this client"
    if named.has_payments and account.get("source") != file_type:
        return f"the payments of account {named.account[:34]} do not come in {file_type} files"
    currency = account.get("currency") or base
    if named.currency is not None and named.currency != currency:
        return f"the currency is {named.currency[:3]}, that of account {named.account[:34]} is {currency}"
    return None
