"""What a method of auto postings is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reskontro.batches.kinds import Origin
from reskontro.receivable.auto_postings.desk import PostingDesk
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.drafts import Draft
from reskontro.receivable.targets import CUSTOMER_FIELDS, ITEM_FIELDS

TARGET_FIELDS = (*ITEM_FIELDS, *CUSTOMER_FIELDS)


@dataclass(frozen=True, slots=True)
class Method:
    """``takes`` are the fields besides those that every method takes, ``needs`` those that must be sent.

    ``load`` looks up in advance what the postings of a call mean. ``post`` judges one posting and lets it take effect; None when it was refused, and
    then its findings are in the draft and nothing else has changed. ``after`` does what follows when all postings of a call are written; it may
    raise ObjectStoreFault.
    """

    name: str
    takes: frozenset[str]
    needs: tuple[str, ...]
    load: Callable[[PostingDesk, Sequence[Draft]], None]
    post: Callable[[PostingDesk, Draft, Origin], Outcome | None]
    after: Callable[[PostingDesk, Sequence[Draft], Sequence[Outcome], Origin], None] | None = None
