"""The letter that a statement of account is sent with: the window address, what is open, and the giro section with KID and account."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

from reskontro.batches.kinds import ChunkContext
from reskontro.kit.money import ZERO
from reskontro.norway.announced import rates_in_use
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.claim_charges import CONSUMER
from reskontro.receivable.insights.store import OpenItemRow, Question, stream_open_items
from reskontro.receivable.letters.model import LINES_MAX, ClaimLine, Letter, Receiver, Statement
from reskontro.receivable.letters.stationery import Stationery, address_lines
from reskontro.receivable.reports.building import Asked


def statement_letter(asked: Asked, opening: Decimal, closing: Decimal) -> Letter | None:
    """The letter of a statement in base currency; None when nothing is owed, when something of it was settled since the period ended, so that
    nobody is asked for it again, or when there is no account to pay it to."""
    if closing <= 0 or _settled_since(asked):
        return None
    context = ChunkContext(asked.client_no, asked.books, asked.now, asked.today)
    stationery = Stationery.of(context, asked.today, rates_in_use())
    row = asked.transaction.execute(
        "select customer_no, name, customer_kid, customer_category, country_code, details -> 'postalAddress', details ->> 'buyerReference'"
        " from customer where client_no = %s and account_no = %s",
        (asked.client_no, asked.values["accountNo"]),
    ).fetchone()
    assert row is not None, "the customer was looked up in the same moment"
    customer_no, name, kid, category, country, address, reference = row
    payment = stationery.payment(kid, asked.currency, country)
    if not (payment.bank_account_no or payment.iban):
        return None
    decimals = currency_decimals(asked.currency)
    return Letter(
        kind="STATEMENT",
        language=asked.language,
        letter_date=asked.today,
        creditor=stationery.creditor,
        receiver=Receiver(name=name, address_lines=address_lines(address or {}, stationery.home), consumer=category == CONSUMER),
        customer_no=customer_no,
        document_no="",
        currency=asked.currency,
        decimals=2 if decimals is None else decimals,
        reference=reference or "",
        claims=_claims(asked),
        statement=Statement(
            from_date=asked.values["fromDate"],
            to_date=asked.values["toDate"],
            opening_balance=opening,
            closing_balance=closing,
        ),
        payment=payment,
    )


def _settled_since(asked: Asked) -> bool:
    """Whether less is open today of an item that was open at the end of the period."""
    accounts = [asked.values["accountNo"]]
    if asked.values["toDate"] >= asked.today:
        return False
    today = {
        row.ar_item_id: row.open_amount for row in stream_open_items(asked.transaction, Question(asked.client_no, asked.today, account_nos=accounts))
    }
    then = stream_open_items(asked.transaction, Question(asked.client_no, asked.values["toDate"], account_nos=accounts))
    return any(today.get(row.ar_item_id, ZERO) < row.open_amount for row in then)


def _claims(asked: Asked) -> tuple[ClaimLine, ...]:
    """What is open in base currency at the end; nothing when there is more than a letter holds, which the pages after it list anyway."""
    question = Question(asked.client_no, asked.values["toDate"], account_nos=[asked.values["accountNo"]])
    rows = (row for row in stream_open_items(asked.transaction, question) if row.currency == asked.currency)
    found = list(islice(rows, LINES_MAX + 1))
    if len(found) > LINES_MAX:
        return ()
    return tuple(_claim_line(row) for row in found)


def _claim_line(row: OpenItemRow) -> ClaimLine:
    fee = row.open_amount if row.claim_kind == "COST" else ZERO
    interest = row.open_amount if row.claim_kind == "INTEREST" else ZERO
    return ClaimLine(
        kind=row.ar_item_type,
        document_no=row.document_no or row.reference_no or row.kid or "",
        document_date=row.item_date,
        due_date=row.due_date,
        original=row.original_amount,
        open_amount=row.open_amount - fee - interest,
        fee=fee,
        interest=interest,
    )
