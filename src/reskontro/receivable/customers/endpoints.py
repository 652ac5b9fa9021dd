"""HTTP of customers."""

from __future__ import annotations

import asyncio

from reskontro.batches.accept import accept_batch
from reskontro.batches.answers import write_result
from reskontro.batches.collector import submit
from reskontro.batches.kinds import ItemResult, Origin
from reskontro.batches.schemas import BATCH, WRITE_RESULT
from reskontro.kit.errors import Problem, not_found
from reskontro.kit.messages import outcome_text
from reskontro.receivable.customers.batch import CUSTOMERS_POST, CUSTOMERS_PUT
from reskontro.receivable.customers.filters import FILTERS
from reskontro.receivable.customers.schemas import CUSTOMER
from reskontro.receivable.customers.service import EXPAND_BALANCE, delete_customer, find_customer, listing, show_customer
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, JSON, NDJSON, Answer, Body, Routes, expand_parameter
from reskontro.web.replies import Reply

routes = Routes()

_CUSTOMERS = f"{CLIENT}/customers"
_CUSTOMER = f"{_CUSTOMERS}/{{customerno}}"
_ONE = Body("customer", CUSTOMER)
_MANY = Body("customers", CUSTOMER, many=True, media=(JSON, NDJSON), streamed=True)
_QUEUED = {202: Answer("The batch is stored and queued", BATCH, headers=("Location", "Retry-After"))}
_EXPAND = expand_parameter(EXPAND_BALANCE)


@routes.add(
    "createCustomer",
    "POST",
    _CUSTOMERS,
    tag="Customers",
    summary="Create a customer, or update the one that has the number",
    scope="write:arm",
    body=_ONE,
    answers={
        200: Answer("The customer existed: it was updated, or is unchanged", WRITE_RESULT),
        201: Answer("The customer was created", WRITE_RESULT, headers=("Location",)),
    },
    problems=(404, 409, 422),
)
async def create_customer(call: Call) -> Reply:
    """Create or update one customer."""

    def location(result: ItemResult) -> str:
        return f"{call.client_url}/customers/{result.customer_no}"

    return await submit(call, CUSTOMERS_POST, call.read_entity(_ONE), lambda result: write_result(call, result, location))


@routes.add(
    "updateCustomer",
    "PUT",
    _CUSTOMERS,
    tag="Customers",
    summary="Update the customer that the body names",
    scope="write:arm",
    body=_ONE,
    answers={200: Answer("The customer was updated, or is unchanged", WRITE_RESULT)},
    problems=(404, 409, 422),
)
async def update_customer(call: Call) -> Reply:
    """Update one customer."""

    def answer(result: ItemResult) -> Reply:
        if any(error.code == "CUSTOMER-UNKNOWN" for error in result.errors):
            raise not_found("the customer")
        return write_result(call, result)

    value = call.read_entity(_ONE)
    try:
        return await submit(call, CUSTOMERS_PUT, value, answer)
    except Problem as problem:
        if problem.code == "CLIENT-NOT-ACTIVE" and isinstance(value.get("customerNo"), str):
            # That the customer does not exist is said before that the client takes no writes.
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(call.services.threads, _require_customer, call, value["customerNo"].strip())
        raise


def _require_customer(call: Call, customer_no: str) -> None:
    with call.services.database.transaction(call.client_no) as transaction:
        find_customer(transaction, call.client_no, customer_no)


@routes.add(
    "listCustomers",
    "GET",
    _CUSTOMERS,
    tag="Customers",
    summary="Customers, by account number",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS, _EXPAND),
    answers={200: Answer("Customers found", CUSTOMER, list_key="customers", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_customers(call: Call) -> Reply:
    """One page of the list of customers."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getCustomer",
    "GET",
    _CUSTOMER,
    tag="Customers",
    summary="One customer",
    scope="read:arm",
    parameters=(_EXPAND,),
    answers={200: Answer("The customer", CUSTOMER)},
    problems=(404,),
    quick=True,
)
def get_customer(call: Call) -> Reply:
    """Show one customer."""
    with_balance = EXPAND_BALANCE in call.parameters.get("expand", ())
    with call.reading() as transaction:
        now = call.services.clock.now()
        return Reply(200, show_customer(transaction, call.client_no, call.path["customerno"], now, with_balance=with_balance))


@routes.add(
    "deleteCustomer",
    "DELETE",
    _CUSTOMER,
    tag="Customers",
    summary="Delete a customer without documents and AR items",
    scope="write:arm",
    answers={200: Answer("The customer is deleted", WRITE_RESULT)},
    problems=(404, 409, 422),
)
def remove_customer(call: Call) -> Reply:
    """Delete one customer."""
    origin = Origin(call.subject, call.user_id, call.request_id, "API")
    with call.services.database.transaction(call.client_no) as transaction:
        customer = delete_customer(transaction, call.client_no, call.path["customerno"], origin, call.services.clock.now())
    return Reply(
        200,
        {
            "status": "PROCESSED",
            "result": "DELETED",
            "message": outcome_text("CUSTOMER-DELETED", call.language),
            "clientNo": call.client_no,
            "accountNo": customer.account_no,
            "customerNo": customer.customer_no,
        },
    )


@routes.add(
    "createCustomerBatch",
    "POST",
    f"{_CUSTOMERS}/batches",
    tag="Customers",
    summary="Create or update many customers",
    scope="write:arm",
    body=_MANY,
    answers=_QUEUED,
    problems=(404, 409, 413, 422),
)
async def create_customer_batch(call: Call) -> Reply:
    """Accept a batch of customers to create or update."""
    return await accept_batch(call, CUSTOMERS_POST)


@routes.add(
    "updateCustomerBatch",
    "PUT",
    f"{_CUSTOMERS}/batches",
    tag="Customers",
    summary="Update many customers; an unknown one is an item that fails",
    scope="write:arm",
    body=_MANY,
    answers=_QUEUED,
    problems=(404, 409, 413, 422),
)
async def update_customer_batch(call: Call) -> Reply:
    """Accept a batch of customers to update."""
    return await accept_batch(call, CUSTOMERS_PUT)
