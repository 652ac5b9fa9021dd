"""``calc``: Norwegian rules for people, as tables with the rates and their sources, and for programs, as JSON Lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from reskontro.cli.common import CommandError, JsonOption, print_json, print_table, settings_from

if TYPE_CHECKING:
    from reskontro.norway.rates import Rates

Result = TypeVar("Result")
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
_AMOUNT_MAX = 10**13

app = typer.Typer(
    invoke_without_command=True,
    help="""Calculate by Norwegian rules: late interest, fees of letters, salær, KID.

Without a calculation JSON Lines are read: each line of standard input is an object with id, rule and input; each answer has the id and either
result or error. Example:

  echo '{"id": 1, "rule": "kid.generate", "input": {"payload": "12345"}}' | reskontro calc""",
)


class DayCount(StrEnum):
    """How many days a year of interest has."""

    actual = "ACT-ACT"
    fixed = "ACT-365"


class LetterKind(StrEnum):
    """Letters that may bear a fee."""

    reminder = "reminder"
    collection_notice = "collection-notice"
    payment_demand = "payment-demand"


def _amount(text: str) -> Decimal:
    """An amount as people write it: blanks between thousands, a comma or a point before the decimals."""
    compact = "".join(text.split()).replace(",", ".")
    if not _AMOUNT.fullmatch(compact):
        raise typer.BadParameter(f"{text[:40]} is not an amount of at least 0 with at most two decimals")
    amount = Decimal(compact)
    if amount >= _AMOUNT_MAX:
        raise typer.BadParameter(f"{text[:40]} is too large")
    return amount


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text[:40]} is not a date as YYYY-MM-DD") from None


def _rate(text: str) -> Decimal:
    rate = _amount(text.removesuffix("%"))
    if rate > 100:
        raise typer.BadParameter(f"{text[:40]} is more than 100 per cent a year")
    return rate


def _payment(text: str) -> tuple[date, Decimal]:
    day, colon, amount = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"{text[:40]} is not a payment as YYYY-MM-DD:AMOUNT")
    return _day(day), _amount(amount)


PrincipalOption = Annotated[Decimal, typer.Option("--principal", parser=_amount, metavar="AMOUNT", help="Claim without interest and fees, in NOK.")]
DueOption = Annotated[date, typer.Option("--due", parser=_day, metavar="YYYY-MM-DD", help="Due date of the claim.")]
BusinessOption = Annotated[bool, typer.Option("--business", help="The debtor is a business, not a consumer.")]


@app.callback()
def calc(
    context: typer.Context,
    rules: Annotated[bool, typer.Option("--rules", help="List the names of the calculations for JSON Lines and end.")] = False,
) -> None:
    """Read JSON Lines, unless a calculation is named."""
    if context.invoked_subcommand is not None:
        return
    from reskontro.norway.calculations import RULES, run_lines

    if rules:
        sys.stdout.write("".join(f"{name}\n" for name in sorted(RULES)))
        return
    # A line that is not UTF-8 must not stop the others.
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    for answer in run_lines(sys.stdin):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


@app.command()
def interest(
    principal: PrincipalOption,
    due: DueOption,
    paid: Annotated[date, typer.Option("--paid", parser=_day, metavar="YYYY-MM-DD", help="Last interest day: the day it was paid.")],
    payment: Annotated[
        list[Any] | None,
        typer.Option("--payment", parser=_payment, metavar="YYYY-MM-DD:AMOUNT", help="What was paid on the principal before; may be given again."),
    ] = None,
    rate: Annotated[
        Decimal | None, typer.Option("--rate", parser=_rate, metavar="PERCENT", help="Agreed rate a year; the statutory one unless given.")
    ] = None,
    day_count: Annotated[
        DayCount, typer.Option("--day-count", help="A day is 1/365 of a year; in leap years 1/366, unless ACT-365.")
    ] = DayCount.actual,
    json: JsonOption = False,
) -> None:
    """Late interest by forsinkelsesrenteloven: simple, from the day after the due date, each half-year at its own rate.

    Example:

      reskontro calc interest --principal 1250 --due 2026-03-01 --paid 2026-09-15
    """
    from reskontro.norway.interest import Reduction, interest_of, segments
    from reskontro.norway.rates import constant_rate

    rates = _rates().late_interest if rate is None else constant_rate(rate)
    reductions = [Reduction(day, amount) for day, amount in payment or ()]
    pieces = _known(lambda: segments(principal, due, reductions, paid, rates=rates))
    total = interest_of(pieces, day_count.value)
    rows: list[dict[str, Any]] = [
        {
            "fromDate": piece.first_day,
            "toDate": piece.last_day,
            "days": piece.days,
            "principal": piece.principal,
            "rate": piece.rate,
            "interest": interest_of([piece], day_count.value),
            "source": rates.row_on(piece.first_day).source,
        }
        for piece in pieces
    ]
    if json:
        print_json({"interest": total, "days": sum(piece.days for piece in pieces), "segments": rows})
        return
    columns = ("From", "To", "Days", "Principal", "Rate %", "Interest", "Source")
    print_table(
        f"Late interest: {_shown(total)} NOK",
        columns,
        [
            (row["fromDate"], row["toDate"], row["days"], _shown(row["principal"]), row["rate"], _shown(row["interest"]), row["source"])
            for row in rows
        ],
        numbers=("Days", "Principal", "Rate %", "Interest"),
    )
    if not pieces:
        sys.stdout.write("There is no interest day: the last one is not after the due date, or nothing was open.\n")
    elif len(pieces) > 1:
        sys.stdout.write("The total is rounded once, from the exact sum; each line is rounded by itself.\n")


@app.command()
def fee(
    due: DueOption,
    sent: Annotated[date, typer.Option("--sent", parser=_day, metavar="YYYY-MM-DD", help="Day the letter is sent.")],
    letter: Annotated[LetterKind, typer.Option("--letter", help="Kind of letter.")] = LetterKind.reminder,
    business: BusinessOption = False,
    json: JsonOption = False,
) -> None:
    """The most that the first letter about a claim may charge, by inkassoforskriften chapter 1.

    Example:

      reskontro calc fee --due 2026-10-19 --sent 2026-11-05
    """
    from reskontro.norway.fees import compensation, fee_amount, letter_fee

    kind: Any = letter.value.replace("-", "_")
    rates = _rates()
    most = _known(lambda: fee_amount(kind, due, sent, rates))
    verdict = letter_fee(kind, sent, due_date=due, rates=rates)
    rate = rates.inkassosats.row_on(sent)
    instead = _known(lambda: compensation("business", due, rates)) if business else None
    if json:
        found: dict[str, Any] = {"fee": verdict.fee, "allowed": verdict.allowed, "reason": verdict.reason, "maximum": most}
        print_json(found | {"inkassosats": rate.value, "source": rate.source, "compensation": instead})
        return
    rows = [("Fee", _shown(verdict.fee), _REASONS.get(verdict.reason or "", verdict.reason))]
    rows.append(("Most a letter of this kind may charge", _shown(most), "part of the inkassosats, in whole kroner"))
    rows.append(("Inkassosats", _shown(rate.value), rate.source))
    if instead is not None:
        row = rates.compensation.row_on(due)
        rows.append(("Compensation for recovery costs", _shown(instead), row.source))
    print_table(f"{letter.value.replace('-', ' ').capitalize()} of {sent}", ("", "NOK", "Why"), rows, numbers=("NOK",))


@app.command()
def salaer(
    principal: PrincipalOption,
    covered: Annotated[date, typer.Option("--covered", parser=_day, metavar="YYYY-MM-DD", help="Day the principal is covered.")],
    due: Annotated[
        date | None, typer.Option("--due", parser=_day, metavar="YYYY-MM-DD", help="Due date of the claim; the bands in force unless given.")
    ] = None,
    business: BusinessOption = False,
    no_deduction: Annotated[bool, typer.Option("--no-deduction", help="The creditor cannot deduct the agency's VAT.")] = False,
    json: JsonOption = False,
) -> None:
    """The most an agency may charge the debtor, by inkassoforskriften chapter 2: light and heavy salær.

    Example:

      reskontro calc salaer --principal 5000 --covered 2026-09-15
    """
    from reskontro.norway.salaer import Level, cap

    rates = _rates()

    def most(level: Level) -> Decimal:
        return cap(
            principal,
            covered,
            level=level,
            debtor_type="business" if business else "consumer",
            creditor_vat_deductible=not no_deduction,
            due_date=due,
            rates=rates,
        )

    light, heavy = _known(lambda: (most("light"), most("heavy")))
    rate = rates.inkassosats.row_on(covered)
    if json:
        print_json({"light": light, "heavy": heavy, "inkassosats": rate.value, "source": rate.source})
        return
    rows = [
        ("Light salær", _shown(light), "inkassoforskriften §§ 2-1, 2-2"),
        ("Heavy salær", _shown(heavy), "inkassoforskriften § 2-3: the demand was missed by more than 28 days"),
        ("Inkassosats", _shown(rate.value), rate.source),
    ]
    print_table(f"Salær for {_shown(principal)} NOK", ("", "NOK", "Source"), rows, numbers=("NOK",))


@app.command()
def kid(
    number: Annotated[str, typer.Argument(help="A KID to check, or digits to make one of.")],
    json: JsonOption = False,
) -> None:
    """Check a KID, and show what the digits become with a check character.

    Example:

      reskontro calc kid 600001000000010
    """
    from reskontro.norway.kid import KID_LENGTH_MAX, is_mod10, is_mod11, mod10_check, mod11_check

    digits = "".join(number.split())
    valid = {"MOD10": is_mod10(digits), "MOD11": is_mod11(digits)}
    made = {}
    if digits.isascii() and digits.isdigit() and len(digits) < KID_LENGTH_MAX:
        made = {"MOD10": digits + mod10_check(digits), "MOD11": digits + mod11_check(digits)}
    elif not any(valid.values()) and not (digits[:-1].isascii() and digits[:-1].isdigit() and 2 <= len(digits) <= KID_LENGTH_MAX):
        raise CommandError(f"{number[:40]} is no KID: it has 2 to {KID_LENGTH_MAX} digits, the last of which may be a -.", 2)
    if json:
        print_json({"kid": digits, "valid": valid, "withCheck": made})
        return
    rows = [(name, "valid" if valid[name] else "not valid", made.get(name)) for name in valid]
    print_table(f"KID {digits}", ("Algorithm", "As it is", "With a check character"), rows)


_REASONS = {
    "": "the first letter of the claim",
    "TOO_EARLY": "less than 14 days after the due date: no fee yet (inkassoforskriften § 1-2)",
    "NO_NOTICE": "no collection notice with 14 days to pay was sent before: no fee",
}


def _rates() -> Rates:
    """The legal values of this installation."""
    from reskontro.norway.announced import install, known_rates

    install(settings_from().legal_values)
    return known_rates()


def _known(calculate: Callable[[], Result]) -> Result:
    """The result; a day without a known legal value is an error that says so."""
    from reskontro.norway.rates import ValueMissing

    try:
        return calculate()
    except ValueMissing as missing:
        raise CommandError(f"{missing}. Sums and rates that are not announced yet are never guessed.") from None


def _shown(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", " ")
