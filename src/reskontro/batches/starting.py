"""Starting a run, a report or an import: it is queued behind the client's earlier batches and answered 202."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from reskontro.batches.answers import batch_body
from reskontro.batches.kinds import RunKind
from reskontro.batches.store import get_batch, insert_batch
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id, new_id
from reskontro.web.calls import Call
from reskontro.web.replies import Reply


def accepted(call: Call, transaction: Transaction, batch_uuid: UUID) -> Reply:
    """202 with the stored batch, where it can be read, and when to look again."""
    batch = get_batch(transaction, call.client_no, batch_uuid)
    assert batch is not None
    location = f"{call.client_url}/batches/{encode_id(batch_uuid)}"
    return Reply(202, batch_body(batch, call.language), {"Location": location, "Retry-After": "1"})


def queue_run(
    transaction: Transaction,
    *,
    client_no: int,
    kind: RunKind,
    request: Mapping[str, Any],
    actor: str,
    user_id: str,
    request_id: UUID,
    now: datetime,
    file_id: UUID | None = None,
) -> UUID:
    """Queue a run with what it was asked to do; returns the id of its batch."""
    batch_uuid = new_id()
    insert_batch(
        transaction,
        client_no=client_no,
        batch_uuid=batch_uuid,
        entity=kind.entity,
        operation=kind.operation,
        kind=kind.name,
        count_total=kind.start_count,
        actor=actor,
        user_id=user_id,
        request_id=request_id,
        now=now,
        file_id=file_id,
        request=request,
    )
    return batch_uuid


def start_run(call: Call, transaction: Transaction, kind: RunKind, request: Mapping[str, Any]) -> Reply:
    """Queue what a call asks for; returns its 202."""
    batch_uuid = queue_run(
        transaction,
        client_no=call.client_no,
        kind=kind,
        request=request,
        actor=call.subject,
        user_id=call.user_id,
        request_id=call.request_id,
        now=call.services.clock.now(),
    )
    return accepted(call, transaction, batch_uuid)
