"""The last step: claims are marked as handed over, and what the Collection API is to receive is stored with the mark, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from reskontro.batches.kinds import ItemResult
from reskontro.db.bulk import Outbox, Stage, copy_json
from reskontro.db.engine import Transaction
from reskontro.kit.ids import encode_id
from reskontro.kit.messages import Message
from reskontro.ledger.collection import COLLECTION_STATUS, HANDED_OVER
from reskontro.ledger.log import LogEntry
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.record import Customer, masked
from reskontro.receivable.documents.desk import DocumentDesk
from reskontro.receivable.dunning.attachments import attachments_of
from reskontro.receivable.dunning.collection_body import Link, Papers, invoice_body
from reskontro.receivable.dunning.debtor import failed_numbers, needs_address
from reskontro.receivable.dunning.documents import claim_number
from reskontro.receivable.dunning.order import Order
from reskontro.receivable.dunning.rules import Claim, Holds, Proposal, handover_stop

_stage = Stage("stage_collection_message", (("ar_item_id", "uuid"), ("message_no", "integer"), ("message_type", "text"), ("body", "jsonb")))
_INSERT = (
    "insert into collection_message (client_no, batch_uuid, organization_id, created_at, created_by, ar_item_id, message_no, message_type, body)"
    " select %s, %s, %s, %s, %s, ar_item_id, message_no, message_type, body from stage_collection_message"
)
MessageType = Literal["CREATE-INVOICE", "CREATE-TASK"]
_FIND_ADDRESS: Final = "FIND_ADDRESS"


class Handover:
    """Hands over the claims of a set."""

    def __init__(self, desk: DocumentDesk, order: Order) -> None:
        self._desk = desk
        self._order = order
        books, day = desk.books, order.day
        self._minimum = books.config("collection.minimumAmount", day)
        self._link = Link.of(books, day, order.rates)
        self._message_nos: dict[UUID, int] = {}
        self._messages: list[tuple[UUID, int, MessageType, dict[str, Any]]] = []
        self._attachments: dict[UUID, list[dict[str, str]]] = {}

    def load(self, items: Sequence[OpenItem]) -> None:
        """Look up what settled the claims so far, what was told of them, and the files of their documents."""
        if not items or self._link is None:
            return
        ids = [item.ar_item_id for item in items]
        self._desk.load_matches(ids)
        rows = self._desk.transaction.execute(
            "select ar_item_id, max(message_no) from collection_message where client_no = %s and ar_item_id = any(%s) group by ar_item_id",
            (self._desk.client_no, ids),
        )
        self._message_nos.update(rows.fetchall())
        documents = [item.document_uuid for item in items if item.document_uuid is not None]
        self._attachments.update(attachments_of(self._desk.transaction, self._desk.client_no, documents))

    def take(
        self, customer: Customer, proposal: Proposal, holds: Holds, texts: Mapping[UUID, str], *, has_credit: bool
    ) -> list[tuple[ItemResult, dict[str, Any]]]:
        """A result for each claim, with the cells of a proposal: handed over, or why not."""
        order = self._order
        has_address = bool(customer.values["postalAddress"].get("postalCode"))
        done = []
        for claim in proposal.claims:
            if claim.item.claim_kind != "PRINCIPAL":
                # Interest that stands alone is no invoice that collection could take; its letters end here.
                continue
            stop = handover_stop(
                claim,
                holds,
                order.day,
                order.plan,
                minimum=self._minimum,
                has_credit=has_credit,
                has_address=has_address,
                linked=self._link is not None,
            )
            result = ItemResult(
                "UNCHANGED" if stop or order.only_validate else "UPDATED",
                stop or ("HANDOVER-PROPOSED" if order.only_validate else "CLAIM-HANDED-OVER"),
                customer.account_no,
                customer.customer_no,
                claim.item.document_no,
                claim.item.document_uuid,
                claim.item.ar_item_id,
                client_reference=order.reference,
            )
            if stop == "HANDOVER-NOT-LINKED":
                name = {"name": "collection.organizationId", "date": order.day}
                result.messages = [Message("W", "VALUE-MISSING", "actionType", "/actionType", name)]
            elif stop is None and not order.only_validate:
                self._hand_over(customer, claim, texts)
            done.append((result, _cells(proposal, claim)))
        return done

    def _hand_over(self, customer: Customer, claim: Claim, texts: Mapping[UUID, str]) -> None:
        assert self._link is not None
        item, desk = claim.item, self._desk
        papers = Papers()
        if item.document_uuid is not None:
            papers = Papers(texts.get(item.document_uuid, ""), self._attachments.get(item.document_uuid, ()))
        body = invoice_body(self._link, desk.client_no, customer, claim, desk.matches_of([item]), self._order.day, papers)
        self._tell(item.ar_item_id, "CREATE-INVOICE", body)
        if needs_address(customer):
            task = {"kind": _FIND_ADDRESS, "customerNumber": customer.customer_no, "uniqueSourceInvoiceId": body["uniqueSourceInvoiceId"]}
            self._tell(item.ar_item_id, "CREATE-TASK", task)
        for member in (item, *claim.open_charges):
            member.change_details({COLLECTION_STATUS: HANDED_OVER})
        left_out = [{"field": name, "oldValue": masked(str(customer.values[name])), "newValue": None} for name in failed_numbers(customer)]
        self._log("CLAIM-HANDED-OVER", customer, item)
        if left_out:
            self._log("HANDOVER-INCOMPLETE", customer, item, left_out)

    def _tell(self, item_id: UUID, message_type: MessageType, body: dict[str, Any]) -> None:
        number = self._message_nos[item_id] = self._message_nos.get(item_id, 0) + 1
        self._messages.append((item_id, number, message_type, body))

    def _log(self, event: str, customer: Customer, item: OpenItem, changes: list[dict[str, Any]] | None = None) -> None:
        self._desk.log(
            LogEntry(
                event,
                "AR-ITEM",
                encode_id(item.ar_item_id),
                self._order.origin,
                ar_item_id=item.ar_item_id,
                customer_no=customer.customer_no,
                document_no=item.document_no,
                changes=changes,
            )
        )

    def write(self, transaction: Transaction) -> None:
        """Store the messages."""
        if self._link is None or not self._messages:
            return
        origin = self._order.origin
        lines = [f"{item_id.hex}\t{number}\t{message_type}\t{copy_json(body)}" for item_id, number, message_type, body in self._messages]
        values = (self._desk.client_no, origin.batch_uuid, self._link.organization_id, self._desk.context.now, origin.user_id)
        with Outbox(transaction) as outbox:
            outbox.rows(_stage, lines, _INSERT, values)


def _cells(proposal: Proposal, claim: Claim) -> dict[str, Any]:
    deadline: date | None = claim.last_deadline
    return {
        "step": proposal.step.number,
        "type": proposal.step.type,
        "documentNos": claim_number(claim),
        "currency": proposal.currency,
        "openAmount": claim.open_amount,
        "totalAmount": claim.open_amount,
        "deadline": deadline,
    }
