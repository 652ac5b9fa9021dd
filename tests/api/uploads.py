"""What the tests of files share: contents to upload, and ways to upload them."""

from __future__ import annotations

import base64
from typing import Any

import httpx2

from tests.house import House

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20)
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice xmlns="urn:test"><ID>1</ID></Invoice>'


def encoded(content: bytes) -> str:
    """Base64 as the API takes it."""
    return base64.b64encode(content).decode()


def new_file(content: bytes = PDF, file_name: str = "invoice.pdf", file_type: str = "ATTACHMENT", **values: Any) -> dict[str, Any]:
    """A file to send; None leaves a key out."""
    usual = {"fileName": file_name, "fileType": file_type, "content": encoded(content)}
    return {key: value for key, value in (usual | values).items() if value is not None}


def post_files(house: House, *files: dict[str, Any], **options: Any) -> httpx2.Response:
    """The answer to an upload."""
    return house.post("/files", {"metadata": {"userId": "anne"}, "files": list(files)}, **options)


def uploaded(house: House, content: bytes = PDF, file_name: str = "invoice.pdf", file_type: str = "ATTACHMENT", **values: Any) -> dict[str, Any]:
    """The result of a file that must be accepted."""
    answer = post_files(house, new_file(content, file_name, file_type, **values))
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["files"][0]
    return result


def refused(house: House, *files: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer below the file) of the findings of files that must all be refused."""
    answer = post_files(house, *files)
    assert (answer.status_code, answer.json()["code"]) == (422, "FILES-REJECTED"), answer.text
    return [
        (error["code"], error["pointer"].removeprefix(f"/files/{index}"))
        for index, result in enumerate(answer.json()["files"])
        for error in result["errors"]
    ]
