"""Sets of documents: one look-up, one pass in input order, one write."""

from __future__ import annotations

from collections.abc import Sequence

from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult
from reskontro.db.engine import Transaction
from reskontro.kit.quick import QuickReader
from reskontro.receivable.documents.desk import DocumentDesk, policy_of
from reskontro.receivable.documents.poster import post
from reskontro.receivable.documents.record import details_of
from reskontro.receivable.documents.rules import read
from reskontro.receivable.documents.schemas import DOCUMENT, document_key, identify

SENT_FIRST = 400
SENT_TOGETHER = 800
"""So many documents are sent at a time, while those after them are judged. The first are fewer, so that the database soon has something to do."""


def prepare(context: ChunkContext, items: Sequence[Item]) -> None:
    """Read documents and make every check that needs nothing stored."""
    policy = policy_of(context)
    for item in items:
        draft = read(item.sent, policy)
        if not draft.messages.error_count:
            draft.details = details_of(draft.values, draft.lines)
        item.draft, item.prepared_for = draft, context.policy_key


def process(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[ItemResult]:
    """Validate and post a set of documents; see batches.kinds.Process."""
    desk = DocumentDesk(transaction, context)
    policy = desk.policy
    drafts = [item.draft if item.prepared_for == context.policy_key else read(item.sent, policy) for item in items]
    desk.load(drafts)
    drafts.reverse()
    results: list[ItemResult] = []
    together = SENT_FIRST
    with desk.outbox(len(items)) as outbox:
        for item in items:
            results.append(post(desk, drafts.pop(), item.origin))
            # The memory of what has become rows is used again at once, while it is near.
            item.forget_draft()
            if len(desk.new_documents) >= together and drafts:
                desk.send(outbox)
                together = SENT_TOGETHER
        desk.finish(outbox)
    return results


DOCUMENTS_POST = BatchKind(
    name="documents.post",
    entity="DOCUMENTS",
    operation="POST",
    key_field="documentNo",
    natural_key=document_key,
    identify=identify,
    process=process,
    prepare=prepare,
    quick=QuickReader(DOCUMENT),
)
"""Posts documents of all types."""
