"""What can be logged: every event with its text. The text is made when the log is read, so the log itself holds none."""

from __future__ import annotations

from typing import Final

from reskontro.kit.messages import Language

LOG_EVENTS: Final[dict[str, tuple[str, str]]] = {
    "CUSTOMER-CREATED": ("Customer created", "Kunde opprettet"),
    "CUSTOMER-UPDATED": ("Customer updated", "Kunde endret"),
    "CUSTOMER-DELETED": ("Customer deleted", "Kunde slettet"),
    "DOCUMENT-POSTED": ("Document posted", "Dokument bokført"),
    "AR-ITEM-UPDATED": ("AR item updated", "Reskontropost endret"),
    "ITEM-MATCHED": ("Items matched", "Poster utlignet"),
    "MATCH-UNDONE": ("Match undone", "Utligning opphevet"),
    "PAYMENT-BOOKED": ("Payment booked", "Betaling bokført"),
    "PAYMENT-PLACED": ("Payment given to a customer", "Betaling plassert på en kunde"),
    "PAYMENT-RETURNED": ("Payment returned by the bank", "Betaling returnert av banken"),
    "AUTO-POSTING-BOOKED": ("Auto posting booked", "Automatisk postering bokført"),
    "TRANSACTION-REVERSED": ("Transaction reversed", "Transaksjon reversert"),
    "RESERVATION-CREATED": ("Payment reserved", "Betaling reservert"),
    "RESERVATION-CAPTURED": ("Reservation captured", "Reservasjon belastet"),
    "RESERVATION-RELEASED": ("Reservation released", "Reservasjon frigitt"),
    "RESERVATION-EXPIRED": ("Reservation expired", "Reservasjon utløpt"),
    "CLAIM-HANDED-OVER": ("Claim handed over to collection", "Krav overlevert til inkasso"),
    "HANDOVER-INCOMPLETE": ("Number left out of the hand-over", "Nummer utelatt fra overleveringen"),
    "COLLECTION-CHANGED": ("Collection status changed", "Inkassostatus endret"),
    "BATCH-ACCEPTED": ("Batch accepted", "Bunke mottatt"),
    "BATCH-CANCELLED": ("Batch cancelled", "Bunke avbrutt"),
    "BATCH-RETRIED": ("Failures of a batch sent again", "Feil i en bunke sendt på nytt"),
    "RUN-STARTED": ("Run started", "Kjøring startet"),
    "RUN-FINISHED": ("Run finished", "Kjøring ferdig"),
    "FILE-STORED": ("File stored", "Fil lagret"),
    "FILE-CREATED": ("File created", "Fil laget"),
    "FILE-DOWNLOADED": ("File downloaded", "Fil lastet ned"),
    "MANDATE-STORED": ("Mandate stored", "Betalingsavtale lagret"),
    "ACCESS-REFUSED": ("Access to the client refused", "Tilgang til klienten avvist"),
    "CLIENT-CREATED": ("Client created", "Klient opprettet"),
    "CLIENT-UPDATED": ("Client updated", "Klient endret"),
    "CONFIG-CHANGED": ("Client config changed", "Innstilling endret"),
    "CODE-CREATED": ("Code created", "Kode opprettet"),
    "CODE-CHANGED": ("Code changed", "Kode endret"),
    "GL-ACCOUNT-CREATED": ("GL account created", "Hovedbokskonto opprettet"),
    "GL-ACCOUNT-CHANGED": ("GL account changed", "Hovedbokskonto endret"),
    "POSTING-RULE-CREATED": ("Posting rule created", "Konteringsregel opprettet"),
    "POSTING-RULE-CHANGED": ("Posting rule changed", "Konteringsregel endret"),
    "PERIOD-CLOSED": ("Period closed", "Periode lukket"),
    "PERIOD-REOPENED": ("Period reopened", "Periode åpnet igjen"),
}
"""The code list LOG-EVENT, in English and in Norwegian."""


def event_text(event: str, language: Language) -> str:
    """The text of an event in a language; Norwegian serves bokmål and nynorsk. Raises KeyError."""
    english, norwegian = LOG_EVENTS[event]
    return english if language == "en" else norwegian
