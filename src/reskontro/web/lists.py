"""Lists that can be read page by page while the world changes: the keys of the first answer are stored under a query id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from psycopg.types.json import Jsonb

from reskontro.db.engine import Transaction
from reskontro.kit.errors import Problem
from reskontro.kit.ids import encode_id, new_id
from reskontro.web.calls import Call
from reskontro.web.operations import Parameter
from reskontro.web.replies import Reply

PAGE_DEFAULT = 100
PAGE_LEAST = 5
PAGE_INSTEAD = 10

LIST_PARAMETERS = (
    Parameter("maximumcount", "integer", "Most records of the whole list", minimum=1),
    Parameter("pagesize", "integer", "Records on a page; below 5 becomes 10"),
    Parameter("pageno", "integer", "Page, from 1", minimum=1),
    Parameter("query", "id", "queryId of an earlier answer, to read on in it; only with pageno, expand and userid"),
)
_WITH_QUERY = {"query", "pageno", "expand", "userid"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: ``find`` returns the keys of at most so many records in the list's order, ``load`` the records behind keys, in their order.

    ``load`` leaves out keys whose record is gone.
    """

    name: str
    entity_key: str
    path: str
    find: Callable[[Transaction, dict[str, Any], int], Sequence[Any]]
    load: Callable[[Transaction, Sequence[Any], dict[str, Any]], list[dict[str, Any]]]
    members: Callable[[Transaction, dict[str, Any]], dict[str, Any]] | None = None
    """Further members of the answer, between the summary and the records, for a list that says something about the whole."""


def summary_of(
    url: str, page_no: int, page_size: int, records: int, total: int, maximum: int, truncated: bool, query: str, link_values: dict[str, str]
) -> dict[str, Any]:
    """The summary of a page; links carry ``link_values`` besides the page."""
    pages = -(-total // page_size)

    def link(page: int) -> str:
        return f"{url}?{urlencode({**link_values, 'pageno': page})}"

    summary: dict[str, Any] = {
        "pageNo": page_no,
        "currentPageSize": records,
        "pageSizeLimit": page_size,
        "totalPages": pages,
        "totalCount": total,
        "maximumCount": maximum,
    }
    if truncated:
        summary["truncated"] = True
    if page_no > 1:
        summary["firstPage"] = link(1)
        summary["previousPage"] = link(page_no - 1)
    if page_no < pages:
        summary["nextPage"] = link(page_no + 1)
    if pages:
        summary["lastPage"] = link(pages)
    summary["queryId"] = query
    return summary


def link_headers(summary: dict[str, Any]) -> dict[str, str]:
    """``Link`` and ``X-Total-Count`` as mirrors of a summary."""
    names = {"firstPage": "first", "previousPage": "prev", "nextPage": "next", "lastPage": "last"}
    links = [f'<{summary[key]}>; rel="{relation}"' for key, relation in names.items() if key in summary]
    headers = {"X-Total-Count": str(summary["totalCount"])}
    if links:
        headers["Link"] = ", ".join(links)
    return headers


def answer_list(call: Call, transaction: Transaction, listing: Listing, options: Sequence[str] = ("expand", "asofdate")) -> Reply:
    """One page of a list, either of a new one or of one stored earlier.

    ``options`` are the parameters of the first call that hold on for the following pages. Raises Problem QUERY-NOT-FOUND.
    """
    settings = call.services.settings
    parameters = call.parameters
    page_no = parameters.get("pageno", 1)
    query_id: UUID
    if "query" in parameters:
        extra = set(parameters) - _WITH_QUERY
        if extra:
            raise Problem("INVALID-PARAMETER", f"{sorted(extra)[0]} cannot be used together with query")
        query_id = parameters["query"]
        oldest = call.services.clock.now() - timedelta(hours=settings.stored_list_hours)
        row = transaction.execute(
            "select keys, page_size, maximum_count, truncated, options from stored_list"
            " where client_no = %s and query_id = %s and list_name = %s and created_at >= %s",
            (call.client_no, query_id, listing.name, oldest),
        ).fetchone()
        if row is None:
            raise Problem("QUERY-NOT-FOUND", "there is no stored list with this queryId")
        keys, page_size, maximum, truncated, kept = row
        if "expand" in parameters:
            kept["expand"] = parameters["expand"]
    else:
        maximum = min(parameters.get("maximumcount", settings.list_records_max), settings.list_records_max)
        page_size = min(parameters.get("pagesize", PAGE_DEFAULT), settings.page_records_max)
        if page_size < PAGE_LEAST:
            page_size = PAGE_INSTEAD
        filters = {name: value for name, value in parameters.items() if name not in ("maximumcount", "pagesize", "pageno", "userid")}
        keys = list(listing.find(transaction, filters, maximum + 1))
        truncated = len(keys) > maximum
        keys = keys[:maximum]
        kept = {name: _storable(parameters[name]) for name in options if name in parameters}
        query_id = new_id()
        transaction.execute(
            "insert into stored_list (client_no, query_id, list_name, keys, page_size, maximum_count, truncated, options, created_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                call.client_no,
                query_id,
                listing.name,
                Jsonb([_storable(key) for key in keys]),
                page_size,
                maximum,
                truncated,
                Jsonb(kept),
                call.services.clock.now(),
            ),
        )
    start = (page_no - 1) * page_size
    page = keys[start : start + page_size] if start < len(keys) else []
    records = listing.load(transaction, page, kept) if page else []
    query = encode_id(query_id)
    summary = summary_of(f"{call.client_url}{listing.path}", page_no, page_size, len(records), len(keys), maximum, truncated, query, {"query": query})
    members = listing.members(transaction, kept) if listing.members is not None else {}
    return Reply(200, {"summary": summary, **members, listing.entity_key: records}, link_headers(summary))


def _storable(value: Any) -> Any:
    return value if isinstance(value, str | int | list) else str(value)
