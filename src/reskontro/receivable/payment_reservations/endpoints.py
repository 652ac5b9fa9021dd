"""HTTP of payment reservations."""

from __future__ import annotations

from reskontro.receivable.payment_reservations.capture import capture
from reskontro.receivable.payment_reservations.listing import FILTERS, listing
from reskontro.receivable.payment_reservations.schemas import CAPTURE, PAYMENT_RESERVATION, PAYMENT_RESERVATION_REQUEST
from reskontro.receivable.payment_reservations.service import create, release, show
from reskontro.web.calls import Call
from reskontro.web.lists import LIST_PARAMETERS, answer_list
from reskontro.web.operations import CLIENT, Answer, Body, Routes
from reskontro.web.parameters import path_id
from reskontro.web.replies import Reply

routes = Routes()

_RESERVATIONS = f"{CLIENT}/paymentreservations"
_ONE = f"{_RESERVATIONS}/{{paymentreservationid}}"
_REQUEST = Body("paymentReservation", PAYMENT_RESERVATION_REQUEST)
_CAPTURE = Body("capture", CAPTURE)
_METADATA_ONLY = Body(None, None, required=False)


@routes.add(
    "createPaymentReservation",
    "POST",
    _RESERVATIONS,
    tag="PaymentReservations",
    summary="Reserve an amount of an item or customer for a payment under way",
    scope="write:arm",
    body=_REQUEST,
    answers={
        200: Answer("The same reservation was made before", PAYMENT_RESERVATION),
        201: Answer("The reservation was made", PAYMENT_RESERVATION, headers=("Location",)),
    },
    problems=(404, 409, 422),
)
def create_payment_reservation(call: Call) -> Reply:
    """Make a reservation."""
    return create(call, call.read_entity(_REQUEST))


@routes.add(
    "listPaymentReservations",
    "GET",
    _RESERVATIONS,
    tag="PaymentReservations",
    summary="Payment reservations, newest first",
    scope="read:arm",
    parameters=(*FILTERS, *LIST_PARAMETERS),
    answers={200: Answer("Reservations found", PAYMENT_RESERVATION, list_key="paymentReservations", headers=("Link", "X-Total-Count"))},
    problems=(404,),
)
def list_payment_reservations(call: Call) -> Reply:
    """One page of the list of reservations."""
    with call.services.database.transaction(call.client_no) as transaction:
        return answer_list(call, transaction, listing(call.client_no, call.services.clock.now()))


@routes.add(
    "getPaymentReservation",
    "GET",
    _ONE,
    tag="PaymentReservations",
    summary="One payment reservation",
    scope="read:arm",
    answers={200: Answer("The reservation", PAYMENT_RESERVATION)},
    problems=(404,),
)
def get_payment_reservation(call: Call) -> Reply:
    """One reservation."""
    reservation_id = path_id(call.path["paymentreservationid"])
    with call.services.database.transaction(call.client_no) as transaction:
        return Reply(200, show(transaction, call.client_no, reservation_id, call.services.clock.now()))


@routes.add(
    "capturePaymentReservation",
    "POST",
    f"{_ONE}/capture",
    tag="PaymentReservations",
    summary="Turn all or part of a reservation into a booked payment",
    scope="write:arm",
    body=_CAPTURE,
    answers={200: Answer("Booked; the reservation as it is now", PAYMENT_RESERVATION)},
    problems=(404, 409, 422),
)
def capture_payment_reservation(call: Call) -> Reply:
    """Capture a reservation."""
    reservation_id = path_id(call.path["paymentreservationid"])
    return capture(call, reservation_id, call.read_entity(_CAPTURE))


@routes.add(
    "releasePaymentReservation",
    "POST",
    f"{_ONE}/release",
    tag="PaymentReservations",
    summary="Release what remains of a reservation",
    scope="write:arm",
    body=_METADATA_ONLY,
    answers={200: Answer("Released, or released before", PAYMENT_RESERVATION)},
    problems=(404, 409, 422),
)
def release_payment_reservation(call: Call) -> Reply:
    """Release a reservation."""
    reservation_id = path_id(call.path["paymentreservationid"])
    if call.body.strip():
        call.read_entity(_METADATA_ONLY)
    return release(call, reservation_id)
