"""The wire form of codes."""

from __future__ import annotations

from typing import Any, Final

from reskontro.kit.fields import Field, Invalid, Schema, boolean, day, text
from reskontro.kit.json import write_json
from reskontro.kit.messages import Language
from reskontro.ledger.books import CodeRecord

CODE_TYPE_CHARACTERS_MAX: Final = 30
CODE_CHARACTERS_MAX: Final = 20
SYSTEM_CODE_CHARACTERS_MAX: Final = 40
"""Some codes of the system are longer than a client's own may be."""
ATTRIBUTES_MAX: Final = 50
ATTRIBUTES_BYTES_MAX: Final = 4_000


def _attributes(**options: Any) -> Field:
    def check(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Invalid("TYPE", type="object")
        if len(value) > ATTRIBUTES_MAX:
            raise Invalid("COUNT", max=ATTRIBUTES_MAX)
        if len(write_json(value)) > ATTRIBUTES_BYTES_MAX:
            raise Invalid("LENGTH", max=ATTRIBUTES_BYTES_MAX)
        return value

    return Field("attributes", check, {"type": "object"}, 'What belongs to the code, for instance {"rate": 25}', **options)


CODE = Schema(
    "Code",
    [
        text("codeType", CODE_TYPE_CHARACTERS_MAX, "List", use="out", always=True),
        text("code", SYSTEM_CODE_CHARACTERS_MAX, "Code", use="out", always=True),
        text("name", 100, "Name, in the language asked for", use="out", always=True),
        text("description", 300, "More about it, in the language asked for", use="out"),
        boolean("isSystem", "false: kept by the client", use="out", always=True),
        boolean("active", "Whether it can be used", use="out", always=True),
        day("validFrom", "First day; null = without limit", use="out"),
        day("validTo", "Last day; null = without limit", use="out"),
        _attributes(use="out", always=True),
    ],
    "A code of a list",
)
CODE_WRITE = Schema(
    "CodeWrite",
    [
        text("nameEn", 100, "English name", required=True),
        text("nameNo", 100, "Norwegian name; default the English one"),
        boolean("active", "Whether it can be used; default true"),
        day("validFrom", "First day; required for EXCHANGE-RATE, where each day has a row of its own"),
        day("validTo", "Last day"),
        _attributes(),
    ],
    "A code of a list that the client keeps",
)


def stored_view(code: CodeRecord) -> dict[str, Any]:
    """The writable values of a code of the client, by wire name."""
    return {
        "nameEn": code.name_en,
        "nameNo": code.name_no,
        "active": code.active,
        "validFrom": code.valid_from,
        "validTo": code.valid_to,
        "attributes": code.attributes,
    }


def code_view(code: CodeRecord, language: Language, *, system: bool, descriptions: tuple[str, str] | None = None) -> dict[str, Any]:
    """A code as answers show it."""
    english = language == "en"
    return {
        "codeType": code.code_type,
        "code": code.code,
        "name": code.name_en if english else code.name_no,
        "description": None if descriptions is None else descriptions[0 if english else 1],
        "isSystem": system,
        "active": code.active,
        "validFrom": code.valid_from,
        "validTo": code.valid_to,
        "attributes": code.attributes,
    }
