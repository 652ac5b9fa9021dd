"""A client of its own for every test, in a house that the module shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from tests.api.support import in_order
from tests.house import House

_client_nos = count(7001)


@pytest.fixture
def books(module_house: House) -> Iterator[House]:
    """A new client with the customers 100001 (a consumer) and 100002 (a business); after the test its ledger must be in order."""
    house = replace(module_house, client_no=module_house.add_client(next(_client_nos)))
    house.customer("100001", "Kari Prøve")
    house.customer("100002", "Skogly Prøvedrift AS", organizationNo="123456785")
    yield house
    in_order(house)
