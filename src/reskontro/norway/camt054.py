"""camt.054 of ISO 20022: the message in which a bank tells of single payments on an account, versions .02 and .08.

A message has notifications, one for an account; a notification has entries; an entry has the payments it consists of, or
is one payment itself. Read in constant memory, with sums and counts checked. Mapping: docs of ISO 20022 for
camt.054.001.02 and camt.054.001.08, and the use Norwegian banks make of them (KID as a structured creditor reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from reskontro.kit.money import ZERO
from reskontro.norway.camt054_parts import Entry, Indicator, Message, MessageEnd, Notification, Part, Payment
from reskontro.norway.camt054_values import (
    account_no,
    amount_of,
    booked_on,
    flag,
    references,
    referred_documents,
    remittance_text,
    whole_number,
)
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.safe_xml import Node, Reader

_VERSIONS: Final = {
    "urn:iso:std:iso:20022:tech:xsd:camt.054.001.02": "camt.054.001.02",
    "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08": "camt.054.001.08",
}
_MESSAGE = "BkToCstmrDbtCdtNtfctn"
_MESSAGE_ID_MAX: Final = 35  # Max35Text of the schema
_NOT_GIVEN = frozenset(("NOTPROVIDED", "NOT PROVIDED", "NONREF"))


def read_camt054(pieces: Iterable[bytes], zone: tzinfo) -> Iterator[Part]:
    """The parts of a camt.054 message in its order: the Message, then per account its Notification, per entry its Entry
    and its Payments, and last the MessageEnd.

    ``pieces`` is the file in pieces of any size; ``zone`` is where the days of times with an offset are taken. Raises
    FormatFault, possibly after many parts: only when the MessageEnd has been given is the whole file right.
    """
    reading = _Reading(zone)
    for _ in Reader(reading.root, reading.begins, reading.ends).feed(pieces):
        yield from reading.parts
        reading.parts.clear()
    yield reading.end()


@dataclass(slots=True)
class _Totals:
    """What a notification's entries add up to, against its summary."""

    count: dict[str, int] = field(default_factory=lambda: {"CRDT": 0, "DBIT": 0})
    total: dict[str, Decimal] = field(default_factory=lambda: {"CRDT": ZERO, "DBIT": ZERO})

    def add(self, entry: Entry) -> None:
        self.count[entry.indicator] += 1
        self.total[entry.indicator] += entry.amount


class _Reading:
    """The state between two elements."""

    def __init__(self, zone: tzinfo) -> None:
        self.parts: list[Part] = []
        self._zone = zone
        self._version = ""
        self._message: Message | None = None
        self._notifications = self._all_entries = self._payments = 0
        self._total = ZERO
        self._notification_node = self._entry_node = Node("", {})
        self._notification: Notification | None = None
        self._entry: Entry | None = None
        self._header_size = self._entry_size = 0
        self._one_page = True
        self._group_open = False
        self._totals = _Totals()
        self._entries = self._groups = self._details = self._group_details = 0
        self._details_total = self._group_total = ZERO
        self._without_amount: Node | None = None

    # Elements

    def root(self, tag: str, namespace: str) -> str:
        version = _VERSIONS.get(namespace)
        if tag != "Document" or version is None:
            raise FormatFault("not a camt.054.001.02 or camt.054.001.08 message", path=f"/{tag[:40]}", reason="VERSION")
        self._version = version
        return namespace

    def begins(self, node: Node, depth: int) -> bool:
        if depth < 2 or depth > 5:
            if depth == 1 and node.tag != _MESSAGE:
                raise FormatFault(f"expected {_MESSAGE}", path=f"/Document/{node.tag[:40]}", reason="VERSION")
            return False
        match depth, node.tag:
            case 2, "GrpHdr":
                node.place = f"/Document/{_MESSAGE}/GrpHdr"
            case 2, "Ntfctn":
                self._begin_notification(node)
            case 3, "Ntry" if self._notification_node.place:
                self._begin_entry(node)
            case 4, "NtryDtls" if self._entry_node.place:
                self._begin_group(node)
            case 5, "TxDtls" if self._group_open:
                self._group_details += 1
                node.place = f"{self._entry_node.place}/NtryDtls[{self._groups}]/TxDtls[{self._group_details}]"
            case _:
                return False
        return True

    def ends(self, node: Node, depth: int) -> None:
        match depth:
            case 2 if node.tag == "GrpHdr":
                self._head(node)
            case 2:
                self._end_notification(node)
            case 3:
                self._end_entry(node)
            case 4:
                self._end_group(node)
            case _:
                self._detail(node)

    def end(self) -> MessageEnd:
        if self._message is None or not self._notifications:
            missing = "GrpHdr" if self._message is None else "Ntfctn"
            raise FormatFault("the element is missing", path=f"/Document/{_MESSAGE}/{missing}")
        return MessageEnd(self._notifications, self._all_entries, self._payments, self._total)

    # The message and its notifications

    def _head(self, node: Node) -> None:
        if self._message is not None:
            raise node.fault("the element is there twice")
        message_id = node.required_text("MsgId")
        if len(message_id) > _MESSAGE_ID_MAX:
            raise node.fault(f"longer than {_MESSAGE_ID_MAX} characters", "MsgId")
        self._message = Message(self._version, message_id, node.required_text("CreDtTm"))
        self._one_page = _is_only_page(node, "MsgPgntn")
        self.parts.append(self._message)

    def _begin_notification(self, node: Node) -> None:
        self._notifications += 1
        node.place = f"/Document/{_MESSAGE}/Ntfctn[{self._notifications}]"
        if self._message is None:
            raise node.fault("GrpHdr must come before it")
        self._notification_node = node
        self._notification = None
        self._totals = _Totals()
        self._entries = 0

    def _know_notification(self) -> Notification:
        if self._notification is None:
            self._notification = self._read_notification(self._notification_node)
            self._header_size = len(self._notification_node.children)
            self.parts.append(self._notification)
        return self._notification

    def _read_notification(self, node: Node) -> Notification:
        account = account_no(node.one("Acct"), node, "Acct")
        if not account:
            raise node.fault("the account is missing", "Acct", "Id")
        return Notification(self._notifications, node.required_text("Id"), node.text("CpyDplctInd"), account, node.text("Acct", "Ccy"))

    def _end_notification(self, node: Node) -> None:
        known = self._know_notification()
        if len(node.children) > self._header_size and self._read_notification(node) != known:
            raise node.fault("the account stands after the entries")
        self._check_summary(node)
        self._notification_node = Node("", {})

    def _check_summary(self, node: Node) -> None:
        if not self._one_page or not _is_only_page(node, "NtfctnPgntn"):
            return  # the summary may be about all pages
        totals = self._totals
        for tag, sides in (("TtlNtries", ("CRDT", "DBIT")), ("TtlCdtNtries", ("CRDT",)), ("TtlDbtNtries", ("DBIT",))):
            count = sum(totals.count[side] for side in sides)
            total = sum((totals.total[side] for side in sides), ZERO)
            stated_count = whole_number(node, "TxsSummry", tag, "NbOfNtries")
            if stated_count is not None and stated_count != count:
                raise mismatch(node, f"{stated_count} entries are stated, {count} are there", "TxsSummry", tag, "NbOfNtries")
            stated = node.one_or_none("TxsSummry", tag, "Sum")
            if stated is not None and amount_of(stated, node, ("TxsSummry", tag, "Sum"), None) != total:
                raise mismatch(node, f"the sum is stated as {stated.own_text()}, the entries add up to {total}", "TxsSummry", tag, "Sum")

        self._check_net(node, ("TxsSummry", "TtlNtries"), "TtlNetNtryAmt")
        self._check_net(node, ("TxsSummry", "TtlNtries", "TtlNetNtry"), "Amt")

    def _check_net(self, node: Node, path: tuple[str, ...], tag: str) -> None:
        stated = node.one_or_none(*path, tag)
        if stated is None:
            return
        net = self._totals.total["CRDT"] - self._totals.total["DBIT"]
        amount = amount_of(stated, node, (*path, tag), None)
        indicator = None if node.text(*path, "CdtDbtInd") is None else self._indicator(node, *path, "CdtDbtInd")
        if amount != abs(net) or (net and indicator is not None and indicator != ("CRDT" if net > 0 else "DBIT")):
            raise mismatch(node, f"the net is stated as {amount} {indicator or ''}, the entries add up to {net}", *path, tag)

    # Entries

    def _begin_entry(self, node: Node) -> None:
        self._know_notification()
        self._entries += 1
        self._all_entries += 1
        node.place = f"{self._notification_node.place}/Ntry[{self._entries}]"
        self._entry_node = node
        self._entry = None
        self._groups = self._details = 0
        self._details_total = ZERO
        self._without_amount = None

    def _know_entry(self) -> Entry:
        if self._entry is None:
            self._entry = self._read_entry(self._entry_node, self._know_notification())
            self._entry_size = len(self._entry_node.children)
            self._totals.add(self._entry)
            self.parts.append(self._entry)
        return self._entry

    def _read_entry(self, node: Node, notification: Notification) -> Entry:
        amount_node = node.one("Amt")
        currency = amount_node.attributes.get("Ccy", "")
        if notification.currency is not None and currency != notification.currency:
            raise node.fault(f"the currency is not {notification.currency[:3]}, that of the account", "Amt")
        amount = amount_of(amount_node, node, ("Amt",), currency)
        status = node.text("Sts", "Cd") or node.text("Sts", "Prtry") or node.required_text("Sts")
        return Entry(
            notification,
            self._entries,
            node.text("NtryRef"),
            amount,
            currency,
            self._indicator(node, "CdtDbtInd"),
            flag(node, "RvslInd"),
            status,
            booked_on(node, "BookgDt", self._zone, required=status == "BOOK"),
            booked_on(node, "ValDt", self._zone, required=False),
            node.text("BkTxCd", "Prtry", "Cd"),
            node.text("AcctSvcrRef"),
        )

    @staticmethod
    def _indicator(node: Node, *path: str) -> Indicator:
        match node.required_text(*path):
            case "CRDT":
                return "CRDT"
            case "DBIT":
                return "DBIT"
            case _:
                raise node.fault("expected CRDT or DBIT", *path)

    def _end_entry(self, node: Node) -> None:
        entry = self._know_entry()
        if len(node.children) > self._entry_size and self._read_entry(node, entry.notification) != entry:
            raise node.fault("amount, status or dates stand after NtryDtls")
        if entry.booked:
            if not self._details:
                self._pay(entry, node, entry.amount, alone=True)
            elif self._without_amount is not None:
                self._pay(entry, self._without_amount, entry.amount)
            elif self._details_total != entry.amount:
                raise mismatch(node, f"the amount is {entry.amount}, its details add up to {self._details_total}", "Amt")
        self._entry_node = Node("", {})

    def _begin_group(self, node: Node) -> None:
        self._know_entry()
        self._groups += 1
        self._group_open = True
        self._group_details = 0
        self._group_total = ZERO
        node.place = f"{self._entry_node.place}/NtryDtls[{self._groups}]"

    def _end_group(self, node: Node) -> None:
        self._group_open = False
        entry = self._know_entry()
        stated = whole_number(node, "Btch", "NbOfTxs")
        if entry.booked and stated is not None and stated != max(self._group_details, 1):
            raise mismatch(node, f"{stated} transactions are stated, {self._group_details} are there", "Btch", "NbOfTxs")
        total = node.one_or_none("Btch", "TtlAmt")
        if entry.booked and total is not None and self._group_details and self._without_amount is None:
            batch = amount_of(total, node, ("Btch", "TtlAmt"), entry.currency)
            if batch != abs(self._group_total):
                raise mismatch(node, f"the sum is stated as {batch}, the transactions add up to {self._group_total}", "Btch", "TtlAmt")

    # Payments

    def _detail(self, node: Node) -> None:
        entry = self._know_entry()
        if not entry.booked:
            return
        self._details += 1
        if self._without_amount is not None:
            raise self._without_amount.fault("the amount is missing, and the entry has several transactions")
        amount = self._detail_amount(node, entry)
        if amount is None:
            if self._details > 1:
                raise node.fault("the amount is missing, and the entry has several transactions")
            self._without_amount = node
            return
        if node.one_or_none("CdtDbtInd") is not None and self._indicator(node, "CdtDbtInd") != entry.indicator:
            amount = -amount
        self._details_total += amount
        self._group_total += amount
        self._pay(entry, node, amount)

    @staticmethod
    def _detail_amount(node: Node, entry: Entry) -> Decimal | None:
        """The amount in the currency of the entry; None when there is none at all."""
        seen: tuple[str, ...] | None = None
        for path in (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "CntrValAmt", "Amt")):
            found = node.one_or_none(*path)
            if found is not None:
                if found.attributes.get("Ccy") == entry.currency:
                    return amount_of(found, node, path, entry.currency)
                seen = seen or path
        if seen is not None:
            raise node.fault(f"the currency is not {entry.currency}, that of the entry", *seen)
        return None

    def _pay(self, entry: Entry, node: Node, amount: Decimal, *, alone: bool = False) -> None:
        self._payments += 1
        signed = amount if entry.indicator == "CRDT" else -amount
        self._total += signed
        end_to_end = None if alone else node.text("Refs", "EndToEndId")
        self.parts.append(
            Payment(
                entry,
                self._payments,
                signed,
                () if alone else references(node),
                () if alone else referred_documents(node, entry.currency),
                node.text("AddtlNtryInf") if alone else remittance_text(node),
                None if alone else self._payer_name(node),
                None if alone else account_no(node.one_or_none("RltdPties", "DbtrAcct"), node, "RltdPties", "DbtrAcct"),
                entry.archive_reference if alone else node.text("Refs", "AcctSvcrRef") or entry.archive_reference,
                None if end_to_end is None or end_to_end.upper() in _NOT_GIVEN else end_to_end,
                node.text("BkTxCd", "Prtry", "Cd") or entry.bank_code,
                None if alone else node.text("RtrInf", "Rsn", "Cd") or node.text("RtrInf", "Rsn", "Prtry"),
            )
        )

    @staticmethod
    def _payer_name(node: Node) -> str | None:
        for party in ("Dbtr", "UltmtDbtr"):
            name = node.text("RltdPties", party, "Pty", "Nm") or node.text("RltdPties", party, "Nm")
            if name:
                return name
        return None


def _is_only_page(node: Node, tag: str) -> bool:
    return (node.text(tag, "LastPgInd") or "true") in ("true", "1") and (node.text(tag, "PgNb") or "1") == "1"


def mismatch(node: Node, what: str, *path: str) -> FormatFault:
    """A fault of a count or a sum."""
    fault = node.fault(what, *path)
    fault.reason = "COUNT_MISMATCH" if path[-1].startswith("Nb") else "SUM_MISMATCH"
    return fault
