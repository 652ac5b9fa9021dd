"""What can be said of a document without knowing anything that is stored; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from reskontro.kit.fields import Field
from reskontro.kit.messages import Messages, Severity
from reskontro.kit.quick import Sent
from reskontro.ledger.posting import OpenItem
from reskontro.norway.kid import Algorithm, is_valid
from reskontro.receivable.customers.schemas import CUSTOMER
from reskontro.receivable.documents.schemas import AMOUNTS, DOCUMENT, DOCUMENT_LINE, sent_reference

OLDEST_DATE: Final = date(2000, 1, 1)
DAYS_AHEAD_MAX: Final = 366
CENT: Final = Decimal("0.01")

_LINE_TYPES_OF: Final[Mapping[str, frozenset[str]]] = {
    "IN": frozenset(("PLH", "TXT", "FEE", "RND")),
    "CN": frozenset(("PLH", "TXT", "FEE", "RND")),
    "IT": frozenset(("INT", "TXT")),
    "RM": frozenset(("FEE", "TXT")),
    "PY": frozenset(),
}
_UNTAXED = frozenset(("IT", "RM", "PY"))
_POSITION = {f.name: (f.position,) for f in DOCUMENT.fields}
_LINES = DOCUMENT.field("documentLines").position
_AMOUNT_KEYS = ("exclVat", "vat", "inclVat")
_content_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")
_NOT_CONTENT = frozenset(("clientReference",))


@dataclass(frozen=True, slots=True)
class Policy:
    """What the client's configs say about documents on the day of the set."""

    today: date
    unknown: Severity
    kid: Severity
    vat: Severity
    kid_algorithm: Algorithm
    reference_required: bool
    modes: Mapping[str, str]
    """Mode of the number series by document type."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a run knows of the letter it makes, beyond what its document says: the items it is about, by themselves and not by number."""

    named: Sequence[OpenItem]
    """The claims that the letter names; its KID means all of them."""
    bearing: Sequence[OpenItem] = ()
    """Those whose interest or fee it posts."""
    bundle_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the AR item keeps of the letter."""


@dataclass(slots=True)
class Draft:
    """A document as it was sent, or as a run makes it, read and checked by itself."""

    sent: Sent
    values: dict[str, Any]
    messages: Messages
    content_hash: bytes
    lines: list[dict[str, Any]]
    document_type: str | None
    """The type, None when it was refused."""
    document_no: str | None
    """The number sent, None when there is none or it was refused."""
    notice: Notice | None = None
    """Only in letters that a run makes."""
    details: list[str] | None = None
    """What ``record.details_of`` makes of it, when that was done in advance."""

    @property
    def raw(self) -> dict[str, Any]:
        """The object as it was sent."""
        return self.sent.value

    def find(self, severity: Severity, code: str, name: str, /, **parameters: Any) -> None:
        """Note a finding of a field of the header."""
        self.messages.add(severity, code, name, f"/{name}", _POSITION[name], **parameters)

    def take_away(self, name: str) -> None:
        """Let a field count as refused."""
        # The values may be what the short way made; should the item be read again, it must be parsed.
        self.sent.forget_values()
        del self.values[name]

    def refused(self, name: str) -> bool:
        """Whether a field was sent but did not pass."""
        if name in self.values:
            return False
        sent = self.sent.known.get(name)
        return sent is not None and not (type(sent) is str and not sent.strip())

    @property
    def reference(self) -> str | None:
        """The clientReference, for the result."""
        reference: str | None = self.values.get("clientReference")
        return reference if reference is not None else sent_reference(self.sent.known)


def read(sent: Sent, policy: Policy) -> Draft:
    """Read a document and make every check that needs nothing stored."""
    messages = Messages()
    values = DOCUMENT.read(sent.value, messages, unknown=policy.unknown) if sent.values is None else sent.values
    lines = values.get("documentLines", [])
    document_type = values.get("documentType")
    draft = Draft(sent, values, messages, b"", lines, document_type, values.get("documentNo"))
    if not messages.error_count:
        content = values
        if "clientReference" in values or "customer" in values:
            content = {key: value for key, value in values.items() if key not in _NOT_CONTENT}
        if "customer" in content:
            customer = CUSTOMER.read(content["customer"], Messages(), require=False)
            content["customer"] = {key: value for key, value in customer.items() if key not in _NOT_CONTENT}
        draft.content_hash = hashlib.sha256(_content_encoder.encode(content)).digest()
    document_date = values.get("documentDate")
    if document_date is not None and not OLDEST_DATE <= document_date <= policy.today + timedelta(days=DAYS_AHEAD_MAX):
        draft.find("E", "RANGE", "documentDate", min=OLDEST_DATE, max=policy.today + timedelta(days=DAYS_AHEAD_MAX))
        draft.take_away("documentDate")
    kid = values.get("kid")
    if kid is not None and not is_valid(kid, policy.kid_algorithm):
        draft.find(policy.kid, "KID-CHECK", "kid", value=draft.raw["kid"])
    if document_type is None:
        return draft
    if "payment" in values and document_type != "PY":
        messages.unknown(policy.unknown, "payment", "/payment")
        draft.take_away("payment")
    _check_number(draft, policy, document_type)
    if document_type == "CN" and policy.reference_required and "referenceDocumentNo" not in values and not draft.refused("referenceDocumentNo"):
        draft.find("E", "REQUIRED", "referenceDocumentNo")
    _check_header_amounts(draft, document_type)
    _check_lines(draft, document_type)
    return draft


def _check_number(draft: Draft, policy: Policy, document_type: str) -> None:
    mode = policy.modes[document_type]
    if draft.document_no is None:
        if mode == "CLIENT" and not draft.refused("documentNo"):
            draft.find("E", "REQUIRED", "documentNo")
    elif mode == "SYSTEM":
        draft.find("E", "SYSTEM-GIVEN", "documentNo")


def _amount_field(name: str) -> Field:
    return AMOUNTS.field(name)


def _refuse_amount(draft: Draft, amounts: dict[str, Any], name: str, least: Decimal | int, most: Decimal | int | None, line: int | None) -> None:
    """RANGE for an amount, which then counts as refused."""
    position: tuple[int, ...]
    if line is None:
        pointer, position = f"/currencyAmounts/{name}", (*_POSITION["currencyAmounts"], _amount_field(name).position)
    else:
        pointer = f"/documentLines/{line}/currencyAmounts/{name}"
        position = (_LINES, line, DOCUMENT_LINE.field("currencyAmounts").position, _amount_field(name).position)
    draft.messages.add("E", "RANGE", name, pointer, position, min=least, max=10**15 - 1 if most is None else most)
    draft.sent.forget_values()
    del amounts[name]


def _check_header_amounts(draft: Draft, document_type: str) -> None:
    amounts = draft.values.get("currencyAmounts")
    if amounts is None:
        return
    for name in _AMOUNT_KEYS:
        amount = amounts.get(name)
        if amount is None:
            continue
        if name == "vat" and document_type in _UNTAXED:
            if amount:
                _refuse_amount(draft, amounts, name, 0, 0, None)
        elif amount < 0:
            _refuse_amount(draft, amounts, name, 0, None, None)
        elif name == "inclVat" and not amount and document_type in ("CN", "PY"):
            _refuse_amount(draft, amounts, name, CENT, None, None)


def _check_lines(draft: Draft, document_type: str) -> None:
    allowed = _LINE_TYPES_OF[document_type]
    last = 0
    for index, line in enumerate(draft.lines):
        number = line.get("lineNo")
        if number is not None:
            if number <= last:
                _find_in_line(draft, index, "RANGE", "lineNo", min=last + 1, max=99_999)
            last = max(last, number)
        line_type = line.get("lineType")
        if line_type is None:
            continue
        if line_type not in allowed:
            _find_in_line(draft, index, "CODE-UNKNOWN", "lineType", value=line_type)
            continue
        amounts = line.get("currencyAmounts")
        if line_type == "TXT":
            for name in _AMOUNT_KEYS:
                if amounts and amounts.get(name):
                    _refuse_amount(draft, amounts, name, 0, 0, index)
        elif amounts is None:
            if draft.sent.values is not None or draft.raw["documentLines"][index].get("currencyAmounts") in (None, ""):
                _find_in_line(draft, index, "REQUIRED", "currencyAmounts")
        elif document_type in _UNTAXED and amounts.get("vat"):
            _refuse_amount(draft, amounts, "vat", 0, 0, index)


def _find_in_line(draft: Draft, index: int, code: str, name: str, /, **parameters: Any) -> None:
    draft.messages.add("E", code, name, f"/documentLines/{index}/{name}", (_LINES, index, DOCUMENT_LINE.field(name).position), **parameters)


def check_decimals(draft: Draft, decimals: int) -> None:
    """PRECISION for amounts with decimals that the currency does not have."""
    if decimals:
        return
    amounts = draft.values.get("currencyAmounts") or {}
    position = _POSITION["currencyAmounts"]
    for name in _AMOUNT_KEYS:
        if name in amounts and amounts[name] != amounts[name].to_integral_value():
            draft.messages.add("E", "PRECISION", name, f"/currencyAmounts/{name}", (*position, _amount_field(name).position), max=0)
    for index, line in enumerate(draft.lines):
        amounts = line.get("currencyAmounts") or {}
        for name in _AMOUNT_KEYS:
            if name in amounts and amounts[name] != amounts[name].to_integral_value():
                place = (_LINES, index, DOCUMENT_LINE.field("currencyAmounts").position, _amount_field(name).position)
                draft.messages.add("E", "PRECISION", name, f"/documentLines/{index}/currencyAmounts/{name}", place, max=0)
