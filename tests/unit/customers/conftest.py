"""A client with books of its own for every test."""

from __future__ import annotations

from itertools import count

import pytest

from tests.house import House
from tests.unit.customers.creditors import Creditor

_client_nos = count(4101)


@pytest.fixture
def creditor(module_house: House) -> Creditor:
    """A client of the test's own, with books that start on 1 January 2026."""
    return Creditor(module_house.database, next(_client_nos))
