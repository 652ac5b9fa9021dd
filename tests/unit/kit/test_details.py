"""Aim: every fault of a file that the program can tell has its words in Norwegian, places and names included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reskontro
from reskontro.kit import details
from reskontro.kit.details import norwegian_detail
from reskontro.kit.messages import Message, render
from reskontro.norway import avtalegiro, avtalegiro_mandates, nets_transmissions, ocr_giro
from reskontro.norway.nets_records import Layout

SOURCE = Path(reskontro.__file__).parent
MODULES = (
    *(f"norway/{name}.py" for name in ("nets_records", "nets_transmissions", "ocr_giro", "avtalegiro", "avtalegiro_mandates")),
    *(f"norway/{name}.py" for name in ("camt054", "camt054_parts", "camt054_values", "safe_xml")),
    *("receivable/bank_files/planning.py", "receivable/files/kinds.py", "receivable/files/uploading.py"),
)
ARGUMENT = {"FormatFault": 0, "fault": 0, "WrongKind": 0, "_amount_fault": 1, "mismatch": 1}
"""Which argument of a call says what is wrong."""


def texts_of(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may be, with a 7 for what differs; nothing for one that is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*texts_of(node.body), *texts_of(node.orelse))


def faults_of(path: str) -> Iterator[str]:
    """What a module can say is wrong."""
    for node in ast.walk(ast.parse((SOURCE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ARGUMENT and len(node.args) > ARGUMENT[name]:
                yield from texts_of(node.args[ARGUMENT[name]])
            for keyword in node.keywords:
                if keyword.arg == "detail":
                    yield from texts_of(keyword.value)
        elif isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["what"]:
            yield from texts_of(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "_account_fault":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from texts_of(inner.value)


FAULTS = sorted({text.replace("the 7 settlement", "the first settlement") for path in MODULES for text in faults_of(path)} - {"7: 7"})
"""``7: 7`` is the filler of a record; its words are those of the layouts below."""


def test_the_faults_are_found() -> None:
    """The modules say what is wrong in the ways that are looked for here."""
    assert len(FAULTS) > 60


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_has_norwegian_words(fault: str) -> None:
    """Alone and at its place, with what differs in it kept."""
    told = norwegian_detail(fault)
    assert told != fault and told.count("7") == fault.count("7")
    assert norwegian_detail(f"line 4, positions 9-16: {fault}") == f"linje 4, posisjon 9-16: {told}"
    assert norwegian_detail(f"/Document/BkToCstmrDbtCdtNtfctn/GrpHdr: {fault}") == f"/Document/BkToCstmrDbtCdtNtfctn/GrpHdr: {told}"


def layouts() -> list[Layout]:
    """Every kind of record."""
    modules: tuple[Any, ...] = (avtalegiro, avtalegiro_mandates, nets_transmissions, ocr_giro)
    return [value for module in modules for value in vars(module).values() if isinstance(value, Layout)]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout._name)
def test_names_of_records_and_fields_are_translated(layout: Layout) -> None:
    """Each field of a record that does not fit it is told of in Norwegian alone."""
    for field in layout._fields:
        what = f"not a valid {field.name}" if field.wanted else field.name
        assert norwegian_detail(f"line 1, position 9: {layout._name}: {what}").startswith("linje 1, posisjon 9: ")
        assert not field.wanted or field.name in details._WORDS, "its name has no Norwegian"
    assert layout._name in details._WORDS


def test_what_is_not_known_stays() -> None:
    """The words of a parser, and a text that only looks like a fault."""
    assert norwegian_detail("line 3: something new: line 4") == "line 3: something new: line 4"


def test_in_a_message() -> None:
    """In the language asked for."""
    message = Message("E", "FILE-CONTENT", "content", "", {"detail": "line 3: the record has 79 characters instead of 80"})
    assert render(message, "en") == "The file cannot be read: line 3: the record has 79 characters instead of 80"
    assert render(message, "nb") == render(message, "nn") == "Filen kan ikke leses: linje 3: posten har 79 tegn i stedet for 80"
