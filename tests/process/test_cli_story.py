"""The commands together, as a person uses them: from an empty folder to a verified ledger, a backup and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.process.commands import command, environment, result, serving

pytestmark = pytest.mark.process


@dataclass
class Shell:
    """What somebody has set in a shell."""

    folder: Path
    data: Path
    client: int
    access: dict[str, str]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A served folder with a client and a credential for it."""
    folder = tmp_path_factory.mktemp("story")
    with serving(folder) as server:
        url, data = server.url, folder / "data"
        client = result("client", "add", "--name", "Fjord AS", "--organization-no", "310044113", "--ledger-start", "2026-01-01", data=data)
        credential = result("credential", "add", "--client", str(client["clientNo"]), "--name", "Shell", data=data)
        access = {"RESKONTRO_URL": url, "RESKONTRO_CLIENT_ID": credential["clientId"], "RESKONTRO_CLIENT_SECRET": credential["clientSecret"]}
        yield Shell(folder, data, client["clientNo"], access)
        assert server.end() == 0


def test_a_client_is_listed(shell: Shell) -> None:
    """What was added is there."""
    (client,) = result("client", "list", data=shell.data)
    assert client == {"clientNo": shell.client, "name": "Fjord AS", "organizationNo": "310044113", "ledgerStart": "2026-01-01", "status": "ACTIVE"}
    assert "Fjord AS" in command("client", "list", data=shell.data).stdout


def test_a_client_that_breaks_the_rules_is_refused_with_all_reasons(shell: Shell) -> None:
    """The same rules as over HTTP."""
    refused = command("client", "add", "--name", "X", "--organization-no", "987654321", "--ledger-start", "2026-01-02", data=shell.data)
    assert refused.returncode == 1
    assert "organizationNo" in refused.stderr
    assert "ledgerStart" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_customers_and_documents_from_files_to_a_verified_ledger(shell: Shell) -> None:
    """CSV customers, JSON documents, the report on failed items, and verify."""
    customers = shell.folder / "customers.csv"
    customers.write_text("customerNo;name;postalAddress.countryCode;dueDays\n100;Kari Prøve;no;14\n101;Ola Øvelse;NX;14\n")
    sent = command("batch", "send", str(customers), "--json", **shell.access)
    assert sent.returncode == 1
    report = json.loads(sent.stdout)
    assert report["results"] == {"CREATED": 1, "FAILED": 1}
    assert [(error["field"], error["code"], error["count"]) for error in report["errors"]] == [("countryCode", "COUNTRY-CODE", 1)]
    assert [item["customerNo"] for item in report["failedItems"]] == ["101"]

    documents = shell.folder / "documents.json"
    amounts = {"exclVat": 1000, "vat": 250, "inclVat": 1250}
    invoice = {"documentType": "IN", "customerNo": "100", "documentNo": "F1", "documentDate": "2026-10-05", "currencyAmounts": amounts}
    documents.write_text(json.dumps({"documents": [invoice]}, indent=2))
    sent = command("batch", "send", str(documents), **shell.access)
    assert sent.returncode == 0, sent.stderr
    assert "1 successful" in sent.stdout

    verdicts = result("verify", data=shell.data)
    assert [(verdict["clientNo"], verdict["inOrder"]) for verdict in verdicts] == [(shell.client, True)]


def test_the_same_sending_is_not_stored_twice(shell: Shell) -> None:
    """With an idempotency key of one's own, a script may be run again."""
    file = shell.folder / "again.csv"
    file.write_text("customerNo,name\n300,Kari\n")
    first, second = (result("batch", "send", str(file), "--idempotency-key", "monday", **shell.access) for _ in range(2))
    assert first["batch"]["batchUuid"] == second["batch"]["batchUuid"]
    shown = result("batch", "show", first["batch"]["batchUuid"], **shell.access)
    assert shown == second


def test_update_changes_only_known_customers(shell: Shell) -> None:
    """``--update`` is PUT: an unknown customer fails and is not made."""
    file = shell.folder / "update.csv"
    file.write_text("customerNo,name\n999,Nobody\n")
    sent = command("batch", "send", str(file), "--update", "--json", **shell.access)
    assert sent.returncode == 1
    assert json.loads(sent.stdout)["errors"][0]["code"] == "CUSTOMER-UNKNOWN"


def test_a_refused_file_is_explained(shell: Shell) -> None:
    """A line that is no JSON: nothing is stored, and its place is told."""
    file = shell.folder / "bad.ndjson"
    file.write_text('{"customerNo": "1", "name": "a"}\n{"customerNo": \n')
    sent = command("batch", "send", str(file), **shell.access)
    assert sent.returncode == 1
    assert "/line/2" in sent.stderr
    assert "Traceback" not in sent.stderr


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"RESKONTRO_CLIENT_SECRET": "wrong"}, "does not accept the credential"),
        ({"RESKONTRO_URL": "http://127.0.0.1:1"}, "reskontro serve"),
        ({"RESKONTRO_URL": "nonsense"}, "no address of an API"),
        ({"RESKONTRO_CLIENT": "4711"}, "403"),
    ],
)
def test_a_wrong_address_or_credential_is_explained(shell: Shell, values: dict[str, str], told: str) -> None:
    """Each says what to look at."""
    file = shell.folder / "any.csv"
    file.write_text("customerNo,name\n1,Kari\n")
    sent = command("batch", "send", str(file), **{**shell.access, **values})
    assert sent.returncode == 1
    assert told in sent.stderr
    assert "Traceback" not in sent.stderr


def test_a_revoked_credential_gets_no_token(shell: Shell) -> None:
    """And revoking it again says that there is nothing to revoke."""
    made = result("credential", "add", "--operator", "--name", "Temporary", "--scopes", "read:arm", data=shell.data)
    assert made["clientNos"] == "*"
    access = shell.access | {
        "RESKONTRO_CLIENT_ID": made["clientId"],
        "RESKONTRO_CLIENT_SECRET": made["clientSecret"],
        "RESKONTRO_CLIENT": str(shell.client),
    }
    assert "404" in command("batch", "show", "AaIU5wYUd9KfFjVoTBcbBw", **access).stderr
    assert command("credential", "revoke", made["clientId"], data=shell.data).returncode == 0
    assert "does not accept" in command("batch", "show", "AaIU5wYUd9KfFjVoTBcbBw", **access).stderr
    assert command("credential", "revoke", made["clientId"], data=shell.data).returncode == 1
    listed = {credential["clientId"]: credential for credential in result("credential", "list", data=shell.data)}
    assert listed[made["clientId"]]["revokedAt"] is not None
    assert not any("ecret" in key for credential in listed.values() for key in credential)


def test_a_credential_prints_lines_for_the_shell(shell: Shell) -> None:
    """Standard output holds nothing but what a shell can evaluate."""
    made = command("credential", "add", "--client", str(shell.client), data=shell.data)
    names = [line.split("=")[0] for line in made.stdout.splitlines()]
    assert names == ["export RESKONTRO_CLIENT_ID", "export RESKONTRO_CLIENT_SECRET"]


def test_a_backup_is_restored_into_a_new_folder(shell: Shell, tmp_path: Path) -> None:
    """Made while everything runs; the restored ledger verifies, and an older backup or a full folder is not overwritten."""
    file = tmp_path / "all.dump"
    assert command("db", "backup", str(file), data=shell.data).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    assert command("db", "backup", str(file), data=shell.data).returncode == 1
    restored = tmp_path / "restored"
    assert command("db", "restore", str(file), data=restored).returncode == 0
    assert result("client", "list", data=restored) == result("client", "list", data=shell.data)
    assert all(verdict["inOrder"] for verdict in result("verify", data=restored))
    again = command("db", "restore", str(file), data=restored)
    assert again.returncode == 1
    assert "not empty" in again.stderr


def test_psql_opens_on_the_database(shell: Shell) -> None:
    """What follows the command goes to psql, and so does its exit status."""
    assert command("db", "psql", "--", "-Atc", "select name from client", data=shell.data).stdout == "Fjord AS\n"
    assert command("db", "psql", "--", "-c", "no sql", data=shell.data).returncode == 1


def test_output_that_nobody_reads_to_its_end_is_no_error(shell: Shell) -> None:
    """``reskontro openapi | head -1``."""
    import subprocess

    with subprocess.Popen(
        [sys.executable, "-m", "reskontro", "openapi"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
