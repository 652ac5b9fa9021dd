"""What was open at the end of a past day, found by walking back from what is open now.

An item's open amount on a day is the one of now, plus what matches dated later have taken off since, less what matches
have taken off that were in force then and are undone now (one counts up to the day before it was undone).
"""

from __future__ import annotations

from datetime import date


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
    return (
        f"select l.ar_item_id, l.amount, l.base_amount, {lines} where l.client_no = {client_no}"
        f" and l.match_date > {that_day} and l.item_gl_date <= {that_day} and not exists ({undone}){narrowed}"
        f" union all select l.ar_item_id, -l.amount, -l.base_amount, {lines}"
        " join match m on m.client_no = l.client_no and m.match_id = l.match_id"
        f" where m.client_no = {client_no} and l.client_no = {client_no} and m.undone_on > {that_day} and m.match_date <= {that_day}{narrowed}"
    )


def items_of(client_no: int, found: str, conditions: str = "true") -> str:
    """A join from rows ``found`` that have an ``ar_item_id`` to their items ``a`` that meet conditions, looked up one by one.

    The planner cannot know how few they are, and would else read all items to find them.
    """
    item = f"select * from ar_item a where a.client_no = {client_no} and a.ar_item_id = {found}.ar_item_id and {conditions} offset 0"
    return f"{found} cross join lateral ({item}) a"
