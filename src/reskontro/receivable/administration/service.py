"""The rules of clients: what a new one gets, and what may change of an old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from reskontro.batches.kinds import Origin
from reskontro.db.engine import Transaction, as_client, lock_client
from reskontro.kit.clock import Clock, today
from reskontro.kit.errors import validation_failed
from reskontro.kit.fields import CLEARED
from reskontro.kit.messages import Messages
from reskontro.ledger.books import ClientRecord, open_books, raise_version, seed_books
from reskontro.ledger.configs import default_of
from reskontro.ledger.log import LogEntry, append_log
from reskontro.ledger.periods import end_of_next_year
from reskontro.norway.identities import DEFAULT_SCHEME, is_organization_no, stored_organization_no
from reskontro.receivable.administration import store
from reskontro.receivable.administration.schemas import CLIENT, LEDGER_START_MIN, client_view
from reskontro.receivable.customers.schemas import ADDRESS_KEYS
from reskontro.receivable.merging import changes_of, refuse

ROOT = "/client"
_PAIR = ("organizationNo", "organizationNoScheme")


def create_client(transaction: Transaction, sent: Mapping[str, Any], *, clock: Clock, origin: Origin) -> ClientRecord:
    """Register a client as an administrator describes it, with the built-in chart, posting rules and periods.

    Works in a transaction of any client or of none. Raises Problem VALIDATION-FAILED.
    """
    now = clock.now()
    day = today(clock, default_of("base.timeZone"))
    messages = Messages()
    values = CLIENT.read(sent, messages)
    _check_number(values, sent, messages)
    start = values.get("ledgerStart", date(day.year, 1, 1))
    # The periods of a new client end with the next fiscal year: a ledger that starts after that would have none.
    latest = end_of_next_year(day, default_of("gl.fiscalYearStart")).replace(day=1)
    if start > latest:
        refuse(messages, CLIENT, "ledgerStart", "RANGE", min=LEDGER_START_MIN, max=latest)
    store.lock_registry(transaction)
    client_no = values.get("clientNo")
    if client_no is not None and store.client_exists(transaction, client_no):
        refuse(messages, CLIENT, "clientNo", "NOT-UNIQUE", value=client_no)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    scheme = values.get("organizationNoScheme", DEFAULT_SCHEME)
    client = ClientRecord(
        client_no=client_no if client_no is not None else store.free_client_no(transaction),
        name=values["name"],
        organization_no=stored_organization_no(values["organizationNo"], scheme),
        organization_no_scheme=scheme,
        vat_registered=values.get("vatRegistered", True),
        in_business_register=values.get("inBusinessRegister", False),
        postal_address=_address(values.get("postalAddress", {}), default_of("base.country")),
        ledger_start=start,
        status=values.get("status", "ACTIVE"),
        created_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
    )
    store.insert_client(transaction, client)
    with as_client(transaction, client.client_no):
        lock_client(transaction, client.client_no)
        seed_books(transaction, client.client_no, client.ledger_start, day)
        append_log(transaction, client.client_no, now, [LogEntry("CLIENT-CREATED", "CLIENT", str(client.client_no), origin)])
    return client


def change_client(transaction: Transaction, client_no: int, sent: Mapping[str, Any], *, clock: Clock, origin: Origin) -> ClientRecord:
    """Change what was sent of a client, whatever its status; returns it as it is now.

    Raises Problem NOT-FOUND or VALIDATION-FAILED.
    """
    lock_client(transaction, client_no)
    now = clock.now()
    books = open_books(transaction, client_no, now)
    old = books.client
    messages = Messages()
    values = CLIENT.read(sent, messages, require=False, keep_cleared=True)
    for key, stored in (("clientNo", old.client_no), ("ledgerStart", old.ledger_start)):
        if key in values and values.pop(key) != stored:
            refuse(messages, CLIENT, key, "IMMUTABLE")
    for key in ("name", "organizationNo"):
        if values.get(key, "") is CLEARED:
            refuse(messages, CLIENT, key, "REQUIRED")
            del values[key]
    new = _resulting(old, values, books.config("base.country", books.today(now)))
    if any(key in values for key in _PAIR):
        _check_pair(new.organization_no, new.organization_no_scheme, values.get("organizationNo", new.organization_no), messages)
    if messages.error_count:
        raise validation_failed(messages.in_order(), ROOT)
    changes = changes_of(client_view(old), client_view(new))
    if changes:
        store.update_client(transaction, new)
        raise_version(transaction, client_no)
        entry = LogEntry("CLIENT-UPDATED", "CLIENT", str(client_no), origin, changes=changes)
        append_log(transaction, client_no, now, [entry])
    return new


def _check_number(values: Mapping[str, Any], sent: Mapping[str, Any], messages: Messages) -> None:
    """The organisation number of a new client against its scheme; a scheme that is unknown itself judges nothing."""
    number = values.get("organizationNo")
    if number is None or ("organizationNoScheme" not in values and sent.get("organizationNoScheme")):
        return
    _check_pair(number, values.get("organizationNoScheme", DEFAULT_SCHEME), number, messages)


def _check_pair(number: str, scheme: str, as_sent: str, messages: Messages) -> None:
    if not is_organization_no(number, scheme):
        messages.cross("E", "BUSINESS-ID", "organizationNo", "/organizationNo", value=as_sent, scheme=scheme)


def _address(sent: Mapping[str, Any], base_country: str) -> dict[str, str | None]:
    """All seven keys, those not sent blank; a country is always there."""
    address: dict[str, str | None] = {key: sent.get(key) or None for key in ADDRESS_KEYS}
    address["countryCode"] = address["countryCode"] or base_country
    return address


def _resulting(old: ClientRecord, values: Mapping[str, Any], base_country: str) -> ClientRecord:
    """The client after an update: cleared fields go back to their default at creation."""

    def resulting(key: str, stored: Any, default: Any) -> Any:
        value = values.get(key, stored)
        return default if value is CLEARED else value

    scheme = resulting("organizationNoScheme", old.organization_no_scheme, DEFAULT_SCHEME)
    address = old.postal_address
    sent_address = values.get("postalAddress", {})
    if sent_address is CLEARED:
        address = _address({}, base_country)
    elif sent_address:
        address = _address(sent_address, base_country)
    return replace(
        old,
        name=resulting("name", old.name, old.name),
        organization_no=stored_organization_no(resulting("organizationNo", old.organization_no, old.organization_no), scheme),
        organization_no_scheme=scheme,
        vat_registered=resulting("vatRegistered", old.vat_registered, True),
        in_business_register=resulting("inBusinessRegister", old.in_business_register, False),
        postal_address=address,
        status=resulting("status", old.status, "ACTIVE"),
    )
