"""A client of a test's own, whose customers are written in sets without HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from reskontro.batches.kinds import BatchKind, ChunkContext, Item, ItemResult, Origin
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.ledger.books import open_books, raise_version, seed_books
from reskontro.ledger.log import verify_log
from reskontro.receivable.customers import store
from reskontro.receivable.customers.batch import CUSTOMERS_POST, CUSTOMERS_PUT
from reskontro.receivable.customers.record import Customer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = date(2026, 11, 25)
ORIGIN = Origin("system-1", "anne", UUID(int=7), "API")


class Creditor:
    """One client; every call is a transaction of its own."""

    def __init__(self, database: Database, client_no: int) -> None:
        self.database = database
        self.client_no = client_no
        with database.transaction(client_no) as transaction:
            transaction.execute(
                "insert into client (client_no, name, organization_no, organization_no_scheme, vat_registered, in_business_register,"
                " postal_address, ledger_start, status, created_at, books_version)"
                " values (%s, 'Prøvekreditor AS', '310044113', '0192', true, false, %s, '2026-01-01', 'ACTIVE', %s, 1)",
                (client_no, Jsonb({"countryCode": "NO"}), NOW),
            )
            seed_books(transaction, client_no, date(2026, 1, 1), TODAY)
            raise_version(transaction, client_no)

    def configure(self, key: str, value: Any) -> None:
        """Give a config a value that holds always."""
        with self.database.transaction(self.client_no) as transaction:
            transaction.execute(
                "insert into client_config (client_no, config_key, value, changed_at, changed_by) values (%s, %s, %s, %s, 'anne')",
                (self.client_no, key, Jsonb(value), NOW),
            )
            raise_version(transaction, self.client_no)

    def context(self, transaction: Transaction) -> ChunkContext:
        """The context of a set, with the client's write lock."""
        lock_client(transaction, self.client_no)
        return ChunkContext(self.client_no, open_books(transaction, self.client_no, NOW), NOW, TODAY)

    def process(self, kind: BatchKind, items: Sequence[dict[str, Any]]) -> list[ItemResult]:
        """Process items as one set."""
        with self.database.transaction(self.client_no) as transaction:
            context = self.context(transaction)
            return kind.process(transaction, context, [Item(index, item, ORIGIN) for index, item in enumerate(items)])

    def post(self, *items: dict[str, Any]) -> list[ItemResult]:
        """Create or update customers."""
        return self.process(CUSTOMERS_POST, items)

    def put(self, *items: dict[str, Any]) -> list[ItemResult]:
        """Update customers."""
        return self.process(CUSTOMERS_PUT, items)

    def customer(self, customer_no: str) -> Customer:
        """A customer as it is stored."""
        with self.database.transaction(self.client_no) as transaction:
            (found,) = store.customers_by_key(transaction, self.client_no, [customer_no.lower()])
            return found

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a statement with the client's number as its one parameter."""
        with self.database.transaction(self.client_no) as transaction:
            return transaction.execute(statement.encode(), (self.client_no,)).fetchall()

    def log(self) -> list[tuple[str, str, str | None, Any]]:
        """(event, entityId, customerNo, changes) of the whole log, which must be sound."""
        with self.database.transaction(self.client_no) as transaction:
            assert verify_log(transaction, self.client_no) == []
        return self.query("select event, entity_id, customer_no, changes from log_item where client_no = %s order by sequence_no")
