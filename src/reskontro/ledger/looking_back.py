"""What was open at the end of a past day, found by walking back from what is open now.

An item's open amount on a day is the one of now, plus what matches dated later have taken off since, less what matches
have taken off that were in force then and are undone now (one counts up to the day before it was undone).
"""

from __future__ import annotations

from datetime import date
from typing import Final

JOINED_BY_HASH: Final = "set local enable_nestloop = off"
"""For a statement that joins what was gathered here: the planner takes it for a few rows, and would go through all of them for each.
What is looked up by key is named in arrays, which needs no nested loop.
"""
JOINED_AS_USUAL: Final = "set local enable_nestloop = on"
"""For the statements after it."""


def lines_since(client_no: int, day: date, only: str = "") -> str:
    """The match lines that make the difference between the open amounts of now and those at the end of a day, as a statement.

    Its columns are ``ar_item_id``, ``amount`` and ``base_amount`` (to be added to what is open now), and whether they are of a credit in either
    currency: ``is_credit``, ``is_base_credit``. ``only`` is a further condition on ``match_line l``. Items booked after the day have none: lines bear
    the date of their item for it, so that of all that was matched since a day long past only what existed then is looked at.
    """
    that_day = f"date '{day.isoformat()}'"
    lines = "l.amount < 0 as is_credit, l.base_amount < 0 as is_base_credit from match_line l"
    narrowed = f" and {only}" if only else ""
    undone = f"select from match m where m.client_no = {client_no} and m.undone_on is not null and m.match_id = l.match_id"
    reopened = f"select m.match_id from match m where m.client_no = {client_no} and m.undone_on > {that_day} and m.match_date <= {that_day}"
    return (
        f"select l.ar_item_id, l.amount, l.base_amount, {lines} where l.client_no = {client_no}"
        f" and l.match_date > {that_day} and l.item_gl_date <= {that_day} and not exists ({undone}){narrowed}"
        f" union all select l.ar_item_id, -l.amount, -l.base_amount, {lines}"
        f" where l.client_no = {client_no} and l.match_id = any (array({reopened})){narrowed}"
    )


def sums_since(client_no: int, day: date, only: str = "") -> str:
    """The same by item: ``ar_item_id``, ``amount``, ``base_amount``, ``is_credit``, ``is_base_credit``, as a statement."""
    return (
        "select ar_item_id, sum(amount) as amount, sum(base_amount) as base_amount, bool_or(is_credit) as is_credit,"
        f" bool_or(is_base_credit) as is_base_credit from ({lines_since(client_no, day, only)}) line group by ar_item_id"
    )


def items_of(client_no: int, touched: str) -> str:
    """The items ``a`` of the rows of ``touched``, the name of a query with an ``ar_item_id``, joined with these rows ``t``."""
    item = f"select * from ar_item i where i.client_no = {client_no} and i.ar_item_id = any (array(select ar_item_id from {touched}))"
    return f"{touched} t join ({item}) a on a.ar_item_id = t.ar_item_id"
