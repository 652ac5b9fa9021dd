"""Logs: JSON lines on standard error, readable ones on a terminal, and nothing in them that is nobody's business."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor

from reskontro.norway.national_ids import read_norwegian_id
from reskontro.settings import Settings
from reskontro.web.surface import AnswerCutOff

MASK = "***********"
DEPTH_MAX = 6
PARAMETERS_SHOWN = frozenset({b"pageno", b"pagesize", b"maximumcount", b"query", b"expand", b"result", b"probe", b"asofdate"})
"""Query parameters whose values say nothing about a person; of all others only the name is logged."""

_ELEVEN_DIGITS = re.compile(r"(?<!\d)\d{6} ?\d{5}(?!\d)")
_SECRETS = re.compile(r"reskontro_[A-Za-z0-9_-]{43}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_URL_PASSWORD = re.compile(r"(\bpostgres(?:ql)?://[^:/@\s]*:)[^@/\s]*@")
_CONNINFO_PASSWORD = re.compile(r"(\bpassword=)('(?:[^'\\]|\\.)*'|\S+)")


def configure_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Send all logs of this process, also those of the libraries, to one stream (default standard error).

    JSON lines unless the stream is a terminal; an explicit ``log_json`` decides otherwise.
    """
    stream = stream or sys.stderr
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    readable = not settings.log_json if "log_json" in settings.model_fields_set else stream.isatty()
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, mask_event]
    after += [structlog.dev.ConsoleRenderer(colors=stream.isatty())] if readable else [_ordered, structlog.processors.JSONRenderer(_json)]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    for name in ("reskontro", "uvicorn.error"):
        logging.getLogger(name).setLevel(level if name == "reskontro" else max(level, logging.WARNING))
    logging.getLogger("uvicorn.error").filters[:] = [_is_news]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the server's line says more than the application has logged itself."""
    return record.exc_info is None or not isinstance(record.exc_info[1], AnswerCutOff)


def _json(event: EventDict, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _ordered(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Time, level and event first, so that a person who reads the lines finds them at the same place."""
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    return first | {key: value for key, value in event.items() if key not in first}


# ---------------------------------------------------------------------------------------------------------------- masking


def mask_event(_logger: Any, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    """The event with everything masked that looks like a national identity number or a secret.

    No code should ever log such a value; this is for the day on which one does.
    """
    return {key: _masked(value, 0) for key, value in event.items()}


_ROW_CONTENT = re.compile(r"^(?:DETAIL|CONTEXT|STATEMENT|QUERY):.*$", re.MULTILINE)
"""What PostgreSQL adds to an error may quote the row that caused it."""


def mask_text(text: str) -> str:
    """The text with national identity numbers, client secrets, tokens and passwords in database URLs masked."""
    text = _ROW_CONTENT.sub("[row not shown]", text)
    text = _ELEVEN_DIGITS.sub(lambda found: MASK if read_norwegian_id(found.group()).valid else found.group(), text)
    text = _SECRETS.sub("[secret]", text)
    text = _URL_PASSWORD.sub(r"\1[secret]@", text)
    return _CONNINFO_PASSWORD.sub(r"\1[secret]", text)


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        # A number that begins with 0 has lost it.
        return MASK if 10**9 <= value < 10**11 and read_norwegian_id(f"{value:011d}").valid else value
    if depth >= DEPTH_MAX:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {mask_text(str(key)): _masked(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner, depth + 1) for inner in value]
    return mask_text(str(value))


# ------------------------------------------------------------------------------------------------------------ request log


class RequestLog:
    """An ASGI application around another one that writes one line for each answered request."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._log = structlog.get_logger("reskontro.requests")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note what became of it."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        started = time.perf_counter()
        answer: dict[str, Any] = {"status": None, "request_id": None, "bytes": 0}

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["request_id"] = next((value.decode("latin-1") for name, value in message["headers"] if name == b"x-request-id"), None)
            elif message["type"] == "http.response.body":
                answer["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._application(scope, receive, note)
        finally:
            self._log.info(
                "request",
                method=scope["method"],
                path=scope["path"][:200],
                parameters=safe_parameters(scope["query_string"]),
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
                **answer,
            )


def safe_parameters(query_string: bytes) -> str | None:
    """The query as far as it may be logged: harmless values are shown, of the others only the names; None without a query."""
    if not query_string:
        return None
    shown: list[str] = []
    for part in query_string[:1000].split(b"&"):
        name, _, value = part.partition(b"=")
        text = name.decode("latin-1")[:40]
        shown.append(f"{text}={value.decode('latin-1')[:60]}" if name in PARAMETERS_SHOWN else text)
    return "&".join(shown)
