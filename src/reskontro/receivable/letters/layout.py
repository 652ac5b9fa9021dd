"""A letter as its template wants it: every text written out in the letter's language, in the order in which it is read.

The template places and styles, and knows no language and no arithmetic. Values stay values: they are put into texts here and shown by the
template as text, so nothing in a name can be taken for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from reskontro.kit.shown import NO_BREAK
from reskontro.receivable.letters.model import Fee, Letter
from reskontro.receivable.letters.tables import tables_of
from reskontro.receivable.letters.writer import Writer, account_text, cut, fitted_address, iban_text, registration, within_lines

_NAME_CHARACTERS: Final = 70
"""A name at the head and the foot of a page is cut to so many."""
_FACT_CHARACTERS: Final = 23
"""A longer fact has a line of its own under its label."""
_WINDOW_SIZES: Final = ((105, 44, 9), (86, 54, 11), (78, 60, 12))
_GIRO_SIZES: Final = ((92, 46, 5), (74, 58, 7))
"""Tenths of a point, characters that fit a line, lines that fit the place; the last size is for whatever is longer."""


def page_of(letter: Letter) -> dict[str, Any]:
    """The letter as the data of ``letter.typ``."""
    writer = Writer(letter)
    title = writer.text(f"title.{letter.kind}")
    return {
        "language": letter.language,
        "title": f"{title} {letter.document_no}".strip(),
        "author": letter.creditor.name,
        "date": [letter.letter_date.year, letter.letter_date.month, letter.letter_date.day],
        "heading": title,
        "creditor": {"name": within_lines(letter.creditor.name), "lines": _letterhead(writer)},
        "receiver": fitted_address((letter.receiver.name, *letter.receiver.address_lines), _WINDOW_SIZES),
        "follows": within_lines(cut(letter.receiver.name, _NAME_CHARACTERS)),
        "facts": _facts(writer),
        "intro": _intro(writer),
        "tables": list(tables_of(writer)),
        "sums": _sums(writer),
        "notes": [{"head": head, "text": text} for head, text in _notes(writer)],
        "giro": _giro(writer),
        "foot": "  ·  ".join(
            part for part in (within_lines(cut(letter.creditor.name, _NAME_CHARACTERS)), registration(letter.creditor, letter.language)) if part
        ),
        "page": writer.text("page", page="\n", pages="\n").split("\n"),
    }


def _letterhead(writer: Writer) -> list[str]:
    creditor = writer.letter.creditor
    phone = writer.text("contact.phone", phone=creditor.phone_no.replace(" ", NO_BREAK)) if creditor.phone_no else ""
    lines = (*creditor.address_lines, phone[:1].upper() + phone[1:], creditor.email_address, creditor.web_address)
    return [within_lines(line) for line in (*lines, registration(creditor, writer.language)) if line]


def _facts(writer: Writer) -> list[dict[str, Any]]:
    letter = writer.letter
    period = f"{writer.day(letter.statement.from_date)}–{writer.day(letter.statement.to_date)}" if letter.statement else ""
    facts = [
        ("date", writer.words(letter.letter_date)),
        ("letterNo", letter.document_no),
        ("customerNo", letter.customer_no),
        ("period", period),
        ("yourReference", letter.reference),
        ("ourReference", letter.creditor_reference),
        ("dueDate" if letter.kind == "INTEREST-NOTE" else "deadline", writer.words(letter.deadline)),
    ]
    return [
        {"label": writer.text(key), "value": value, "strong": key in ("deadline", "dueDate"), "long": len(value) > _FACT_CHARACTERS}
        for key, value in facts
        if value
    ]


def _intro(writer: Writer) -> list[list[dict[str, Any]]]:
    letter = writer.letter
    if letter.statement is not None:
        statement = letter.statement
        balance = writer.money(statement.closing_balance)
        first = writer.runs(
            "intro.STATEMENT", **{"from": writer.words(statement.from_date), "to": writer.words(statement.to_date), "balance": balance}
        )
        if letter.to_pay:
            return [first]
        return [first, writer.runs("favour" if statement.closing_balance else "settled")]
    values = {"amount": writer.money(letter.to_pay), "deadline": writer.words(letter.deadline)}
    number = "one" if len(letter.claims) == 1 else "many"
    return [writer.runs(f"intro.{letter.kind}.{number}", due=writer.words(letter.claims[0].due_date), **values)]


def _sums(writer: Writer) -> list[dict[str, Any]]:
    """Principal, costs and interest apart, and what they add up to; a part that is zero is left out."""
    letter = writer.letter
    parts: list[tuple[str, Decimal]] = []
    if letter.kind in ("REMINDER", "COLLECTION-NOTICE"):
        parts = [("sum.principal", letter.principal), ("sum.earlier", letter.earlier_fees), ("sum.interest", letter.interest_amount)]
    elif letter.kind == "INTEREST-NOTE":
        parts = [("sum.interest", letter.interest_amount)]
    parts += [(f"sum.{fee.rule}", fee.amount) for fee in letter.fees]
    parts.append(("sum.credit", -letter.credit))
    sums = [{"label": writer.text(key), "value": writer.number(amount), "strong": False} for key, amount in parts if amount]
    if letter.statement is not None and not letter.to_pay:
        return []
    return [*sums, {"label": writer.text("toPay"), "value": writer.money(letter.to_pay), "strong": True}]


def _fee_text(writer: Writer, fee: Fee) -> str:
    amount = writer.money(fee.amount)
    if fee.rule == "COMPENSATION":
        return writer.text("fee.COMPENSATION", amount=amount)
    share = ""
    if fee.base_amount is not None and fee.fraction:
        share = writer.text("fee.share", fraction=fee.fraction, base=writer.money(fee.base_amount, "NOK"))
    return writer.text(f"fee.{fee.rule}", amount=amount, share=share)


def _consequences(writer: Writer) -> str:
    letter = writer.letter
    if letter.kind == "COLLECTION-NOTICE":
        return writer.text("next.inkasso")
    if letter.kind == "INTEREST-NOTE":
        return writer.text("next.note")
    if letter.next_step in ("REMINDER", "COLLECTION-NOTICE"):
        return writer.text(f"next.{letter.next_step}")
    return writer.text("next.other")


def _late_interest(writer: Writer) -> str:
    interest = writer.letter.interest
    assert interest is not None
    if writer.letter.kind == "INTEREST-NOTE":
        computed = writer.text(f"computed.{interest.rule}", days=writer.text(f"days.{interest.day_count}"))
        return f"{computed} {writer.text('interest.only')}"
    rate = "" if interest.rate is None else writer.text("interest.rate", rate=writer.percent(interest.rate))
    held = writer.text("interest.not-on", documents=", ".join(interest.not_on)) if interest.not_on else ""
    return writer.text(f"interest.{interest.rule}", rate=rate) + held


def _objections(writer: Writer) -> str:
    letter, creditor = writer.letter, writer.letter.creditor
    ways = [creditor.email_address, writer.text("contact.phone", phone=creditor.phone_no.replace(" ", NO_BREAK)) if creditor.phone_no else ""]
    if creditor.address_lines:
        ways.append(writer.text("contact.post", address=", ".join((creditor.name, *creditor.address_lines))))
    contact = within_lines("; ".join(way for way in ways if way) or creditor.name)
    known: Mapping[str, str] = {"customer": letter.customer_no, "document": letter.document_no}
    reference = writer.text("reference.both" if letter.document_no else "reference.customer", **known)
    return writer.text("objections.STATEMENT" if letter.statement else "objections", contact=contact, reference=reference)


def _notes(writer: Writer) -> Iterable[tuple[str, str]]:
    """Heads and texts; those of the law come before those of the creditor."""
    letter = writer.letter
    if letter.statement is None:
        yield writer.text("head.consequences"), _consequences(writer)
        if letter.interest is not None:
            yield writer.text("head.interest"), _late_interest(writer)
        charged = [fee for fee in letter.fees if fee.amount]
        if charged:
            yield writer.text("head.fee"), " ".join(_fee_text(writer, fee) for fee in charged)
        yield writer.text("head.time"), writer.text("time.INTEREST-NOTE" if letter.kind == "INTEREST-NOTE" else "time")
    yield writer.text("head.objections"), _objections(writer)
    if letter.kind in ("REMINDER", "COLLECTION-NOTICE"):
        yield writer.text("head.trouble"), writer.text("trouble")
    for text in letter.payment_texts:
        yield writer.text("head.payment"), within_lines(text)
    if letter.message:
        yield writer.text("head.message"), within_lines(letter.message)


def _giro(writer: Writer) -> dict[str, Any] | None:
    """What a payer copies into the bank; None when there is nothing to pay or no account to pay to."""
    letter, payment = writer.letter, writer.letter.payment
    if letter.to_pay <= 0 or not (payment.bank_account_no or payment.iban):
        return None
    reference = (writer.text("kid"), payment.kid) if payment.kid else (writer.text("mark"), letter.document_no or letter.customer_no)
    creditor, receiver = letter.creditor, letter.receiver

    def field(label: str, value: str) -> dict[str, str] | None:
        return {"label": label, "value": value} if value else None

    return {
        "title": writer.text("giro"),
        "to": {"label": writer.text("payTo"), **fitted_address((creditor.name, *creditor.address_lines), _GIRO_SIZES, shorten=True)},
        "from": {"label": writer.text("paidBy"), **fitted_address((receiver.name, *receiver.address_lines), _GIRO_SIZES, shorten=True)},
        "account": field(writer.text("account"), account_text(payment.bank_account_no)),
        "iban": field("IBAN", iban_text(payment.iban)),
        "bic": field("BIC", payment.bic),
        "reference": field(*reference),
        "deadline": field(writer.text("deadline"), writer.words(letter.deadline)),
        "amount": field(f"{writer.text('amount')} ({letter.currency})", writer.number(letter.to_pay)),
    }
