"""Aim: files come in and go out whole; nothing is let in that its type does not allow, and nothing goes out that a browser would run."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from reskontro.receivable.files.content import PIECE_BYTES
from tests.api.support import amounts, configure, invoice, send
from tests.api.uploads import JPEG, PDF, PNG, XML, encoded, new_file, post_files, refused, uploaded
from tests.house import House, exact_json

KEYS = "fileId clientNo fileName fileType contentType direction size sha256 documentNo documentBundleId batchUuid createdAt createdBy".split()


def shown(house: House, file_id: str, query: str = "") -> dict[str, Any]:
    answer = house.get(f"/files/{file_id}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def events(house: House) -> list[tuple[str, str, str]]:
    rows = house.rows("select event, entity_id, user_id from log_item where entity_type = 'FILE' order by sequence_no")
    return [(event, entity_id, user_id) for event, entity_id, user_id in rows]


class TestUpload:
    def test_a_file_comes_back_as_it_was(self, books: House) -> None:
        """The result names it, GET shows it, and its content is the bytes sent."""
        result = uploaded(books, clientReference="row-1")
        assert result == {
            "status": "PROCESSED",
            "result": "CREATED",
            "message": "File stored",
            "fileId": result["fileId"],
            "fileName": "invoice.pdf",
            "fileType": "ATTACHMENT",
            "clientReference": "row-1",
        }
        found = shown(books, result["fileId"])
        assert list(found) == KEYS
        about = (result["fileId"], books.client_no, "invoice.pdf", "ATTACHMENT", "application/pdf", "IN", len(PDF), hashlib.sha256(PDF).hexdigest())
        assert tuple(found.values()) == (*about, None, None, None, "2026-11-25T12:00:00.000Z", "anne")
        with_content = shown(books, result["fileId"], "?expand=content")
        assert list(with_content) == [*KEYS, "content"]
        assert base64.b64decode(with_content["content"]) == PDF
        assert events(books) == [("FILE-STORED", result["fileId"], "anne"), ("FILE-DOWNLOADED", result["fileId"], events(books)[1][2])]

    def test_the_example_of_the_contract(self, books: House) -> None:
        """One is stored and one refused: 207, with a result for each."""
        record = base64.b64decode("TlkwMDAwMTAwMDAwODA4MA==")
        answer = post_files(books, new_file(record, "ocr-20261116.txt", "OCR"), new_file(b"\0\0\0", "notes.exe", "PROGRAM"))
        assert answer.status_code == 207
        body = answer.json()
        assert [body["clientNo"], body["countSuccessful"], body["countFailed"]] == [books.client_no, 1, 1]
        assert body["files"][0] | {"fileId": "", "batchUuid": ""} == {
            "status": "PROCESSED",
            "result": "CREATED",
            "message": "File stored",
            "fileId": "",
            "fileName": "ocr-20261116.txt",
            "fileType": "OCR",
            "batchUuid": "",
        }
        text = "File type PROGRAM is not allowed for this client"
        errors = body["files"][1].pop("errors")
        assert body["files"][1] == {"status": "PROCESSED", "result": "FAILED", "message": text, "fileName": "notes.exe", "fileType": "PROGRAM"}
        assert errors == [{"field": "fileType", "message": text, "code": "FILE-TYPE", "pointer": "/files/1/fileType"}]

    def test_none_in_order(self, books: House) -> None:
        """422, a problem with the results of all; nothing is stored, and no key is kept."""
        answer = post_files(books, new_file(b"\0"), {"zzz": 1}, headers={"Idempotency-Key": "k-1"})
        assert answer.status_code == 422
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (body["code"], body["countSuccessful"], body["countFailed"]) == ("FILES-REJECTED", 0, 2)
        assert [error["code"] for error in body["files"][1]["errors"]] == ["REQUIRED", "REQUIRED", "REQUIRED", "UNKNOWN-FIELD"]
        assert (body["files"][1]["fileName"], body["files"][1]["fileType"]) == ("", "")
        assert books.rows("select count(*) from file") == [(0,)]
        assert books.rows("select count(*) from file_piece") == [(0,)]
        assert post_files(books, new_file(), headers={"Idempotency-Key": "k-1"}).status_code == 200

    @pytest.mark.parametrize("length", [0, 1, 2, 3, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES - 1])
    def test_every_length(self, books: House, length: int) -> None:
        """Contents of one piece and of several, with and without padding."""
        content = b"%PDF-" + bytes(range(256)) * (length // 256) + bytes(length % 256)
        file_id = uploaded(books, content)["fileId"]
        answer = books.get(f"/files/{file_id}?expand=content")
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert base64.b64decode(answer.json()["content"], validate=True) == content

    def test_the_same_again(self, books: House) -> None:
        """Same type and content: UNCHANGED with the first id, in the same call too, whatever the name."""
        first = uploaded(books)
        answer = post_files(books, new_file(file_name="other.pdf"), new_file(PNG, "a.png"), new_file(PNG, "b.png")).json()
        assert [(one["result"], one["message"]) for one in answer["files"]] == [
            ("UNCHANGED", "File already stored"),
            ("CREATED", "File stored"),
            ("UNCHANGED", "File already stored"),
        ]
        assert answer["files"][0]["fileId"] == first["fileId"]
        assert answer["files"][1]["fileId"] == answer["files"][2]["fileId"]
        assert answer["countSuccessful"] == 3
        assert books.rows("select count(*) from file") == [(2,)]
        assert [event for event, _, _ in events(books)] == ["FILE-STORED", "FILE-STORED"]

    def test_another_client_has_a_file_of_its_own(self, books: House) -> None:
        """What one client has stored tells another nothing."""
        first = uploaded(books)
        other = replace(books, client_no=books.add_client(books.client_no + 500_000))
        second = uploaded(other)
        assert second["result"] == "CREATED"
        assert other.get(f"/files/{first['fileId']}").status_code == 404

    def test_many_at_a_time(self, books: House) -> None:
        """The same content sent by eight at once is stored once."""
        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(lambda number: uploaded(books, file_name=f"{number}.pdf"), range(8)))
        assert sorted(result["result"] for result in results) == ["CREATED"] + ["UNCHANGED"] * 7
        assert len({result["fileId"] for result in results}) == 1
        assert books.rows("select count(*) from file_piece") == [(1,)]

    def test_idempotency_key(self, books: House) -> None:
        """The first answer again, byte for byte, a 207 too; another body is a conflict."""
        sent = (new_file(), new_file(b"\0"))
        first = post_files(books, *sent, headers={"Idempotency-Key": "k-1"})
        again = post_files(books, *sent, headers={"Idempotency-Key": "k-1"})
        assert (first.status_code, again.status_code, again.content) == (207, 207, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert post_files(books, new_file(PNG), headers={"Idempotency-Key": "k-1"}).json()["code"] == "IDEMPOTENCY-KEY-REUSED"

    def test_norwegian(self, books: House) -> None:
        """Results are in the language of the call."""
        answer = post_files(books, new_file(), new_file(b"\0"), headers={"Accept-Language": "nb"}).json()
        assert [one["message"] for one in answer["files"]] == [
            "Fil lagret",
            "Filen kan ikke leses: etter innholdet er den ingen av de typene som kan legges ved",
        ]

    def test_a_suspended_client_takes_none(self, books: House) -> None:
        """Files are writes like others."""
        assert books.put("", {"client": {"status": "SUSPENDED"}}).status_code == 200
        assert post_files(books, new_file()).json()["code"] == "CLIENT-NOT-ACTIVE"


class TestShape:
    @pytest.mark.parametrize("body", [{}, {"files": []}, {"files": {}}, {"files": [1]}, {"files": [new_file()], "x": 1}])
    def test_malformed(self, books: House, body: Any) -> None:
        """Another outer shape is 400."""
        answer = books.post("/files", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED-BODY")

    def test_too_many(self, books: House) -> None:
        """At most 20 files."""
        answer = post_files(books, *[new_file()] * 21)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO-MANY-ITEMS")
        assert post_files(books, *[new_file()] * 20).status_code == 200

    def test_too_long(self, books: House) -> None:
        """At most 32 MiB as a whole."""
        answer = books.post("/files", content=b'{"files": [{"content": "' + b"A" * (32 << 20) + b'"}]}')
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD-TOO-LARGE")


class TestFields:
    @pytest.mark.parametrize(
        ("values", "finding"),
        [
            ({"fileName": None}, ("REQUIRED", "/fileName")),
            ({"fileName": 1}, ("TYPE", "/fileName")),
            ({"fileName": "x" * 121}, ("LENGTH", "/fileName")),
            ({"fileName": "a/b.pdf"}, ("CHARACTER", "/fileName")),
            ({"fileName": "..\\b.pdf"}, ("CHARACTER", "/fileName")),
            ({"fileName": "c:b.pdf"}, ("CHARACTER", "/fileName")),
            ({"fileName": "a\x00b.pdf"}, ("CHARACTER", "/fileName")),
            ({"fileName": "a\nb.pdf"}, ("CHARACTER", "/fileName")),
            ({"fileName": "gpj.\u202eexe"}, ("CHARACTER", "/fileName")),
            ({"fileName": ".."}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.pdf.exe"}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.HTML"}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.js. "}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.url"}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.SettingContent-ms"}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.command"}, ("FORMAT", "/fileName")),
            ({"fileName": "invoice.scf"}, ("FORMAT", "/fileName")),
            ({"fileType": None}, ("REQUIRED", "/fileType")),
            ({"fileType": 1}, ("TYPE", "/fileType")),
            ({"fileType": "LETTER"}, ("FILE-TYPE", "/fileType")),
            ({"fileType": "X" * 21}, ("LENGTH", "/fileType")),
            ({"contentType": "pdf"}, ("FORMAT", "/contentType")),
            ({"contentType": "text/html"}, ("CODE-UNKNOWN", "/contentType")),
            ({"contentType": "image/svg+xml"}, ("CODE-UNKNOWN", "/contentType")),
            ({"contentType": "image/png"}, ("FILE-CONTENT", "/content")),
            ({"content": None}, ("REQUIRED", "/content")),
            ({"content": ""}, ("REQUIRED", "/content")),
            ({"content": 7}, ("TYPE", "/content")),
            ({"content": ["A"]}, ("TYPE", "/content")),
            ({"sha256": "0" * 64}, ("FILE-CONTENT", "/content")),
            ({"sha256": "0" * 63}, ("FORMAT", "/sha256")),
            ({"sha256": "g" * 64}, ("FORMAT", "/sha256")),
            ({"documentNo": "nothing"}, ("DOCUMENT-UNKNOWN", "/documentNo")),
            ({"clientReference": "x" * 65}, ("LENGTH", "/clientReference")),
            ({"size": 1}, ("UNKNOWN-FIELD", "/size")),
        ],
    )
    def test_findings(self, books: House, values: dict[str, Any], finding: tuple[str, str]) -> None:
        """Each rule of a field."""
        sent = {key: value for key, value in (new_file() | values).items() if value is not None}
        found = refused(books, sent)
        assert found == [finding]

    @pytest.mark.parametrize("file_type", ["OCR", "MANDATES", "CAMT054"])
    def test_no_bank_file_has_a_name_that_is_run(self, books: House, file_type: str) -> None:
        """Whatever its type is: it is given out under its name."""
        content = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"/>' if file_type == "CAMT054" else b"NY000010"
        assert refused(books, new_file(content, "paid.hta", file_type)) == [("FORMAT", "/fileName")]
        assert uploaded(books, content, "website", file_type)["result"] == "CREATED"
        assert refused(books, new_file(content, "paid.hta", "PROGRAM")) == [("FILE-TYPE", "/fileType")]

    def test_all_at_once(self, books: House) -> None:
        """Every finding of a file, in the order of the fields."""
        sent = {"fileName": "a/b", "fileType": "X", "contentType": "y", "content": "?", "sha256": "z", "documentNo": "n", "q": 1}
        assert refused(books, sent) == [
            ("CHARACTER", "/fileName"),
            ("FILE-TYPE", "/fileType"),
            ("FORMAT", "/contentType"),
            ("FILE-CONTENT", "/content"),
            ("FORMAT", "/sha256"),
            ("DOCUMENT-UNKNOWN", "/documentNo"),
            ("UNKNOWN-FIELD", "/q"),
        ]

    @pytest.mark.parametrize(
        "content",
        [
            "JVBERi0",
            "JVBERi0=x",
            "JVBERi0x\n",
            "JVBE Ri0x",
            "JVBERi0-",
            "JVBERi0_",
            "JVBERi1=",
            "=",
            "====",
            "JVBERi0==",
            "å" * 4,
            "JVBERg==JVBERg==",
        ],
    )
    def test_base64_is_strict(self, books: House, content: str) -> None:
        """No line breaks, blanks, other alphabets, missing padding or spare bits."""
        assert refused(books, new_file() | {"content": content}) == [("FILE-CONTENT", "/content")]

    def test_sha256_in_any_case(self, books: House) -> None:
        """It is compared as a number."""
        assert uploaded(books, sha256=hashlib.sha256(PDF).hexdigest().upper())["result"] == "CREATED"

    def test_codes_in_any_case(self, books: House) -> None:
        """The type is shown in its own spelling."""
        assert uploaded(books, fileType="attachment")["fileType"] == "ATTACHMENT"

    def test_type_by_config(self, books: House) -> None:
        """Only what files.allowedTypes lets in."""
        configure(books, "files.allowedTypes", ["ATTACHMENT"])
        assert refused(books, new_file(b"NY000010", "o.txt", "OCR")) == [("FILE-TYPE", "/fileType")]

    def test_size_by_config(self, books: House) -> None:
        """Up to files.maxSizeMiB, to the byte."""
        configure(books, "files.maxSizeMiB", 1)
        assert uploaded(books, b"%PDF-" + bytes((1 << 20) - 5))["result"] == "CREATED"
        assert refused(books, new_file(b"%PDF-" + bytes((1 << 20) - 4))) == [("FILE-CONTENT", "/content")]
        assert refused(books, new_file(b"%PDF-" + bytes(3 << 20))) == [("FILE-CONTENT", "/content")]

    def test_document(self, books: House) -> None:
        """An attachment names the document it belongs to, in that one's own spelling; other types cannot."""
        books.document(documentNo="Ab-1")
        file_id = uploaded(books, documentNo="aB-1")["fileId"]
        assert shown(books, file_id)["documentNo"] == "Ab-1"
        assert refused(books, new_file(b"NY000010", "o.txt", "OCR", documentNo="Ab-1")) == [("UNKNOWN-FIELD", "/documentNo")]


class TestContent:
    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (PDF, "application/pdf"),
            (PNG, "image/png"),
            (JPEG, "image/jpeg"),
            (XML, "application/xml"),
            (XML.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "application/xml"),
            ("navn;beløp\nKari;1,50\n".encode(), "text/plain; charset=utf-8"),
            ("navn;beløp\n".encode("latin-1"), "text/plain; charset=iso-8859-1"),
            (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "text/plain; charset=utf-8"),
        ],
    )
    def test_what_can_be_attached(self, books: House, content: bytes, content_type: str) -> None:
        """The kind is told from the bytes, whatever the name."""
        file_id = uploaded(books, content, "whatever.bin")["fileId"]
        assert shown(books, file_id)["contentType"] == content_type

    @pytest.mark.parametrize(
        "content",
        [
            b"<html><body>x</body></html>",
            b"  \n<!DOCTYPE html><p>x",
            b"\xef\xbb\xbf<script>alert(1)</script>",
            b"x <ScRiPt>alert(1)</sCrIpT>",
            b'<svg xmlns="http://www.w3.org/2000/svg"/>',
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
            b'<?xml version="1.0"?><a><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script></a>',
            b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="x.xsl"?><a/>',
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            b'<?xml version="1.0"?><a><b></a>',
            b"<?php echo 1; ?>",
            b"#!/bin/sh\nrm -rf /\n",
            b"MZ\x90\x00\x03\x00",
            b"\x7fELF\x02\x01\x01",
            b"PK\x03\x04\x14\x00",
            b"text with a bell \x07",
            "text".encode("utf-16"),
            b" %PDF-1.7\x00",
            b"GIF89a\x01\x00",
        ],
    )
    def test_what_cannot(self, books: House, content: bytes) -> None:
        """Pages, programs, archives, and whatever is not known."""
        assert refused(books, new_file(content, "invoice.pdf", contentType="application/pdf")) == [("FILE-CONTENT", "/content")]
        assert refused(books, new_file(content, "invoice.pdf")) == [("FILE-CONTENT", "/content")]

    @pytest.mark.parametrize(
        ("file_type", "content"),
        [
            ("OCR", b"x"),
            ("OCR", b"NY210020" + b"0" * 72),
            ("OCR", XML),
            ("MANDATES", b"%PDF-"),
            ("OCR", b"NY000010" + b"0" * 71 + b"\0"),
            ("OCR", b"NY000010" + b"<ScRiPt>alert(1)</script>".ljust(72, b"0")),
            ("MANDATES", b"NY000010" + b"<html>".ljust(72, b"0")),
            ("CAMT054", b"NY000010" + b"0" * 72),
            ("CAMT054", XML),
            ("CAMT054", b"<"),
            ("CAMT054", b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>'),
            ("CAMT054", b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.04"/>'),
            ("CAMT054", b'<Other xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"/>'),
        ],
    )
    def test_bank_files_of_another_kind(self, books: House, file_type: str, content: bytes) -> None:
        """A bank file begins as one of its type does."""
        assert refused(books, new_file(content, "b.txt", file_type)) == [("FILE-CONTENT", "/content")]

    def test_content_type_sent(self, books: House) -> None:
        """A spelling that fits the bytes is kept; one that says nothing is not."""
        assert shown(books, uploaded(books, b"a;b\n", contentType="text/csv; charset=utf-8")["fileId"])["contentType"] == "text/csv; charset=utf-8"
        assert shown(books, uploaded(books, PNG, contentType="application/octet-stream")["fileId"])["contentType"] == "image/png"


class TestGet:
    def test_bytes(self, books: House) -> None:
        """As octets or as the file's own type, never to be shown or run by a browser."""
        file_id = uploaded(books, PNG, 'Kvittering "ærlig".png')["fileId"]
        for accept, media in (("application/octet-stream", "application/octet-stream"), ("image/png", "image/png"), ("image/*", "image/png")):
            answer = books.get(f"/files/{file_id}", headers={"Accept": accept})
            assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media, PNG)
            assert answer.headers["content-disposition"] == (
                "attachment; filename=\"Kvittering __rlig_.png\"; filename*=UTF-8''Kvittering%20%22%C3%A6rlig%22.png"
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
            assert answer.headers["cache-control"] == "no-store"
            assert int(answer.headers["content-length"]) == len(PNG)
        assert [event for event, _, _ in events(books)] == ["FILE-STORED", *["FILE-DOWNLOADED"] * 3]

    @pytest.mark.parametrize("accept", ["application/json", "application/octet-stream"])
    def test_a_large_file_is_never_whole_in_memory(self, books: House, accept: str) -> None:
        """It is fetched from the database piece by piece while it is sent."""
        content = b"%PDF-" + bytes(range(256)) * (70 << 10)
        file_id = uploaded(books, content)["fileId"]
        url = f"/arm/v1/clients/{books.client_no}/files/{file_id}?expand=content"
        received = 0
        tracemalloc.start()
        try:
            with books.http.stream("GET", url, headers={"Authorization": f"Bearer {books.token()}", "Accept": accept}) as answer:
                assert answer.status_code == 200
                for piece in answer.iter_raw(65_536):
                    received += len(piece)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert received == int(answer.headers["content-length"]) >= len(content)
        assert peak < len(content) / 2

    @pytest.mark.parametrize("accept", ["text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml"])
    def test_no_other_type(self, books: House, accept: str) -> None:
        """A type that is not the file's own is 406."""
        file_id = uploaded(books, PNG)["fileId"]
        answer = books.get(f"/files/{file_id}", headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "NOT-ACCEPTABLE")

    def test_what_a_browser_asks_for(self, books: House) -> None:
        """Led to a file, a browser gets the JSON about it and nothing more."""
        file_id = uploaded(books)["fileId"]
        answer = books.get(f"/files/{file_id}", headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")

    def test_unknown(self, books: House) -> None:
        """404, and 400 for what is no id; an expand value that is none."""
        assert books.get(f"/files/{'A' * 22}").status_code == 404
        assert books.get("/files/x").json()["code"] == "ID-MALFORMED"
        assert books.get(f"/files/{'A' * 22}?expand=zzz").json()["code"] == "INVALID-PARAMETER"

    def test_who_looks_at_a_file(self, books: House) -> None:
        """Only giving out the content is noted, under the person named."""
        file_id = uploaded(books)["fileId"]
        books.get(f"/files/{file_id}?userid=ola")
        books.get("/files")
        assert len(events(books)) == 1
        books.get(f"/files/{file_id}?expand=content&userid=ola")
        assert events(books)[1:] == [("FILE-DOWNLOADED", file_id, "ola")]


class TestList:
    def test_filters(self, books: House) -> None:
        """Newest first; each filter by itself."""
        books.document(documentNo="D-1")
        first = uploaded(books, documentNo="D-1")["fileId"]
        books.clock.advance(hours=1)
        second = uploaded(books, PNG, "Kvittering Å.png")["fileId"]
        try:
            for query, expected in (
                ("", [second, first]),
                ("?filetype=attachment", [second, first]),
                ("?filetype=OCR,CAMT054", []),
                ("?direction=IN", [second, first]),
                ("?direction=OUT", []),
                ("?filename=TERING å", [second]),
                ("?filename=%25", []),
                ("?documentno=x,d-1", [first]),
                ("?batchuuid=" + "A" * 22, []),
                ("?createdfrom=2026-11-25T12:30:00Z", [second]),
                ("?createdto=2026-11-25T13:00:00Z", [first]),
                ("?createdfrom=2026-11-26", []),
                ("?createdto=2026-11-25", [second, first]),
            ):
                answer = exact_json(books.get(f"/files{query}"))
                assert [file["fileId"] for file in answer["files"]] == expected, query
                assert all(list(file) == KEYS for file in answer["files"])
        finally:
            books.clock.advance(hours=-1)

    @pytest.mark.parametrize("query", ["filetype=X", "direction=X", "batchuuid=x", "createdfrom=x", "zzz=1"])
    def test_wrong_filters(self, books: House, query: str) -> None:
        """A value outside a list of the system, or no value at all, is 400."""
        assert books.get(f"/files?{query}").status_code == 400


class TestDocumentsAndBundles:
    def test_a_document_names_its_attachments(self, books: House) -> None:
        """An uploaded attachment may be named; nothing else, and nobody else's."""
        file_id = uploaded(books)["fileId"]
        bank_file = uploaded(books, b"NY000010", "o.txt", "OCR")["fileId"]
        answer = send(books, invoice(documentNo="D-1", attachmentFiles=[{"fileId": file_id}, {"fileId": file_id, "fileName": "Vilkår.pdf"}]))
        assert answer.status_code == 201, answer.text
        shown_files = books.get("/documents/D-1").json()["attachmentFiles"]
        assert shown_files == [{"fileId": file_id, "fileName": None}, {"fileId": file_id, "fileName": "Vilkår.pdf"}]
        answer = send(books, invoice(attachmentFiles=[{"fileId": bank_file}, {"fileId": "A" * 22}]))
        assert [(error["code"], error["pointer"]) for error in answer.json()["errors"]] == [
            ("FILE-UNKNOWN", "/document/attachmentFiles/0/fileId"),
            ("FILE-UNKNOWN", "/document/attachmentFiles/1/fileId"),
        ]

    def test_a_bundle_has_the_files_of_its_documents(self, books: House) -> None:
        """Those they name, and those that were uploaded for them, each once; other attachments are not in it."""
        named = uploaded(books)["fileId"]
        uploaded(books, JPEG)
        documents = [
            invoice(documentNo=number, bundleReference="b", currencyAmounts=amounts(80, 20), attachmentFiles=[{"fileId": named}])
            for number in ("A", "B")
        ]
        assert books.batch("/documents/batches", {"documents": documents})["countSuccessful"] == 2
        bundle = books.get("/documentbundles").json()["documentBundles"][0]
        assert bundle["fileCount"] == 1
        later = uploaded(books, PNG, "later.png", documentNo="a")["fileId"]
        assert shown(books, later)["documentBundleId"] == bundle["documentBundleId"]
        found = books.get(f"/documentbundles/{bundle['documentBundleId']}").json()
        assert (found["fileCount"], [file["fileId"] for file in found["files"]]) == (2, [named, later])
        assert found["files"][0] == shown(books, named)
        listed = books.get("/documentbundles?expand=files").json()["documentBundles"][0]
        assert listed["files"] == found["files"]


def test_encoded_is_what_it_says() -> None:
    """The helper of these tests makes the base64 that RFC 4648 gives as its example."""
    assert encoded(b"foob") == "Zm9vYg=="
