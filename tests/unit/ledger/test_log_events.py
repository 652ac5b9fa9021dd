"""Aim: every event that the software logs has a text in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reskontro
from reskontro.ledger.log_events import LOG_EVENTS, event_text

SOURCE = Path(reskontro.__file__).parent
EVENT_CHARACTERS_MAX = 20


def test_every_event_that_is_logged_is_in_the_list() -> None:
    """Events are written as literals where they are logged."""
    used = {event for path in SOURCE.rglob("*.py") for event in re.findall(r"LogEntry\(\s*\"([A-Z-]+)\"", path.read_text(encoding="utf-8"))}
    assert len(used) >= 5
    assert used <= set(LOG_EVENTS)


@pytest.mark.parametrize("event", LOG_EVENTS)
def test_texts_differ_by_language(event: str) -> None:
    """English for en, Norwegian for both written forms; the code fits its field."""
    assert event_text(event, "en") != event_text(event, "nb") == event_text(event, "nn")
    assert len(event) <= EVENT_CHARACTERS_MAX
