"""A database that a module shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reskontro.db.engine import Database
from tests.conftest import _fresh_database


@pytest.fixture(scope="module")
def module_database(postgres: str, template: tuple[str, str]) -> Iterator[Database]:
    """A fresh database for the tests of a module."""
    yield from _fresh_database(postgres, template)
