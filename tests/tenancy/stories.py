"""Two clients whose every table has rows, and the means to see whether anything in the database changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
from joserfc import jwt
from psycopg.types.json import Jsonb

from reskontro.kit.ids import encode_id
from reskontro.ledger.books import raise_version
from tests.api.uploads import uploaded
from tests.bank_messages import BANK_ACCOUNTS, Paid, ocr_file
from tests.house import House

OURS, THEIRS, UNKNOWN = 3107, 421_842_187, 999_999_998
AMOUNTS = {"exclVat": 1000, "vat": 250, "inclVat": 1250}


def tables(connection: psycopg.Connection) -> dict[str, bool]:
    """The tables of the schema public, whole ones in place of their partitions, and whether they have a column client_no."""
    rows = connection.execute(
        "select c.relname, exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'client_no' and not a.attisdropped)"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'"
        " where c.relkind in ('r', 'p') and not c.relispartition order by 1"
    )
    return dict(rows.fetchall())


def contents(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """(number of rows, digest of all of them) of every table, as a superuser sees them."""
    parts = [f"select '{name}', count(*), coalesce(sum(hashtext(t::text)), 0) from {name} t" for name in tables(connection)]
    return {name: (count, digest) for name, count, digest in connection.execute(" union all ".join(parts).encode())}


def settle_in(house: House, client_no: int) -> dict[str, str]:
    """Let a client have customers, documents, a payment, batches, a bundle and a list, so that every table has rows of it.

    Returns what its objects are called in paths.
    """
    own = replace(house, client_no=client_no)
    own.add_client(client_no)
    with house.database.transaction(client_no) as transaction:
        transaction.execute(
            "insert into client_config (client_no, config_key, value, changed_at, changed_by)"
            " values (%s, 'document.defaultDueDays', %s, now(), 'test')",
            (client_no, Jsonb(21)),
        )
        transaction.execute(
            "insert into code (client_no, code_type, code, name_en, name_no, active, attributes)"
            " values (%s, 'ATTACHMENT', 'A1', 'a', 'a', true, '{}')",
            (client_no,),
        )
        transaction.execute(
            "insert into client_config (client_no, config_key, value, changed_at, changed_by) values (%s, 'bank.accounts', %s, now(), 'test')",
            (client_no, Jsonb(BANK_ACCOUNTS)),
        )
        transaction.execute("update period set status = 'CLOSED', closed_at = now(), closed_by = 'test' where to_date = '2026-01-31'")
        raise_version(transaction, client_no)
    customer, gone = f"C{client_no}", f"G{client_no}"
    own.customer(customer)
    own.customer(gone)
    assert own.call("DELETE", f"/customers/{gone}").status_code == 200
    invoice = {"documentType": "IN", "customerNo": customer, "documentDate": "2026-10-05", "currencyAmounts": AMOUNTS}
    batch = own.batch("/documents/batches", {"documents": [{**invoice, "documentNo": f"D{client_no}", "bundleReference": "b", "kid": "0010017"}]})
    assert batch["countSuccessful"] == 1, batch
    own.document(**invoice, documentNo=f"L{client_no}", documentLines=[{"lineNo": 1, "lineType": "PLH", "currencyAmounts": AMOUNTS}])
    names_claim = [{"lineNo": 1, "lineType": "TXT", "referenceDocumentNo": f"D{client_no}"}]
    nothing = {"exclVat": 0, "vat": 0, "inclVat": 0}
    own.document(documentType="RM", customerNo=customer, documentDate="2026-10-06", currencyAmounts=nothing, documentLines=names_claim)
    with house.database.transaction(client_no) as transaction:
        transaction.execute(
            "insert into run_proposal (client_no, batch_uuid, input_index, row_index, cells) select client_no, batch_uuid, 0, 0, '{}' from batch"
        )
        transaction.execute(
            "insert into collection_message (client_no, ar_item_id, message_no, organization_id, message_type, body, created_at, created_by)"
            " select client_no, ar_item_id, 1, 'org', 'CREATE-INVOICE', '{}', now(), 'test' from ar_item limit 1"
        )
        transaction.execute(
            "insert into mandate (client_no, kid, account_no, bank_account_no, notify, active, created_at, changed_at, told_at)"
            " select client_no, '0010017', account_no, '12345678903', false, true, now(), now(), now() from ar_item limit 1"
        )
        transaction.execute(
            "insert into avtalegiro_claim (client_no, avtalegiro_claim_id, ar_item_id, account_no, kid, bank_account_no, amount, due_date, run_date,"
            " batch_uuid, file_id) select client_no, ar_item_id, ar_item_id, account_no, '0010017', '12345678903', 1250, due_date, due_date,"
            " ar_item_id, ar_item_id from ar_item limit 1"
        )
    half = {"exclVat": 500, "vat": 0, "inclVat": 500}
    own.document(documentType="PY", customerNo=customer, documentDate="2026-10-20", kid="0010017", currencyAmounts=half)
    keyed = own.post("/customers", {"customer": {"customerNo": f"K{client_no}", "name": "K"}}, headers={"Idempotency-Key": "k-1"})
    assert keyed.status_code == 201
    assert own.get("/customers").status_code == 200
    document = own.get(f"/documents/D{client_no}?expand=glitems").json()
    objects = {
        "customerno": customer,
        "documentno": f"D{client_no}",
        "batchuuid": batch["batchUuid"],
        "documentbundleid": document["documentBundleId"],
        "aritemid": document["arItemId"],
        "glitemid": document["glItems"][0]["glItemId"],
        "matchid": encode_id(own.rows("select match_id from match")[0][0]),
    }
    objects["fileid"] = uploaded(own, file_name=f"{client_no}.pdf")["fileId"]
    for number, kind in enumerate((10, 18), 1):
        content = ocr_file([Paid("0010041", kind=kind, archive="700000009")], number=number)
        uploaded(own, content, f"{number}.txt", "OCR")
    own.work()
    sent = {"paymentId": f"R{client_no}", "customerNo": customer, "amount": 10}
    reservation = own.post("/paymentreservations", {"paymentReservation": sent})
    assert reservation.status_code == 201, reservation.text
    objects["paymentreservationid"] = reservation.json()["paymentReservationId"]
    objects["logitemid"] = own.get("/logitems").json()["logItems"][0]["logItemId"]
    return objects


def signed_token(house: House, **claims: Any) -> str:
    """A token with our own signature and these claims over the usual ones, also such as the token endpoint never gives; None leaves a claim out."""
    subject, _ = house.credential()
    now = int(house.clock.now().timestamp())
    usual = {
        "iss": house.settings.issuer,
        "sub": subject,
        "aud": house.settings.audience,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "jti": "j",
        "scope": "read:arm write:arm admin:arm",
        "client_nos": "*",
    }
    signer = house.services.authenticator.signing_keys.signer()
    content = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": signer.kid}, content, signer.key, algorithms=["RS256"])
