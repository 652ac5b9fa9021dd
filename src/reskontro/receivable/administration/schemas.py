"""The wire form of clients."""

from __future__ import annotations

from datetime import date
from typing import Any

from reskontro.kit.fields import Invalid, Schema, boolean, choice, day, integer, looked_up, moment, nested, text
from reskontro.ledger.books import ClientRecord
from reskontro.ledger.periods import following_month
from reskontro.norway.identities import translate_scheme
from reskontro.receivable.customers.schemas import ADDRESS_KEYS, POSTAL_ADDRESS

CLIENT_NO_MAX = 999_999_999
CLIENT_STATUSES = ("ACTIVE", "SUSPENDED", "CLOSED")
LEDGER_START_MIN = date(2000, 1, 1)


def _first_of_month(found: date) -> None:
    if found < LEDGER_START_MIN:
        raise Invalid("RANGE", min=LEDGER_START_MIN, max=following_month(LEDGER_START_MIN))
    if found.day != 1:
        raise Invalid("RANGE", min=found.replace(day=1), max=following_month(found))


CLIENT = Schema(
    "Client",
    [
        integer("clientNo", 1, CLIENT_NO_MAX, "Given by the system when left out at creation; never changes", always=True),
        text("name", 175, "Name of the creditor", required=True, conditional=True, always=True),
        text("organizationNo", 20, "Organisation number, checked by its scheme", required=True, conditional=True, always=True),
        looked_up("organizationNoScheme", 4, translate_scheme, "CODE-UNKNOWN", "ISO 6523 code; default 0192", always=True),
        boolean("vatRegistered", "Whether it is registered for VAT; default true", always=True),
        boolean("inBusinessRegister", "Prints the name of the register on documents; default false", always=True),
        nested("postalAddress", POSTAL_ADDRESS, "Address of the creditor", always=True),
        day(
            "ledgerStart",
            "First day of the first period, a first of a month; default 1 January of this year; never changes",
            check_day=_first_of_month,
            always=True,
        ),
        choice("status", CLIENT_STATUSES, "SUSPENDED and CLOSED take no writes", always=True),
        moment("createdAt", "When it was created", use="out", always=True),
    ],
    "A creditor that uses this installation",
)


def client_view(client: ClientRecord) -> dict[str, Any]:
    """A client as answers show it."""
    return {
        "clientNo": client.client_no,
        "name": client.name,
        "organizationNo": client.organization_no,
        "organizationNoScheme": client.organization_no_scheme,
        "vatRegistered": client.vat_registered,
        "inBusinessRegister": client.in_business_register,
        "postalAddress": {key: client.postal_address.get(key) for key in ADDRESS_KEYS},
        "ledgerStart": client.ledger_start,
        "status": client.status,
        "createdAt": client.created_at,
    }
