"""Operations, filters and limits of the API, and what of it is there yet."""

from __future__ import annotations

from reskontro.rooms import all_operations
from reskontro.settings import Settings
from reskontro.web.lists import LIST_PARAMETERS
from reskontro.web.operations import Operation
from tools.documentation.tables import code, table

TAGS = {
    "Authentication": "tokens for client credentials, and the keys that verify them",
    "Batches": "look at a batch and its items, list, cancel, retry what failed",
    "Customers": "create, update, read, list and delete customers, singly and in batches",
    "Documents": "invoices, credit notes, interest notes, reminders and payments: stored and posted, singly and in batches",
    "Administration": "clients, GL accounts, posting rules, periods",
    "ClientConfigs": "the settings of a client, dated",
    "Codes": "code lists of the system and of the client",
    "Health": "whether the service can do its work",
    "ArItems": "AR items (open items): read and change them",
    "Matching": "payments, and matching and unmatching by hand",
    "AutoPostings": "journal entries, write-offs, fees and other postings without a document",
    "PaymentReservations": "reserve, capture and release part of what is open",
    "GlItems": "the lines of the general ledger",
    "GlMovements": "movements and balances by GL account and period",
    "Insights": "what is open, by age, on any day",
    "LogItems": "the log: who did what, when",
    "Files": "attachments and bank files (OCR giro, camt.054, mandates)",
    "Actions": "runs (reminders, interest, matching, direct debit, closing of periods) and reports (PDF, XLSX, CSV, JSON, SAF-T)",
    "DocumentBundles": "documents that go to one receiver together",
}
"""What each group of operations is for, those to come included, in the order of importance."""

OTHER_PLANNED = (
    "The products Debt Collection and Distribution, and webhooks",
    "A console in the browser",
    "Spreading one database over several machines by Citus (tables and keys are laid out for it)",
)


def _by_tag() -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {tag: [] for tag in TAGS}
    for operation in all_operations():
        if operation.tag not in found:
            raise ValueError(f"say what the operations of {operation.tag} are for, in tools/documentation/api.py")
        found[operation.tag].append(operation)
    return found


def offered() -> str:
    """A list of the groups of operations that this version has."""
    return "\n".join(f"* **{tag}**: {TAGS[tag]}" for tag, members in _by_tag().items() if members)


def planned() -> str:
    """A list of what is not in this version."""
    groups = [f"* API {tag}: {TAGS[tag]}" for tag, members in _by_tag().items() if not members]
    return "\n".join([*groups, *(f"* {entry}" for entry in OTHER_PLANNED)])


def operations() -> str:
    """Every operation with its call, scope and answers, by tag."""
    parts = []
    for tag, members in _by_tag().items():
        if not members:
            continue
        rows = [
            (
                code(f"{operation.method} {operation.path}"),
                operation.summary,
                code(operation.scope) if operation.scope else "none",
                ", ".join(map(str, operation.answers)),
                code(operation.id),
            )
            for operation in members
        ]
        parts += [f"### {tag}", table(("call", "what it does", "scope", "success", "operation"), rows)]
    return "\n\n".join(parts)


def filters() -> str:
    """The query parameters of each operation that has some, without those that all lists share."""
    shared = {parameter.name for parameter in LIST_PARAMETERS} | {"userid"}
    rows = []
    for members in _by_tag().values():
        for operation in members:
            # The items of a batch are paged by rules of their own.
            common = shared - {"pageno", "pagesize"} if operation.id == "getBatch" else shared
            own = [parameter for parameter in operation.parameters if parameter.name not in common]
            for parameter in own:
                values = f" ({', '.join(parameter.values)})" if parameter.values and parameter.name != "expand" else ""
                rows.append((code(operation.id), code(parameter.name), parameter.description + values))
    return table(("operation", "parameter", "meaning"), rows)


_LIMITS = {
    "body_bytes_max": ("body of an ordinary call", "bytes"),
    "batch_bytes_max": ("body of a JSON batch", "bytes"),
    "batch_items_max": ("items of a JSON batch", ""),
    "stream_bytes_max": ("body of an NDJSON batch", "bytes"),
    "stream_items_max": ("items of an NDJSON batch", ""),
    "item_bytes_max": ("one item of a batch", "bytes"),
    "rate_requests_per_second": ("requests a second, per client and process", ""),
    "rate_items_per_hour": ("batch items an hour, per client and process", ""),
    "token_requests_per_minute": ("token requests a minute, per client id and process", ""),
    "list_records_max": ("records of a list", ""),
    "page_records_max": ("records on a page of a list", ""),
}


def limits() -> str:
    """The limits on calls with their defaults and settings."""
    rows = []
    for name, (meaning, unit) in _LIMITS.items():
        value = Settings.model_fields[name].default
        shown = f"{value >> 20:,} MiB" if unit == "bytes" else f"{value:,}"
        rows.append((meaning, shown, code(f"RESKONTRO_{name.upper()}")))
    return table(("limit on", "default", "setting"), rows)
