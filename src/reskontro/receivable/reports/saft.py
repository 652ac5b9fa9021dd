"""SAF-T Financial 1.30 of the periods of a fiscal year: checked before it is written, then made piece by piece.

The figures are read in one snapshot. Before the first byte is made, the transactions have to balance, the lines have to
add up to the stored balances, the items to their control accounts, and the openings to 0; a file that would not balance is
not written (bokføringsforskriften § 7-8 wants it to agree with the bookkeeping).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final

from reskontro.db.engine import Transaction
from reskontro.kit.clock import zone
from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO
from reskontro.ledger.books import Books, Period
from reskontro.ledger.gl_items_view import JOURNALS
from reskontro.ledger.movements import EARLIER_RESULT_ACCOUNT, movements_of, read_sums, result_of_earlier_years
from reskontro.receivable.codes.system_lists import system_codes
from reskontro.receivable.reports import saft_elements as elements
from reskontro.receivable.reports import saft_store as store
from reskontro.receivable.reports.saft_elements import Company, Cutter, Selection, Writing
from reskontro.receivable.reports.saft_store import Posted, Span
from reskontro.receivable.reports.texts import label

CONTENT_TYPE: Final = "application/xml"
_PIECE_CHARACTERS: Final = 256 * 1024


class Unfit(Exception):
    """The ledger does not balance, so no file is written; ``message`` says where."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


@dataclass(frozen=True, slots=True)
class SaftFile:
    """A file to be written: its pieces are made while they are taken, and the warnings are whole when all are taken."""

    file_name: str
    pieces: Iterator[bytes]
    warnings: Sequence[Message]


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A GL account with its balances at the beginning and the end, debit positive."""

    number: str
    name: str
    standard_account: str | None
    opening: Decimal
    closing: Decimal


def saft(transaction: Transaction, books: Books, asked: Mapping[str, Any], now: datetime, user_id: str) -> SaftFile:
    """The file of ``glYear`` from ``fromPeriod`` to ``toPeriod``, read in ``transaction``, which should be a snapshot.

    Raises Unfit with UNBALANCED when the ledger does not balance, and with RANGE when it has none of the periods.
    """
    span = Span(books.client_no, asked["glYear"], asked["fromPeriod"], asked["toPeriod"])
    today = books.today(now)
    periods = _periods(books, span)
    last_day = periods[-1].to_date
    selection = Selection(
        span.gl_year,
        span.from_period,
        span.to_period,
        periods[0].from_date,
        last_day,
        books.config("base.currency", last_day),
        books.config("base.country", last_day),
        today,
        user_id,
        version("reskontro"),
    )
    posted = store.posted(transaction, span)
    accounts = _accounts(transaction, books, span, periods, posted)
    _check(transaction, books, span, posted, accounts)
    cut = Cutter()
    moment = now.astimezone(zone(books.config("base.timeZone", today)))
    file_name = f"SAF-T Financial_{books.client.organization_no}_{moment:%Y%m%d%H%M%S}_1_1.xml"
    return SaftFile(file_name, _pieces(_parts(transaction, books, span, selection, posted, accounts, cut)), cut.warnings)


def _periods(books: Books, span: Span) -> list[Period]:
    """Those of the periods that the ledger has; the first ones of a year may lie before its start."""
    of_year = [period for period in books.calendar.periods if period.gl_year == span.gl_year]
    found = [period for period in of_year if span.from_period <= period.gl_period <= span.to_period]
    if not found:
        least, most = (of_year[0].gl_period, of_year[-1].gl_period) if of_year else (1, 12)
        raise Unfit(Message("E", "RANGE", "fromPeriod", "/fromPeriod", {"min": least, "max": most}))
    return found


def _accounts(transaction: Transaction, books: Books, span: Span, periods: Sequence[Period], posted: Sequence[Posted]) -> list[AccountLine]:
    """The accounts with a balance or postings, by number, the result of earlier years that nobody booked among them."""
    by_account = read_sums(transaction, books.client_no, span.gl_year, list(books.accounts))
    used = {entry.gl_account for entry in posted}
    found: dict[str, AccountLine] = {}
    for number, account in books.accounts.items():
        movement = movements_of(account, by_account.get(number, {}), [periods])[0]
        if number in used or not movement.is_empty:
            found[number] = AccountLine(number, account.name, account.standard_account, movement.opening, movement.closing)
    result = result_of_earlier_years(books, by_account, span.gl_year)
    if result:
        booked = found.get(EARLIER_RESULT_ACCOUNT)
        if booked is None:
            account_2050 = books.account(EARLIER_RESULT_ACCOUNT)
            name = label("earlier-result", "nb") if account_2050 is None else account_2050.name
            booked = AccountLine(EARLIER_RESULT_ACCOUNT, name, EARLIER_RESULT_ACCOUNT, ZERO, ZERO)
        found[EARLIER_RESULT_ACCOUNT] = AccountLine(
            booked.number, booked.name, booked.standard_account, booked.opening + result, booked.closing + result
        )
    return [found[number] for number in sorted(found)]


def _check(transaction: Transaction, books: Books, span: Span, posted: Sequence[Posted], accounts: Sequence[AccountLine]) -> None:
    """Raises Unfit at the first thing that does not balance."""

    def agree(pointer: str, debit: Decimal, credit: Decimal) -> None:
        if debit != credit:
            raise Unfit(Message("E", "UNBALANCED", "report", pointer, {"debit": debit, "credit": credit}))

    broken = store.unbalanced(transaction, span)
    if broken is not None:
        agree(f"/transactions/{broken[0]}", broken[1], broken[2])
    agree("/openings", sum((account.opening for account in accounts), ZERO), ZERO)
    agree("/closings", sum((account.closing for account in accounts), ZERO), ZERO)
    moved: dict[str, Decimal] = {}
    for part in posted:
        moved[part.gl_account] = moved.get(part.gl_account, ZERO) + part.debit - part.credit
    for account in accounts:
        agree(f"/glAccounts/{account.number}", moved.get(account.number, ZERO), account.closing - account.opening)
    balances = store.control_balances(transaction, span)
    for account in accounts:
        chart = books.account(account.number)
        if chart is not None and chart.is_control:
            opening, closing = balances.get(account.number, (ZERO, ZERO))
            agree(f"/glAccounts/{account.number}/opening", opening, account.opening)
            agree(f"/glAccounts/{account.number}/closing", closing, account.closing)


def _parts(
    transaction: Transaction,
    books: Books,
    span: Span,
    selection: Selection,
    posted: Sequence[Posted],
    accounts: Sequence[AccountLine],
    cut: Cutter,
) -> Iterator[str]:
    banks = [(row["bankAccountNo"], row["glAccount"]) for row in books.config("bank.accounts", selection.last_day)]
    client = books.client
    company = Company(client.name, client.organization_no, client.vat_registered, client.postal_address, banks)
    yield elements.beginning(company, selection, cut) + "<MasterFiles>\n"
    if accounts:
        yield "<GeneralLedgerAccounts>\n"
        yield from (elements.account(line.number, line.name, line.standard_account, line.opening, line.closing) for line in accounts)
        yield "</GeneralLedgerAccounts>\n"
    yield from _wrapped("Customers", (elements.customer(entry, cut) for entry in store.customers(transaction, span)))
    yield elements.tax_table(selection, {code for part in posted for code in part.vat_codes}, _names("VAT-CODE"))
    # A dimension that was only named later has that name; one that was renamed has the name it had then.
    named = (*books.config("gl.dimensions", max(selection.created_on, selection.last_day)), *books.config("gl.dimensions", selection.last_day))
    names = {row["dimensionNo"]: row["name"] for row in named}
    yield elements.analysis_types(store.dimensions_used(transaction, span), names) + "</MasterFiles>\n"
    count = sum(part.transactions for part in posted)
    debit, credit = sum((part.debit for part in posted), ZERO), sum((part.credit for part in posted), ZERO)
    yield (
        f"<GeneralLedgerEntries><NumberOfEntries>{count}</NumberOfEntries><TotalDebit>{debit:.2f}</TotalDebit>"
        f"<TotalCredit>{credit:.2f}</TotalCredit>\n"
    )
    writing = Writing(
        span.gl_year, selection.currency, selection.country, _vat_accounts(books, selection), _names("AR-ITEM-TYPE") | _names("DOCUMENT-TYPE"), cut
    )
    time_zone = books.config("base.timeZone", selection.last_day)
    journal_names = _names("JOURNAL")
    used = {part.journal for part in posted}
    for journal in JOURNALS:
        if journal in used:
            yield elements.journal_head(journal, journal_names[journal])
            for lines in store.transactions(transaction, span, journal, time_zone):
                count -= 1
                debit -= sum((line.amount for line in lines if line.amount > 0), ZERO)
                yield elements.transaction(lines, writing)
            yield "</Journal>\n"
    # The head of the file has said how much follows; a file that says otherwise must not be kept.
    if count or debit:
        raise RuntimeError("the transactions written are not those that were counted")
    yield "</GeneralLedgerEntries></AuditFile>\n"


def _wrapped(name: str, parts: Iterator[str]) -> Iterator[str]:
    """The parts inside an element, which is left out when there are none: the schema wants at least one."""
    first = next(parts, None)
    if first is not None:
        yield f"<{name}>\n{first}"
        yield from parts
        yield f"</{name}>\n"


def _vat_accounts(books: Books, selection: Selection) -> frozenset[str]:
    accounts = {account for rule in books.rules for account in (rule.vat_account, rule.vat_relief_account)}
    accounts.add(books.config("collection.accounts", selection.last_day)["inputVat"])
    return frozenset(account for account in accounts if account)


def _names(code_type: str) -> dict[str, str]:
    """The Norwegian names of a system list: the file is read by Norwegian authorities whatever language the client has."""
    return {code: entry.record.name_no for (found, code, _), entry in system_codes().items() if found == code_type}


def _pieces(parts: Iterator[str]) -> Iterator[bytes]:
    gathered: list[str] = []
    characters = 0
    for part in parts:
        gathered.append(part)
        characters += len(part)
        if characters >= _PIECE_CHARACTERS:
            yield "".join(gathered).encode()
            gathered, characters = [], 0
    yield "".join(gathered).encode()
