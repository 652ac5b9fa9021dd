"""Properties of auto postings: validating gives the verdict of booking, and a set is booked as if one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.api.postings import BANK_ACCOUNTS, items, post
from tests.api.support import amounts, configure, created, in_order, invoice, ledger_rows
from tests.house import House, exact_json

_numbers = count(8001)
_RUN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

_GOOD_AMOUNTS = [1, 10, 99.99, 100, 250]
_BAD_AMOUNTS = [Decimal("1250.00"), 0, -5, "7", 0.001, 10**14]
_days = st.sampled_from(["2026-11-15", "2026-11-20", "2026-11-25"] * 3 + ["2026-10-01", "2031-01-31", "x"])
_amounts = st.sampled_from(_GOOD_AMOUNTS * 4 + _BAD_AMOUNTS)
_TARGETS: list[dict[str, Any]] = [{"documentNo": number} for number in ("1", "2", "3")] + [{"kid": kid} for kid in ("0010017", "0010025", "0010033")]
_CUSTOMERS: list[dict[str, Any]] = [{"customerNo": "100001"}, {"customerNo": "100002"}]
_BAD_TARGETS: list[dict[str, Any]] = [{}, {"documentNo": "9"}, {"kid": "x"}, {"customerNo": "9"}, {"documentNo": "1", "customerNo": "100002"}]
_targets = st.sampled_from(_TARGETS * 3 + [{"documentNo": "EUR"}] + _CUSTOMERS + _BAD_TARGETS)
_customers = st.sampled_from(_CUSTOMERS * 4 + _TARGETS[:1] + _BAD_TARGETS)
_common = st.builds(
    lambda fields, odd: {**fields, **odd},
    st.fixed_dictionaries({}, optional={"postingDate": _days, "text": st.text("aå", max_size=3)}),
    st.sampled_from([{}] * 12 + [{"strange": 1}, {"clientReference": "a"}, {"clientReference": "b"}]),
)
_entries = st.one_of(
    st.builds(lambda amount: [{"glAccount": "1920", "debit": amount}, {"glAccount": "3900", "credit": amount}], _amounts),
    st.builds(lambda amount: [{"customerNo": "100001", "debit": amount}, {"customerNo": "100002", "credit": amount}], _amounts),
    st.just([{"glAccount": "1500", "debit": 1}, {"customerNo": "100001", "credit": 2}]),
)
_OWN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "payment": st.fixed_dictionaries(
        {"paymentDate": _days, "amount": _amounts},
        optional={"currency": st.sampled_from(["NOK", "NOK", "NOK", "EUR", "JPY"]), "exchangeRate": st.sampled_from([1, 11.5, 0])},
    ),
    "refund": st.fixed_dictionaries(
        {"paymentDate": _days, "amount": _amounts, "payeeBankAccountNo": st.sampled_from(["86011117947"] * 5 + ["86011117948"])},
    ),
    "writeoff": st.fixed_dictionaries(
        {"reason": st.just("r"), "reasonCode": st.sampled_from(["BAD-DEBT", "OTHER"])}, optional={"amount": _amounts, "vatRelief": st.booleans()}
    ),
    "smalldifference": st.fixed_dictionaries({}, optional={"amount": _amounts}),
    "interest": st.fixed_dictionaries({"interestTo": _days}, optional={"amount": _amounts, "exchangeRate": st.just(11)}),
    "fee": st.fixed_dictionaries(
        {"feeCode": st.sampled_from(["REMINDER", "COLLECTION-NOTICE", "COMPENSATION", "OTHER"])},
        optional={"amount": _amounts, "exchangeRate": st.just(11)},
    ),
    "transfer": st.fixed_dictionaries({"toCustomerNo": st.sampled_from(["100001", "100002", "9"])}, optional={"amount": _amounts}),
    "reversal": st.fixed_dictionaries({"glYear": st.just(2026), "transactionNo": st.integers(4, 14), "reason": st.just("r")}),
}


def _sets(method: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    if method == "journal":
        one = st.builds(lambda common, entries: {**common, "entries": entries}, _common, _entries)
    elif method == "reversal":
        one = st.builds(lambda common, own: {**common, **own}, _common, _OWN[method])
    else:
        target = _customers if method == "refund" else _targets
        one = st.builds(lambda common, meant, own: {**common, **meant, **own}, _common, target, _OWN[method])
    return st.lists(one, min_size=1, max_size=3)


_calls = st.sampled_from([*_OWN, "journal"]).flatmap(lambda method: st.tuples(st.just(method), _sets(method)))


def _open_books(house: House) -> None:
    """Claims of two customers, one in euro, one with a fee and a part payment, and some credit."""
    configure(house, "bank.accounts", BANK_ACCOUNTS)
    configure(house, "matching.smallDifferenceLimit", 2)
    for number, kid, customer_no in (("1", "0010017", "100001"), ("2", "0010025", "100001"), ("3", "0010033", "100002")):
        created(house, invoice(documentNo=number, kid=kid, customerNo=customer_no, documentDate="2026-09-20", dueDate="2026-10-01"))
    created(house, invoice(documentNo="EUR", customerNo="100002", currency="EUR", exchangeRate=11, currencyAmounts=amounts(100, 0)))
    assert post(house, "fee", {"documentNo": "1", "feeCode": "REMINDER", "postingDate": "2026-10-20"}).status_code == 200
    paid = [{"documentNo": "1", "amount": 300, "paymentDate": "2026-10-25"}, {"customerNo": "100002", "amount": 2000, "paymentDate": "2026-10-25"}]
    assert post(house, "payment", *paid).status_code == 200


def _verdicts(answer: Any) -> list[Any]:
    """What an answer says of each posting, without what only booking can tell."""
    words = {"BOOKED": "VALIDATED", "Booked": "Valid"}
    left_out = ("transactionNo", "glYear", "arItemIds")
    results = exact_json(answer)["autoPostings"]
    return [{key: words.get(str(value), value) for key, value in result.items() if key not in left_out} for result in results]


@_RUN
@given(call=_calls)
def test_validating_gives_the_verdict_of_booking(books: House, call: tuple[str, list[dict[str, Any]]]) -> None:
    """Whatever is sent, the call that only validates changes nothing and answers what the real one answers next."""
    if not items(books):
        _open_books(books)
    method, postings = call
    before = ledger_rows(books)
    validated = post(books, method, {**postings[0], "validateOnly": True}, *postings[1:])
    assert ledger_rows(books) == before
    real = post(books, method, *postings)
    assert validated.status_code == real.status_code in (200, 422), real.text
    event(f"{method}: {real.status_code}")
    assert _verdicts(validated) == _verdicts(real)
    if real.status_code == 422:
        assert ledger_rows(books) == before
    in_order(books)


def _state(house: House) -> tuple[Any, ...]:
    """Balances, items and matches, whatever their ids."""
    rows = house.rows(
        "select m.source, m.status, array_agg(l.amount order by l.amount) from match m join match_line l on l.client_no = m.client_no"
        " and l.match_id = m.match_id where m.client_no = %s group by m.match_id, m.source, m.status order by 1, 2, 3",
        house.client_no,
    )
    return house.balances(), items(house), rows


_settling = st.sampled_from(["payment", "writeoff", "transfer", "fee", "interest", "smalldifference"])


@settings(parent=_RUN, max_examples=15)
@given(call=_settling.flatmap(lambda method: st.tuples(st.just(method), _sets(method))))
def test_a_set_is_booked_as_if_one_after_another(module_house: House, call: tuple[str, list[dict[str, Any]]]) -> None:
    """Two clients with the same books: what one books in a call and the other in several leaves the same books."""
    method, postings = call
    together, apart = _two_clients(module_house)
    unnamed: Sequence[dict[str, Any]] = [{key: value for key, value in posting.items() if key != "clientReference"} for posting in postings]
    answer = post(together, method, *unnamed)
    single = [post(apart, method, posting).status_code for posting in unnamed]
    if answer.status_code == 200:
        assert set(single) == {200}
        assert _state(together) == _state(apart)
    else:
        failed = [result["resultType"] == "FAILED" for result in answer.json()["autoPostings"]]
        assert failed == [status == 422 for status in single]
    in_order(together)
    in_order(apart)


def _two_clients(house: House) -> tuple[House, House]:
    made = []
    for _ in range(2):
        client = replace(house, client_no=house.add_client(next(_numbers)))
        client.customer("100001", "Kari Prøve")
        client.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785")
        _open_books(client)
        made.append(client)
    return made[0], made[1]
