"""Loads the profile of the property tests before any of them is collected."""

from __future__ import annotations

from tests.properties import profile

profile.load()
