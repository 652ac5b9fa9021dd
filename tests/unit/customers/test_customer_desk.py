"""Aim: whoever works on a set can look customers up, propose and drop a new one, and fix a control account, all in one write."""

from __future__ import annotations

import pytest

from reskontro.receivable.customers.desk import CustomerDesk
from tests.unit.customers.creditors import ORIGIN, Creditor


def test_a_proposal_that_is_dropped_leaves_nothing_behind(creditor: Creditor) -> None:
    """A document that failed takes its customer with it, and the account number goes to the next one."""
    with creditor.database.transaction(creditor.client_no) as transaction:
        desk = CustomerDesk(transaction, creditor.context(transaction))
        dropped = desk.propose(desk.read({"customerNo": "1", "name": "A"}))
        assert dropped.customer is not None
        assert (dropped.customer.account_no, dropped.customer.currency) == (500001, "NOK")
        assert desk.find("1") is None
        kept = desk.upsert({"customerNo": "2", "name": "B"}, ORIGIN)
        desk.write()
    assert kept.account_no == 500001
    assert creditor.query("select customer_no from customer where client_no = %s") == [("2",)]
    assert [entry[0] for entry in creditor.log()] == ["CUSTOMER-CREATED"]


def test_a_failed_proposal_cannot_be_accepted(creditor: Creditor) -> None:
    """There is nothing that could take effect."""
    with creditor.database.transaction(creditor.client_no) as transaction:
        desk = CustomerDesk(transaction, creditor.context(transaction))
        failed = desk.upsert({"customerNo": "1"}, ORIGIN)
        assert (failed.result, failed.customer, [m.code for m in failed.messages.in_order()]) == (
            "FAILED",
            None,
            ["REQUIRED"],
        )
        with pytest.raises(ValueError, match="no effect"):
            desk.accept(failed, ORIGIN)


def test_customers_are_found_by_number_and_by_account(creditor: Creditor) -> None:
    """Loaded together or looked up one by one, whatever the case; unknown ones are None."""
    creditor.post({"customerNo": "Abc", "name": "A", "accountNo": 7}, {"customerNo": "D", "name": "D", "accountNo": 8})
    with creditor.database.transaction(creditor.client_no) as transaction:
        desk = CustomerDesk(transaction, creditor.context(transaction))
        desk.load(["ABC", "nobody"], [8, 9])
        assert desk.find("aBC") is desk.find_account(7)
        assert (desk.find("d"), desk.find("nobody"), desk.find_account(9), desk.find_account(10**12)) == (
            desk.find_account(8),
            None,
            None,
            None,
        )
        assert desk.find_account(8) is not None


def test_a_control_account_is_fixed_without_a_log_item(creditor: Creditor) -> None:
    """For a stored customer, for one made in the set, and for one changed in the set."""
    creditor.post({"customerNo": "1", "name": "A"}, {"customerNo": "2", "name": "B"})
    changed_at = creditor.query("select changed_at from customer where client_no = %s and customer_no = '1'")
    with creditor.database.transaction(creditor.client_no) as transaction:
        desk = CustomerDesk(transaction, creditor.context(transaction))
        for number in ("1", "2", "3"):
            customer = desk.find(number)
            if customer is None:
                customer = desk.upsert({"customerNo": number, "name": "C"}, ORIGIN).customer
            assert customer is not None
            assert customer.control_account is None
            assert desk.set_control_account(customer, "1500") is desk.find(number)
        desk.upsert({"customerNo": "2", "dueDays": 9}, ORIGIN)
        desk.write()
    assert creditor.query("select customer_no, control_account, due_days from customer where client_no = %s order by 1") == [
        ("1", "1500", None),
        ("2", "1500", 9),
        ("3", "1500", None),
    ]
    assert creditor.query("select changed_at from customer where client_no = %s and customer_no = '1'") == changed_at
    assert [entry[0] for entry in creditor.log()] == ["CUSTOMER-CREATED"] * 3 + ["CUSTOMER-UPDATED"]


def test_a_desk_can_be_written_more_than_once(creditor: Creditor) -> None:
    """What was written is not written again, and numbers go on."""
    with creditor.database.transaction(creditor.client_no) as transaction:
        desk = CustomerDesk(transaction, creditor.context(transaction))
        desk.upsert({"customerNo": "1", "name": "A"}, ORIGIN)
        desk.write()
        desk.upsert({"customerNo": "2", "name": "B"}, ORIGIN)
        desk.write()
        desk.write()
    assert creditor.query("select account_no, customer_no from customer where client_no = %s order by 1") == [
        (500001, "1"),
        (500002, "2"),
    ]
