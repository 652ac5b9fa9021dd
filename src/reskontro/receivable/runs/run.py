"""What the endpoint of actions needs to know of a run. Each run is a module of its own; ``actions.runs`` names them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from reskontro.batches.kinds import RunKind
from reskontro.receivable.drafts import Draft

ENTITY: Final = "ACTION"
OPERATION: Final = "RUN"

Check = Callable[[Draft, date], None]
"""(what was sent, the client's date): fills in defaults and notes findings of the fields that only this run has."""


@dataclass(frozen=True, slots=True)
class Run:
    """One action type: the fields it takes besides those that every run takes, its own checks, and the kind of batch that does it."""

    action_type: str
    kind: RunKind
    takes: frozenset[str]
    check: Check
    extra_scope: str | None = None
    """A scope that the token needs besides write:arm."""


def check_run_date(draft: Draft, today: date, *, earlier: bool) -> None:
    """RANGE for a runDate in the future, or before today unless ``earlier`` days are allowed; its default is today."""
    if draft.refused(("runDate",)):
        return
    run_date: date = draft.values.setdefault("runDate", today)
    oldest = date(2000, 1, 1) if earlier else today
    if not oldest <= run_date <= today:
        draft.find("RANGE", "runDate", min=oldest, max=today)
