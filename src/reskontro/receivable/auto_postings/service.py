"""A call with auto postings: judged and booked one after the other, written together, or refused as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reskontro.batches.kinds import ChunkContext
from reskontro.db.engine import Transaction, lock_client
from reskontro.db.objects import ObjectStoreFault
from reskontro.kit.errors import Problem
from reskontro.kit.messages import Language, Messages, outcome_text, render, wire_messages
from reskontro.ledger.books import open_books
from reskontro.receivable.auto_postings.desk import PostingDesk
from reskontro.receivable.auto_postings.drafts import Outcome, check_references, read
from reskontro.receivable.auto_postings.methods.method import Method
from reskontro.receivable.auto_postings.methods.table import METHODS
from reskontro.receivable.drafts import Draft
from reskontro.receivable.writes import origin_of
from reskontro.web.calls import Call
from reskontro.web.idempotency import run_once
from reskontro.web.replies import Reply

RETRY_AFTER_SECONDS: Final = "5"


def find_method(name: str) -> Method:
    """The method of that name; raises Problem NOT-FOUND for one that is not open to callers."""
    method = METHODS.get(name)
    if method is None:
        raise Problem("NOT-FOUND", "there is no such auto posting method")
    return method


def post_all(call: Call, method: Method, sent: Sequence[dict[str, Any]]) -> Reply:
    """Book the postings of a call in one transaction, or validate them when one of them asks for that.

    Both run the same code up to the writing, so that the verdict of validating is that of booking. Raises Problem TOO-MANY-ITEMS, NOT-FOUND,
    CLIENT-NOT-ACTIVE, and POSTINGS-REJECTED when a single posting is refused.
    """
    most = call.services.settings.postings_max
    if len(sent) > most:
        raise Problem("TOO-MANY-ITEMS", f"a call may have at most {most} postings")

    def work(transaction: Transaction) -> Reply:
        lock_client(transaction, call.client_no)
        now = call.services.clock.now()
        books = open_books(transaction, call.client_no, now)
        books.require_active()
        context = ChunkContext(call.client_no, books, now, books.today(now))
        desk = PostingDesk(transaction, context)
        drafts = [read(index, raw, method.takes, method.needs, context.today) for index, raw in enumerate(sent)]
        check_references(drafts)
        method.load(desk, drafts)
        origin = origin_of(call)
        outcomes = [method.post(desk, draft, origin) for draft in drafts]
        if any(outcome is None for outcome in outcomes):
            raise _rejected(call, method, drafts, outcomes)
        only_validate = any(draft.values.get("validateOnly") for draft in drafts)
        if not only_validate:
            desk.write()
            if method.after is not None:
                try:
                    method.after(desk, drafts, [outcome for outcome in outcomes if outcome is not None], origin)
                except ObjectStoreFault as fault:
                    raise Problem("UNAVAILABLE", str(fault), headers={"Retry-After": RETRY_AFTER_SECONDS}) from fault
        return Reply(200, _answer(call, method, drafts, outcomes, booked=not only_validate))

    return run_once(call, work)


def _answer(call: Call, method: Method, drafts: Sequence[Draft], outcomes: Sequence[Outcome | None], *, booked: bool) -> dict[str, Any]:
    language = call.language
    message = outcome_text("POSTING-BOOKED" if booked else "POSTING-VALID", language)
    results: list[dict[str, Any]] = []
    for draft, outcome in zip(drafts, outcomes, strict=True):
        assert outcome is not None, "a call with a refused posting is refused"
        result = _result(draft, "BOOKED" if booked else "VALIDATED", message)
        if booked:
            result["transactionNo"], result["glYear"] = outcome.posting.transaction_no, outcome.posting.gl_year
            result["arItemIds"] = [item.ar_item_id for item in outcome.items]
        result["amount"] = outcome.amount
        _add_messages(result, draft, language)
        results.append(result)
    return {
        "clientNo": call.client_no,
        "autoPostingMethod": method.name,
        "resultType": "BOOKED" if booked else "VALIDATED",
        "message": outcome_text("POSTINGS-BOOKED" if booked else "POSTINGS-VALID", language),
        "countSuccessful": len(results),
        "countFailed": 0,
        "autoPostings": results,
    }


def _rejected(call: Call, method: Method, drafts: Sequence[Draft], outcomes: Sequence[Outcome | None]) -> Problem:
    """The refusal of a whole call, with a result for each posting."""
    language = call.language
    valid = outcome_text("POSTING-REJECTED", language)
    results: list[dict[str, Any]] = []
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if outcome is not None:
            result = _result(draft, "BATCH-REJECTED", valid)
        else:
            errors = [message for message in draft.messages.in_order() if message.severity == "E"]
            assert errors, "a refused posting has a finding"
            result = _result(draft, "FAILED", render(errors[0], language))
        _add_messages(result, draft, language)
        results.append(result)
    return Problem(
        "POSTINGS-REJECTED",
        members={
            "clientNo": call.client_no,
            "autoPostingMethod": method.name,
            "resultType": "FAILED",
            "message": outcome_text("POSTINGS-REJECTED", language),
            "countSuccessful": 0,
            "countFailed": len(results),
            "autoPostings": results,
        },
    )


def _result(draft: Draft, result_type: str, message: str) -> dict[str, Any]:
    result: dict[str, Any] = {"index": draft.index}
    reference = draft.values.get("clientReference")
    if reference is not None:
        result["clientReference"] = reference
    return result | {"resultType": result_type, "message": message}


def _add_messages(result: dict[str, Any], draft: Draft, language: Language) -> None:
    messages: Messages = draft.messages
    if not messages:
        return
    found = messages.in_order()
    root = f"/autoPostings/{draft.index}"
    for key, severity in (("warnings", "W"), ("errors", "E")):
        chosen = [message for message in found if message.severity == severity]
        if chosen:
            result[key] = wire_messages(chosen, language, diagnostics=True, root=root)
