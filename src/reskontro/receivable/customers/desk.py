"""The customers that a set of items concerns: looked up together, judged one after the other, written together.

A batch of customers works through the desk, and so does a set of documents that may create its customers: each item sees what the items
before it did, and nothing reaches the database before ``write``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from reskontro.batches.kinds import ChunkContext, ItemResult, Origin
from reskontro.db.bulk import ASIDE_FROM, Outbox
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Messages, Severity
from reskontro.kit.quick import Sent
from reskontro.ledger.log import LogEntry, send_log
from reskontro.ledger.series import YEARLESS, claim, last_claimed
from reskontro.norway.kid import KidTemplate
from reskontro.receivable.customers import store
from reskontro.receivable.customers.numbers import FreeNumbers
from reskontro.receivable.customers.record import Customer, changes_between
from reskontro.receivable.customers.rules import Draft, Policy, resulting_values
from reskontro.receivable.customers.schemas import CUSTOMER_NO_CHARACTERS_MAX, NUMBER_MAX, identify

ACCOUNT_SERIES: Final = "series.account"
CUSTOMER_SERIES: Final = "series.customer"
_ACCOUNT_PLACEHOLDER = "{account:"
_CUSTOMER_WINDOW = 100
_YEAR_PLACEHOLDER = "{yy}"

CustomerResult = Literal["CREATED", "UPDATED", "UNCHANGED", "FAILED"]


def policy_of(context: ChunkContext) -> Policy:
    """What the client's configs say about customers on the day of the set."""
    books, today = context.books, context.today

    def config(key: str) -> Any:
        return books.config(key, today)

    def severity(key: str) -> Severity:
        return "E" if config(key) == "ERROR" else "W"

    def group_code(code: str) -> str | None:
        if not books.keeps("CUSTOMER-GROUP"):
            return code
        record = books.code("CUSTOMER-GROUP", code, today)
        return None if record is None else record.code

    template = config("kid.template")
    # A template without the account would give all customers one and the same KID.
    has_kid = config("kid.generate") and _ACCOUNT_PLACEHOLDER in template
    return Policy(
        client_no=context.client_no,
        base_currency=config("base.currency"),
        base_country=config("base.country"),
        base_language=config("base.language"),
        identity=severity("validation.identity"),
        unknown_fields=severity("validation.unknownFields"),
        account_mode=config(ACCOUNT_SERIES)["mode"],
        customer_mode=config(CUSTOMER_SERIES)["mode"],
        kid_template=KidTemplate(template) if has_kid else None,
        kid_algorithm=config("kid.algorithm"),
        group_code=group_code,
        today=today,
    )


class CustomerOutcome:
    """What an item comes to: decided by ``CustomerDesk.propose``, in force after ``accept``.

    ``customer`` is the customer as it is, or would be, after the item; None for a failed one. ``account_no`` and ``customer_no`` of a failed
    item are the stored ones, else those that were sent.
    """

    __slots__ = ("account_no", "before", "client_reference", "customer", "customer_no", "messages", "result")

    def __init__(
        self,
        result: CustomerResult,
        messages: Messages,
        account_no: int | None,
        customer_no: str | None,
        client_reference: str | None,
        customer: Customer | None = None,
        before: Customer | None = None,
    ) -> None:
        self.result: CustomerResult = result
        self.messages = messages
        self.account_no = account_no
        self.customer_no = customer_no
        self.client_reference = client_reference
        self.customer = customer
        self.before = before

    def item_result(self) -> ItemResult:
        """The outcome as the result of a batch item."""
        return ItemResult(
            self.result,
            None if self.result == "FAILED" else f"CUSTOMER-{self.result}",
            self.account_no,
            self.customer_no,
            client_reference=self.client_reference,
            messages=self.messages.in_order(),
        )


class CustomerDesk:
    """See the module. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext) -> None:
        self.policy = policy_of(context)
        self._transaction = transaction
        self._context = context
        self._client_no = context.client_no
        self._by_key: dict[str, Customer | None] = {}
        self._by_account: dict[int, Customer | None] = {}
        self._kid_owners: dict[str, int] = {}
        self._kids_asked: set[str] = set()
        self._deleted_account_nos: set[int] = set()
        self._created: dict[int, Customer] = {}
        self._updated: dict[int, Customer] = {}
        self._control_accounts: dict[int, Customer] = {}
        self._log: list[LogEntry] = []
        self._account_numbers: FreeNumbers | None = None
        self._customer_numbers: FreeNumbers | None = None

    # ------------------------------------------------------------------------------------------------ looking up

    def load(self, customer_nos: Iterable[str], account_nos: Iterable[int] = ()) -> None:
        """Look up customers by number and by account, each kind with one statement; what is known already is not asked again."""
        keys = {number.lower() for number in customer_nos} - self._by_key.keys()
        if keys:
            self._by_key.update(dict.fromkeys(keys))
            for customer in store.customers_by_key(self._transaction, self._client_no, keys):
                self._remember(customer)
        accounts = {number for number in account_nos if 0 < number <= NUMBER_MAX} - self._by_account.keys()
        if accounts:
            self._by_account.update(dict.fromkeys(accounts))
            for customer in store.customers_by_account(self._transaction, self._client_no, accounts):
                self._remember(customer)
            self._deleted_account_nos |= store.deleted_account_nos(self._transaction, self._client_no, accounts)

    def load_for(self, drafts: Iterable[Draft]) -> None:
        """Look up everything that judging the drafts will ask for."""
        customer_nos, account_nos = set[str](), set[int]()
        for draft in drafts:
            if draft.customer_no is not None:
                customer_nos.add(draft.customer_no)
            if draft.account_no is not None:
                account_nos.add(draft.account_no)
        self.load(customer_nos, account_nos)

    def find(self, customer_no: str) -> Customer | None:
        """The customer of that number, whatever its case, as the items before left it; looked up when ``load`` did not."""
        key = customer_no.lower()
        if key not in self._by_key:
            self.load((key,))
        return self._by_key[key]

    def find_account(self, account_no: int) -> Customer | None:
        """The customer of that account as the items before left it; looked up when ``load`` did not."""
        if account_no not in self._by_account:
            self.load((), (account_no,))
        return self._by_account.get(account_no)

    def load_kids(self, kids: Iterable[str]) -> None:
        """Look up the customers whose own KIDs those are, one statement for those not asked for before."""
        wanted = set(kids) - self._kids_asked
        if wanted:
            self._kids_asked |= wanted
            for customer in store.customers_by_kid(self._transaction, self._client_no, wanted):
                if customer.account_no not in self._by_account:
                    self._remember(customer)
                assert customer.customer_kid is not None
                self._kid_owners.setdefault(customer.customer_kid, customer.account_no)

    def owner_of_kid(self, customer_kid: str) -> int | None:
        """The account of the customer whose own KID that is, None when nobody has it."""
        if customer_kid not in self._kid_owners:
            self.load_kids((customer_kid,))
        return self._kid_owners.get(customer_kid)

    def _remember(self, customer: Customer) -> None:
        self._by_key[customer.customer_no.lower()] = customer
        self._by_account[customer.account_no] = customer
        if customer.customer_kid is not None:
            self._kid_owners.setdefault(customer.customer_kid, customer.account_no)

    # ------------------------------------------------------------------------------------------------ judging

    def read(self, raw: dict[str, Any]) -> Draft:
        """An object as far as it can be judged without knowing what is stored."""
        return Draft(Sent(raw), self.policy)

    def propose(self, draft: Draft, *, may_create: bool = True) -> CustomerOutcome:
        """Judge an item; nothing takes effect before ``accept``, which must come before the next proposal that is accepted.

        A draft is proposed once. ``may_create`` False is the rule of PUT: the customer must exist.
        """
        number = draft.customer_no
        stored = self.find(number) if number is not None else None
        if stored is not None:
            return self._propose_update(draft, stored)
        if may_create:
            return self._propose_new(draft, number)
        if number is not None:
            draft.find("E", "CUSTOMER-UNKNOWN", "customerNo", value=number)
        elif not draft.refused("customerNo"):
            draft.find("E", "REQUIRED", "customerNo")
        resulting_values(draft, {"postalAddress": {"countryCode": self.policy.base_country}}, self.policy)
        return self._failed(draft)

    def _propose_update(self, draft: Draft, stored: Customer) -> CustomerOutcome:
        account_no = draft.account_no
        if account_no is not None and account_no != stored.account_no:
            draft.find("E", "IMMUTABLE", "accountNo")
        before = stored.values
        values = resulting_values(draft, before, self.policy)
        messages = draft.messages
        if messages.error_count:
            return self._failed(draft, stored)
        customer = stored
        result: CustomerResult = "UNCHANGED"
        if values != before and changes_between(before, values):
            customer = Customer(stored.account_no, stored.customer_no, stored.customer_kid, stored.control_account, values)
            result = "UPDATED"
        return CustomerOutcome(result, messages, stored.account_no, stored.customer_no, draft.client_reference, customer, stored)

    def _propose_new(self, draft: Draft, number: str | None) -> CustomerOutcome:
        policy = self.policy
        if number is None:
            if policy.customer_mode == "CLIENT" and not draft.refused("customerNo"):
                draft.find("E", "REQUIRED", "customerNo")
        elif policy.customer_mode == "SYSTEM":
            draft.find("E", "SYSTEM-GIVEN", "customerNo")
        account_no = draft.account_no
        if account_no is None:
            if policy.account_mode == "CLIENT" and not draft.refused("accountNo"):
                draft.find("E", "REQUIRED", "accountNo")
        elif policy.account_mode == "SYSTEM":
            draft.find("E", "SYSTEM-GIVEN", "accountNo")
        elif self._account_is_taken(account_no):
            draft.find("E", "NOT-UNIQUE", "accountNo", value=account_no)
        values = resulting_values(draft, None, policy)
        messages = draft.messages
        if messages.error_count:
            return self._failed(draft)
        if number is None:
            number = self._next_customer_no()
            if len(number) > CUSTOMER_NO_CHARACTERS_MAX:
                draft.find("E", "LENGTH", "customerNo", max=CUSTOMER_NO_CHARACTERS_MAX)
        if account_no is None:
            account_no = self._accounts_series().next
            if account_no > NUMBER_MAX:
                draft.find("E", "RANGE", "accountNo", min=1, max=NUMBER_MAX)
        if messages.error_count:
            return self._failed(draft)
        customer = Customer(account_no, number, policy.customer_kid(account_no), None, values)
        return CustomerOutcome("CREATED", messages, account_no, number, draft.client_reference, customer)

    def _failed(self, draft: Draft, stored: Customer | None = None) -> CustomerOutcome:
        account_no, customer_no, _, reference = identify(draft.raw)
        if stored is not None:
            account_no, customer_no = stored.account_no, stored.customer_no
        return CustomerOutcome("FAILED", draft.messages, account_no, customer_no, reference)

    def _account_is_taken(self, account_no: int) -> bool:
        return self.find_account(account_no) is not None or account_no in self._deleted_account_nos

    # ------------------------------------------------------------------------------------------------ taking effect

    def accept(self, outcome: CustomerOutcome, origin: Origin) -> None:
        """Let a proposal take effect: for the items that follow at once, for the database with ``write``."""
        customer = outcome.customer
        if customer is None:
            raise ValueError("a failed item has no effect to accept")
        if outcome.result == "CREATED":
            self._take_numbers(customer)
            self._created[customer.account_no] = customer
            self._remember(customer)
            self._log.append(self._entry("CUSTOMER-CREATED", customer, origin, None))
        elif outcome.result == "UPDATED":
            assert outcome.before is not None
            self._replace(customer)
            self._log.append(self._entry("CUSTOMER-UPDATED", customer, origin, changes_between(outcome.before.values, customer.values)))

    def upsert(self, raw: dict[str, Any], origin: Origin, *, may_create: bool = True) -> CustomerOutcome:
        """Judge one item and let it take effect unless it failed."""
        outcome = self.propose(self.read(raw), may_create=may_create)
        if outcome.customer is not None:
            self.accept(outcome, origin)
        return outcome

    def set_control_account(self, customer: Customer, control_account: str) -> Customer:
        """Fix the control account of a customer that has none, by its first posting; returns the customer with it."""
        fixed = customer.with_control_account(control_account)
        self._replace(fixed, silent=True)
        return fixed

    def _replace(self, customer: Customer, *, silent: bool = False) -> None:
        account_no = customer.account_no
        if account_no in self._created:
            self._created[account_no] = customer
        elif silent and account_no not in self._updated:
            self._control_accounts[account_no] = customer
        else:
            self._updated[account_no] = customer
            self._control_accounts.pop(account_no, None)
        self._remember(customer)

    def _take_numbers(self, customer: Customer) -> None:
        if self._account_numbers is not None:
            self._account_numbers.take(customer.account_no)
        series = self._customer_numbers
        if series is not None and self._customer_number(series.next) == customer.customer_no:
            series.take(series.next)

    def _entry(self, event: str, customer: Customer, origin: Origin, changes: list[dict[str, Any]] | None) -> LogEntry:
        return LogEntry(event, "CUSTOMER", str(customer.account_no), origin, customer_no=customer.customer_no, changes=changes)

    # ------------------------------------------------------------------------------------------------ number series

    def _accounts_series(self) -> FreeNumbers:
        if self._account_numbers is None:
            first = self._series_start(ACCOUNT_SERIES, YEARLESS)
            numbers = FreeNumbers(first, lambda low, high: store.account_nos_between(self._transaction, self._client_no, low, high))
            for account_no in self._created:
                numbers.take(account_no)
            self._account_numbers = numbers
        return self._account_numbers

    def _customers_series(self) -> FreeNumbers:
        if self._customer_numbers is None:
            first = self._series_start(CUSTOMER_SERIES, self._customer_series_year)
            self._customer_numbers = FreeNumbers(first, self._taken_customer_numbers, window=_CUSTOMER_WINDOW)
        return self._customer_numbers

    def _next_customer_no(self) -> str:
        series = self._customers_series()
        while self._by_key.get((number := self._customer_number(series.next)).lower()) is not None:
            series.take(series.next)  # chosen by an item of this set
        return number

    def _series_start(self, series: str, year: int) -> int:
        last = last_claimed(self._transaction, self._client_no, series, year)
        return max(last + 1, int(self._config(series)["next"]))

    def _config(self, key: str) -> Any:
        return self._context.books.config(key, self._context.today)

    @property
    def _customer_series_year(self) -> int:
        return self._context.today.year if _YEAR_PLACEHOLDER in self._config(CUSTOMER_SERIES)["prefix"] else YEARLESS

    def _customer_number(self, number: int) -> str:
        series = self._config(CUSTOMER_SERIES)
        prefix: str = series["prefix"].replace(_YEAR_PLACEHOLDER, f"{self._context.today.year % 100:02d}")
        return f"{prefix}{number:0{series['length']}d}"

    def _taken_customer_numbers(self, first: int, last: int) -> set[int]:
        keys = {self._customer_number(number).lower(): number for number in range(first, last + 1)}
        return {keys[key] for key in store.known_keys(self._transaction, self._client_no, keys.keys())}

    # ------------------------------------------------------------------------------------------------ writing

    def write(self, ready: Callable[[], None] | None = None) -> None:
        """Send everything that took effect since the last time: customers, numbers and log items.

        ``ready`` is called when all rows are made and only the database is still at work.
        """
        transaction, client_no, now = self._transaction, self._client_no, self._context.now
        for numbers, series, year in (
            (self._account_numbers, ACCOUNT_SERIES, YEARLESS),
            (self._customer_numbers, CUSTOMER_SERIES, self._customer_series_year),
        ):
            if numbers is not None and numbers.span:
                claim(transaction, client_no, series, year, numbers.span, start=numbers.first)
        with Outbox(transaction, aside=len(self._log) >= ASIDE_FROM) as outbox:
            if self._log:
                send_log(outbox, client_no, now, self._log)
            store.insert_customers(outbox, client_no, now, self._created.values())
            store.update_customers(outbox, client_no, now, self._updated.values())
            store.set_control_accounts(outbox, client_no, self._control_accounts.values())
            if ready is not None:
                ready()
        self._created, self._updated, self._control_accounts, self._log = {}, {}, {}, []
        self._account_numbers = self._customer_numbers = None
