"""What is wrong with a file, in Norwegian: details are made and stored as English sentences, and put into words again when they are read.

A detail begins with its place (``line 4, positions 9-16`` or a path of elements) and a colon, then says what is wrong there. Braces in the
table stand for what differs; names of records and fields among it are translated as well. What the table does not know stays as it is, such
as the words of a parser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_WHATS: Final[Mapping[str, str]] = {
    # Records of 80 characters.
    "the line is blank, and records follow it": "linjen er tom, og det følger poster etter den",
    "the record has {n} characters instead of 80": "posten har {n} tegn i stedet for 80",
    "the record has more than 80 characters": "posten har mer enn 80 tegn",
    "the file is empty": "filen er tom",
    "the last record is not the end of the transmission (NY000089)": "den siste posten er ikke slutten på forsendelsen (NY000089)",
    "a record follows the end of the transmission": "det følger en post etter slutten på forsendelsen",
    "expected the start of an assignment or the end of the transmission": "ventet starten på et oppdrag eller slutten på forsendelsen",
    "expected a record of service {service}": "ventet en post for tjeneste {service}",
    "service {service} has no assignments of type {type}": "tjeneste {service} har ingen oppdrag av type {type}",
    "{type} is not a known type of transaction": "{type} er ikke en kjent transaksjonstype",
    "{type} is not a type of transaction of this assignment": "{type} er ikke en transaksjonstype i dette oppdraget",
    "the transaction numbers of an assignment must rise": "transaksjonsnumrene i et oppdrag må stige",
    "the settlement dates of an assignment must not fall": "oppgjørsdatoene i et oppdrag kan ikke falle",
    "the type is not {type} as in amount item 1": "typen er ikke {type} som i beløpspost 1",
    "the transaction number is not {number} as in amount item 1": "transaksjonsnummeret er ikke {number} som i beløpspost 1",
    "the type and transaction number are not those of amount item 1": "type og transaksjonsnummer er ikke de samme som i beløpspost 1",
    "the line {line} is not 1 to 42": "linjen {line} er ikke 1 til 42",
    "{value} is not a date DDMMYY": "{value} er ikke en dato DDMMÅÅ",
    "the amount has more than {most} digits": "beløpet har mer enn {most} sifre",
    "the amount has more than {most} decimals": "beløpet har mer enn {most} desimaler",
    "{stated} transactions are stated, {actual} are there": "{stated} transaksjoner er oppgitt, {actual} er der",
    "{stated} records are stated, {actual} are there": "{stated} poster er oppgitt, {actual} er der",
    "the sum {stated} is stated, the transactions add up to {actual}": "summen {stated} er oppgitt, transaksjonene summerer til {actual}",
    "the first settlement date {stated} is stated, the transactions have {actual}": "første oppgjørsdato er {stated}, transaksjonene har {actual}",
    "the last settlement date {stated} is stated, the transactions have {actual}": "siste oppgjørsdato er {stated}, transaksjonene har {actual}",
    "the transactions have {actual}": "transaksjonene har {actual}",
    "{record}: not a valid {field}": "{record}: ikke gyldig {field}",
    "{record}: filler, which must be {filler}": "{record}: fyll, som skal være {filler}",
    # camt.054.
    "not a camt.054.001.02 or camt.054.001.08 message": "ikke en melding camt.054.001.02 eller camt.054.001.08",
    "not well-formed XML ({reason}) in column {column}": "ikke velformet XML ({reason}) i kolonne {column}",
    "not well-formed XML": "ikke velformet XML",
    "the encoding named in the XML declaration is not known": "tegnsettet i XML-deklarasjonen er ikke kjent",
    "a document type declaration is not allowed": "en dokumenttypedeklarasjon er ikke tillatt",
    "a tag, comment or instruction is too long": "en tagg, kommentar eller instruksjon er for lang",
    "too many elements in one another or in one record": "for mange elementer i hverandre eller i én post",
    "the element is there twice": "elementet står to ganger",
    "the element is missing": "elementet mangler",
    "the element is empty": "elementet er tomt",
    "longer than {most} characters": "lengre enn {most} tegn",
    "GrpHdr must come before it": "GrpHdr må komme foran det",
    "the account is missing": "kontoen mangler",
    "the account stands after the entries": "kontoen står etter posteringene",
    "{stated} entries are stated, {actual} are there": "{stated} posteringer er oppgitt, {actual} er der",
    "the sum is stated as {stated}, the entries add up to {actual}": "summen er oppgitt som {stated}, posteringene summerer til {actual}",
    "the sum is stated as {stated}, the transactions add up to {actual}": "summen er oppgitt som {stated}, transaksjonene summerer til {actual}",
    "the net is stated as {stated}, the entries add up to {actual}": "nettoen er oppgitt som {stated}, posteringene summerer til {actual}",
    "the amount is {stated}, its details add up to {actual}": "beløpet er {stated}, detaljene summerer til {actual}",
    "the amount is missing, and the entry has several transactions": "beløpet mangler, og posteringen har flere transaksjoner",
    "amount, status or dates stand after NtryDtls": "beløp, status eller datoer står etter NtryDtls",
    "the currency is not {currency}, that of the account": "valutaen er ikke {currency}, som er kontoens",
    "the currency is not {currency}, that of the entry": "valutaen er ikke {currency}, som er posteringens",
    "the currency is not {currency}": "valutaen er ikke {currency}",
    "Ccy is not a currency of accounts": "Ccy er ikke en valuta for kontoer",
    "the attribute Ccy is missing": "attributtet Ccy mangler",
    "both Dt and DtTm are there": "både Dt og DtTm står der",
    "the date is missing": "datoen mangler",
    "not an amount": "ikke et beløp",
    "not a date": "ikke en dato",
    "not a whole number": "ikke et helt tall",
    "expected CRDT or DBIT": "ventet CRDT eller DBIT",
    "expected true or false": "ventet true eller false",
    "expected {record}": "ventet {record}",
    # Own accounts.
    "{account} is not an account of this client": "{account} er ikke en konto hos denne klienten",
    "the payments of account {account} do not come in {type} files": "betalingene på konto {account} kommer ikke i {type}-filer",
    "the currency is {currency}, that of account {account} is {own}": "valutaen er {currency}, på konto {account} er den {own}",
    # Uploads.
    "it is larger than {most} MiB": "den er større enn {most} MiB",
    "it is not base64 (RFC 4648, padded)": "den er ikke base64 (RFC 4648, med utfylling)",
    "its SHA-256 is {digest}": "dens SHA-256 er {digest}",
    "it is empty": "den er tom",
    "it is not XML ({reason})": "den er ikke XML ({reason})",
    "it is not well-formed XML ({reason})": "den er ikke velformet XML ({reason})",
    "it is not camt.054.001.02 or camt.054.001.08": "den er ikke camt.054.001.02 eller camt.054.001.08",
    "it does not begin with a start record (NY000010)": "den begynner ikke med en startpost (NY000010)",
    "it is no text of records": "den er ingen tekst med poster",
    "by its bytes it is {kind}, not {stated}": "etter innholdet er den {kind}, ikke {stated}",
    "by its bytes it is none of the kinds that can be attached": "etter innholdet er den ingen av de typene som kan legges ved",
    "pages and programs cannot be attached": "nettsider og programmer kan ikke legges ved",
}

_WORDS: Final[Mapping[str, str]] = {
    "start of transmission": "start på forsendelse",
    "end of transmission": "slutt på forsendelse",
    "start of assignment": "start på oppdrag",
    "end of assignment": "slutt på oppdrag",
    "amount item 1": "beløpspost 1",
    "amount item 2": "beløpspost 2",
    "amount item 3": "beløpspost 3",
    "text": "tekst",
    "mandate": "betalingsavtale",
    "sender": "avsender",
    "recipient": "mottaker",
    "transmission number": "forsendelsesnummer",
    "agreement": "avtale",
    "assignment number": "oppdragsnummer",
    "account": "konto",
    "transaction number": "transaksjonsnummer",
    "settlement date": "oppgjørsdato",
    "centre": "sentral",
    "day code": "dagkode",
    "partial settlement": "delavregning",
    "serial number": "løpenummer",
    "sign (0 or -)": "fortegn (0 eller -)",
    "amount": "beløp",
    "KID": "KID",
    "card issuer": "kortutsteder",
    "form number": "blankettnummer",
    "archive reference": "arkivreferanse",
    "bank date": "oppdragsdato",
    "payer account": "debetkonto",
    "free text": "fritekst",
    "number of transactions": "antall transaksjoner",
    "number of records": "antall poster",
    "sum": "sum",
    "date": "dato",
    "rest": "rest",
    "first settlement date": "første oppgjørsdato",
    "last settlement date": "siste oppgjørsdato",
    "due date": "forfallsdato",
    "first due date": "første forfallsdato",
    "last due date": "siste forfallsdato",
    "short name": "kortnavn",
    "external reference": "fremmedreferanse",
    "kind of text (4)": "teksttype (4)",
    "line": "linje",
    "column (1 or 2)": "kolonne (1 eller 2)",
    "registration type (0, 1 or 2)": "registreringstype (0, 1 eller 2)",
    "notice (J or N)": "varsel (J eller N)",
    "zeros": "nuller",
    "blanks": "blanke",
    "digits": "sifre",
}
"""Names of records and fields, and what fills them."""

_PLACEHOLDER: Final = re.compile(r"\\\{(\w+)\\\}")
_PATTERNS: Final = tuple(
    (re.compile(_PLACEHOLDER.sub(r"(?P<\1>(?:(?!: ).)+?)", re.escape(english))), norwegian) for english, norwegian in _WHATS.items()
)
_LINE, _POSITIONS, _POSITION = re.compile(r"\bline ([0-9]+)"), re.compile(r"\bpositions ([0-9]+)-([0-9]+)"), re.compile(r"\bposition ([0-9]+)")


@lru_cache(maxsize=1024)
def norwegian_detail(detail: str) -> str:
    """The detail in Norwegian, as far as it is known."""
    for at in (0, *(match.end() for match in re.finditer(": ", detail))):
        what = _norwegian_what(detail[at:])
        if what is not None:
            return _norwegian_place(detail[:at]) + what
    return detail


def _norwegian_what(what: str) -> str | None:
    for pattern, norwegian in _PATTERNS:
        match = pattern.fullmatch(what)
        if match is not None:
            return norwegian.format_map({name: _WORDS.get(value, value) for name, value in match.groupdict().items()})
    return None


def _norwegian_place(place: str) -> str:
    place = _LINE.sub(r"linje \1", place)
    return _POSITION.sub(r"posisjon \1", _POSITIONS.sub(r"posisjon \1-\2", place))
