"""The rules of codes: the lists as one, and what a client may keep in its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction
from reskontro.kit.errors import not_found, validation_failed
from reskontro.kit.fields import CLEARED, Invalid, clean_text, decimal
from reskontro.kit.messages import Language, Message, Messages
from reskontro.ledger.books import EXCHANGE_RATE, Books, CodeRecord, open_books, raise_version
from reskontro.ledger.log import LogEntry, append_log
from reskontro.norway.identities import currency_code
from reskontro.receivable.codes import store
from reskontro.receivable.codes.schemas import CODE, CODE_CHARACTERS_MAX, CODE_WRITE, code_view, stored_view
from reskontro.receivable.codes.system_lists import CLIENT_LISTS, system_codes, system_list_names
from reskontro.receivable.merging import changes_of, merged, refuse
from reskontro.web.lists import Listing

ROOT = "/code"
_DEFAULTS: dict[str, Any] = {
    "nameEn": None,
    "nameNo": None,
    "active": True,
    "validFrom": None,
    "validTo": None,
    "attributes": {},
}
_RATE = decimal("rate", 10, "Units of base currency for one unit", above_zero=True)
_CODE_TYPES = {name.casefold(): name for name in CLIENT_LISTS}


def listing(client_no: int, language: Language) -> Listing:
    """All codes, those of the system and the client's own, by list, code and first day; only active ones unless asked
    otherwise.
    """

    def find(transaction: Transaction, filters: dict[str, Any], limit: int) -> Sequence[list[str]]:
        wanted_types = _folded(filters.get("codetype"))
        wanted_codes = _folded(filters.get("code"))
        active = filters.get("active", True)
        books = open_books(transaction, client_no)
        records = [system.record for system in system_codes().values()] + list(books.codes)
        keys = [
            _key(record)
            for record in records
            if record.active == active
            and (wanted_types is None or record.code_type.casefold() in wanted_types)
            and (wanted_codes is None or record.code.casefold() in wanted_codes)
        ]
        return [list(key) for key in sorted(keys)][:limit]

    def load(transaction: Transaction, keys: Sequence[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        own = {_key(record): record for record in open_books(transaction, client_no).codes}
        views = []
        for key in map(tuple, keys):
            if key in own:
                views.append(code_view(own[key], language, system=False))
            elif key in system_codes():
                record, descriptions = system_codes()[key]
                views.append(code_view(record, language, system=True, descriptions=descriptions))
        return views

    return Listing("codes", "codes", "/codes", find, load)


def _folded(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(value.casefold() for value in values)


def _key(record: CodeRecord) -> tuple[str, str, str]:
    return record.code_type, record.code, "" if record.valid_from is None else record.valid_from.isoformat()


def known_list(name: str) -> str:
    """The name of a list in its canonical spelling; raises Problem NOT-FOUND."""
    found = _CODE_TYPES.get(name.casefold())
    if found is None and name.upper() not in system_list_names():
        raise not_found(f"the code list {name[:30]}")
    return found or name.upper()


def put_code(
    transaction: Transaction, books: Books, code_type: str, name: str, sent: Mapping[str, Any], *, origin: Origin, now: datetime
) -> tuple[CodeRecord, bool]:
    """Create or change a code of a list that the client keeps; returns it and whether it, or its row, is new.

    The caller holds the client's write lock. Raises Problem VALIDATION-FAILED.
    """
    if code_type not in CLIENT_LISTS:
        system_owned = Message("E", "STATE-CONFLICT", "codeType", "/codeType", {"status": "SYSTEM"})
        raise validation_failed([system_owned], ROOT)
    messages = Messages()
    values = CODE_WRITE.read(sent, messages, require=False, keep_cleared=True)
    rows = [code for code in books.codes if code.code_type == code_type and code.code.casefold() == name.casefold()]
    code = rows[0].code if rows else _new_code(code_type, name, messages)
    if code_type == EXCHANGE_RATE and code == books.config("base.currency", books.today(now)):
        # Its rate is 1 on every day.
        refuse(messages, CODE, "code", "STATE-CONFLICT", status="BASE-CURRENCY")
    row = _meant_row(code_type, rows, values)
    stored = stored_view(row) if row is not None else {**_DEFAULTS, **_inherited(rows)}
    view = merged(values, stored, _DEFAULTS)
    view["nameNo"] = view["nameNo"] or view["nameEn"]
    _check(code_type, values, view, messages)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    record = CodeRecord(
        code_type=code_type,
        code=code,
        valid_from=view["validFrom"],
        valid_to=view["validTo"],
        name_en=view["nameEn"],
        name_no=view["nameNo"],
        active=view["active"],
        attributes=view["attributes"],
    )
    changes = changes_of({} if row is None else stored, view)
    if changes:
        if row is None:
            store.insert_code(transaction, books.client_no, record)
        else:
            store.update_code(transaction, books.client_no, row.valid_from, record)
        event = "CODE-CREATED" if row is None else "CODE-CHANGED"
        append_log(transaction, books.client_no, now, [LogEntry(event, "CODE", f"{code_type}/{code}", origin, changes=changes)])
        raise_version(transaction, books.client_no)
    return record, row is None


def _meant_row(code_type: str, rows: Sequence[CodeRecord], values: Mapping[str, Any]) -> CodeRecord | None:
    """The row that is changed: of an exchange rate the one of the same day, of another code the only one."""
    if code_type == EXCHANGE_RATE:
        return next((row for row in rows if row.valid_from == values.get("validFrom")), None)
    return rows[0] if rows else None


def _inherited(rows: Sequence[CodeRecord]) -> dict[str, Any]:
    """The names of a currency that has rates already: they need not be sent with each new one."""
    return {"nameEn": rows[-1].name_en, "nameNo": rows[-1].name_no} if rows else {}


def _new_code(code_type: str, name: str, messages: Messages) -> str:
    """The code of the path in the spelling it is kept in."""
    try:
        code = clean_text(name, multiline=False)
        if code_type == EXCHANGE_RATE:
            code = currency_code(code) or ""
            if not code:
                raise Invalid("CURRENCY-CODE", value=name)
        if not code:
            raise Invalid("FORMAT", value=name)
        if len(code) > CODE_CHARACTERS_MAX:
            raise Invalid("LENGTH", max=CODE_CHARACTERS_MAX)
    except Invalid as invalid:
        refuse(messages, CODE, "code", invalid.code, **invalid.parameters)
        return name
    return code


def _check(code_type: str, values: Mapping[str, Any], view: Mapping[str, Any], messages: Messages) -> None:
    refused = {message.field for message in messages.in_order()}
    if view["nameEn"] is None and "nameEn" not in refused:
        refuse(messages, CODE_WRITE, "nameEn", "REQUIRED")
    if code_type == EXCHANGE_RATE:
        if view["validFrom"] is None and "validFrom" not in refused:
            refuse(messages, CODE_WRITE, "validFrom", "REQUIRED")
        if "attributes" not in refused:
            _check_rate(view["attributes"], messages)
    first, last = view["validFrom"], view["validTo"]
    if first is not None and last is not None and last < first and {"validFrom", "validTo"} & set(values):
        messages.cross("E", "DATE-ORDER", "validTo", "/validTo", other="validFrom")


def _check_rate(attributes: Mapping[str, Any], messages: Messages) -> None:
    place = (CODE_WRITE.field("attributes").position, 0)
    rate = attributes.get("rate")
    try:
        if rate is None or rate == "" or _RATE.check(rate) is CLEARED:
            raise Invalid("REQUIRED")
    except Invalid as invalid:
        messages.add("E", invalid.code, "rate", "/attributes/rate", place, **invalid.parameters)
