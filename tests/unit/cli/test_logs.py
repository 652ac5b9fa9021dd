"""Logs are lines that programs can read, and nothing personal or secret gets into them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from reskontro.logs import MASK, RequestLog, configure_logging, mask_event, mask_text, safe_parameters
from reskontro.settings import Settings

IDENTITY_NO = "10915596784"
"""A synthetic number: 80 is added to its month."""


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs of a test go; the logging of before is put back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(Settings(log_level="INFO", log_json=True), stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """What was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestMasking:
    @pytest.mark.parametrize("text", [IDENTITY_NO, f"ssn {IDENTITY_NO}!", "109155 96784", f"/customers/{IDENTITY_NO}/x", f"no:{IDENTITY_NO},"])
    def test_national_identity_numbers_are_masked_wherever_they_stand(self, text: str) -> None:
        """Also inside paths, with a blank in the middle, and next to punctuation."""
        masked = mask_text(text)
        assert MASK in masked
        assert "96784" not in masked

    @pytest.mark.parametrize("text", ["12345678901", "600001000000010", f"1{IDENTITY_NO}", "2026-11-25T22:50:14.429523Z"])
    def test_other_numbers_stay(self, text: str) -> None:
        """A KID, a longer number and a time are no identity numbers."""
        assert mask_text(text) == text

    def test_numbers_lists_and_keys_are_masked_too(self) -> None:
        """A value may have become a number, or lie deep inside."""
        event = mask_event(None, "info", {"event": "x", "a": int(IDENTITY_NO), "b": [{"c": (IDENTITY_NO,)}], "d": {IDENTITY_NO: 1}, "e": 14})
        assert event == {"event": "x", "a": MASK, "b": [{"c": [MASK]}], "d": {MASK: 1}, "e": 14}

    def test_an_identity_number_that_lost_its_leading_zero_is_masked(self) -> None:
        """01819012345 as a number has ten digits."""
        from reskontro.norway.national_ids import read_norwegian_id

        number = next(n for n in range(1_819_000_000, 1_819_020_000) if read_norwegian_id(f"{n:011d}").valid)
        assert mask_event(None, "info", {"a": number})["a"] == MASK

    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("reskontro_" + "a" * 43, "a" * 43),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
            ("postgresql://owner:hunter2@db:5432/x", "hunter2"),
            ("user=owner password=hunter2 dbname=x", "hunter2"),
        ],
    )
    def test_secrets_are_masked(self, text: str, secret: str) -> None:
        """Client secrets, tokens and passwords of databases."""
        assert secret not in mask_text(text)
        assert "[secret]" in mask_text(text)


class TestLines:
    def test_a_line_is_json_with_time_level_and_event_first(self, stream: io.StringIO) -> None:
        """A person who reads the lines finds them at the same place."""
        structlog.get_logger("reskontro.test").info("something happened", count=3)
        assert list(lines(stream)[0]) == ["timestamp", "level", "event", "count", "logger"]

    def test_tracebacks_are_masked(self, stream: io.StringIO) -> None:
        """The text of an exception is not ours; it may quote a value."""
        try:
            raise ValueError(f"bad ssn {IDENTITY_NO}")
        except ValueError:
            structlog.get_logger("reskontro.test").exception("failed")
        assert "ValueError: bad ssn " + MASK in lines(stream)[0]["exception"]
        assert IDENTITY_NO not in stream.getvalue()

    def test_logs_of_libraries_come_in_the_same_form(self, stream: io.StringIO) -> None:
        """Warnings of other packages pass through the same masks."""
        logging.getLogger("some.library").warning("value %s", IDENTITY_NO)
        logging.getLogger("some.library").info("chatter")
        assert [line["event"] for line in lines(stream)] == [f"value {MASK}"]


class TestRequests:
    def test_one_line_for_each_request_without_values_of_persons(self, stream: io.StringIO) -> None:
        """Of a search by name only the name of the parameter is logged."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"AaIU")]})
            await send({"type": "http.response.body", "body": b"12345"})

        async def nothing(*_: Any) -> None:
            return None

        scope = {"type": "http", "method": "GET", "path": "/arm/v1/clients/1/customers", "query_string": b"name=Kari%20Normann&pageno=2"}
        asyncio.run(RequestLog(application)(scope, nothing, nothing))
        line = lines(stream)[0]
        assert (line["event"], line["status"], line["bytes"], line["request_id"]) == ("request", 200, 5, "AaIU")
        assert line["parameters"] == "name&pageno=2"
        assert "Kari" not in stream.getvalue()

    @pytest.mark.parametrize(
        ("query", "shown"),
        [(b"", None), (b"emailaddress=a@b.no", "emailaddress"), (b"expand=lines&kid=123", "expand=lines&kid"), (b"phoneno", "phoneno")],
    )
    def test_parameters(self, query: bytes, shown: str | None) -> None:
        """Only what says nothing about a person is shown with its value."""
        assert safe_parameters(query) == shown
