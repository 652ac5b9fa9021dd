"""The words of reports in English, bokmål and nynorsk."""

from __future__ import annotations

from typing import Final

from reskontro.kit.messages import PLACES, Language

TITLES: Final[dict[str, tuple[str, str, str]]] = {
    "AGEING": ("Age distributed balance", "Aldersfordelt saldo", "Aldersfordelt saldo"),
    "OPEN-ITEMS": ("Open items", "Åpne poster", "Opne postar"),
    "CUSTOMER-STATEMENT": ("Customer statement", "Kontoutskrift", "Kontoutskrift"),
    "LEDGER-SPECIFICATION": ("Customer specification", "Kundespesifikasjon", "Kundespesifikasjon"),
    "ACCOUNT-SPECIFICATION": ("Account specification", "Kontospesifikasjon", "Kontospesifikasjon"),
    "TRIAL-BALANCE": ("Trial balance", "Saldobalanse", "Saldobalanse"),
    "CONTROL": ("Control of the period", "Periodekontroll", "Periodekontroll"),
}
"""What each report is called."""

LABELS: Final[dict[str, tuple[str, str, str]]] = {
    # Columns
    "accountNo": ("AR account", "Reskontronr.", "Reskontronr."),
    "amount": ("Amount", "Beløp", "Beløp"),
    "balance": ("Balance", "Saldo", "Saldo"),
    "baseOpenAmount": ("Open in {currency}", "Åpent i {currency}", "Ope i {currency}"),
    "check": ("Check", "Kontroll", "Kontroll"),
    "closingBalance": ("Closing balance", "Utgående saldo", "Utgåande saldo"),
    "compared": ("Compared with", "Mot", "Mot"),
    "credit": ("Credit", "Kredit", "Kredit"),
    "creditAmount": ("Credits", "Krediter", "Kreditar"),
    "currency": ("Currency", "Valuta", "Valuta"),
    "currencyAmount": ("Amount in currency", "Valutabeløp", "Valutabeløp"),
    "customerCount": ("Customers", "Kunder", "Kundar"),
    "customerName": ("Name", "Navn", "Namn"),
    "customerNo": ("Customer", "Kundenr.", "Kundenr."),
    "days": ("Days", "Dager", "Dagar"),
    "daysOverdue": ("Days overdue", "Dager over forfall", "Dagar over forfall"),
    "debit": ("Debit", "Debet", "Debet"),
    "debitAmount": ("Debits", "Debeter", "Debetar"),
    "difference": ("Difference", "Differanse", "Differanse"),
    "documentDate": ("Document date", "Bilagsdato", "Bilagsdato"),
    "documentNo": ("Document", "Dokumentnr.", "Dokumentnr."),
    "dueDate": ("Due date", "Forfall", "Forfall"),
    "glAccount": ("Account", "Konto", "Konto"),
    "glAccountName": ("Account name", "Kontonavn", "Kontonamn"),
    "glDate": ("Posting date", "Bokføringsdato", "Bokføringsdato"),
    "glPeriod": ("Period", "Periode", "Periode"),
    "glYear": ("Fiscal year", "Regnskapsår", "Rekneskapsår"),
    "interval": ("Days after due date", "Dager etter forfall", "Dagar etter forfall"),
    "itemCount": ("Items", "Poster", "Postar"),
    "itemType": ("Type", "Type", "Type"),
    "journal": ("Journal", "Journal", "Journal"),
    "kid": ("KID", "KID", "KID"),
    "openAmount": ("Open amount", "Åpent beløp", "Ope beløp"),
    "openingBalance": ("Opening balance", "Inngående saldo", "Inngåande saldo"),
    "originalAmount": ("Original amount", "Opprinnelig beløp", "Opphavleg beløp"),
    "percent": ("Share", "Andel", "Del"),
    "reference": ("Reference", "Referanse", "Referanse"),
    "text": ("Text", "Tekst", "Tekst"),
    "totalAmount": ("Total", "Sum", "Sum"),
    "transactionNo": ("Voucher", "Bilagsnr.", "Bilagsnr."),
    "vatCode": ("VAT code", "Mva-kode", "Mva-kode"),
    # Parameters
    "address": ("Address", "Adresse", "Adresse"),
    "asOfDate": ("As of", "Per dato", "Per dato"),
    "currencyOnly": ("Only items in", "Bare poster i", "Berre postar i"),
    "customer": ("Customer", "Kunde", "Kunde"),
    "customerNos": ("Customers", "Kunder", "Kundar"),
    "fromDate": ("From", "Fra", "Frå"),
    "glAccounts": ("Accounts", "Kontoer", "Kontoar"),
    "intervals": ("Intervals", "Intervaller", "Intervall"),
    "organizationNo": ("Organisation number", "Organisasjonsnummer", "Organisasjonsnummer"),
    "period": ("Period", "Periode", "Periode"),
    "toDate": ("To", "Til", "Til"),
    # Lines and headings
    "closing": ("Closing balance", "Utgående saldo", "Utgåande saldo"),
    "control-account": ("Balance of the control accounts", "Saldo på reskontrokontoene", "Saldo på reskontrokontoane"),
    "earlier-result": (
        "Result of earlier years, not booked (calculated)",
        "Resultat fra tidligere år, ikke bokført (beregnet)",
        "Resultat frå tidlegare år, ikkje bokført (berekna)",
    ),
    "no-lines": ("No postings", "Ingen posteringer", "Ingen posteringar"),
    "no-open-items": ("No open items", "Ingen åpne poster", "Ingen opne postar"),
    "not-due": ("Not due", "Ikke forfalt", "Ikkje forfalle"),
    "open-items-on": ("Open items on {day}", "Åpne poster per {day}", "Opne postar per {day}"),
    "opening": ("Opening balance", "Inngående saldo", "Inngåande saldo"),
    "postings": ("Postings", "Posteringer", "Posteringar"),
    "subtotal": ("Sum", "Sum", "Sum"),
    "total": ("Total", "Totalt", "Totalt"),
    "total-in": ("Total in {currency}", "Totalt i {currency}", "Totalt i {currency}"),
    "reversal": ("reversal", "reversering", "reversering"),
    "balance-over-time": ("Balance over time", "Saldo over tid", "Saldo over tid"),
    "open-by-age": ("Open amounts by days after the due date", "Åpne beløp etter dager over forfall", "Opne beløp etter dagar over forfall"),
    # Checks of a period
    "check-receivables": (
        "AR items against control account {account}",
        "Reskontroposter mot reskontrokonto {account}",
        "Reskontropostar mot reskontrokonto {account}",
    ),
    "check-open": (
        "Open AR items against all control accounts",
        "Åpne poster mot alle reskontrokontoer",
        "Opne postar mot alle reskontrokontoar",
    ),
    "check-currency": (
        "Open AR items in {currency} against the control accounts in {currency}",
        "Åpne poster i {currency} mot reskontrokontoene i {currency}",
        "Opne postar i {currency} mot reskontrokontoane i {currency}",
    ),
    "check-balance": ("Debit against credit of the period", "Debet mot kredit i perioden", "Debet mot kredit i perioden"),
    "check-opening": (
        "Opening balances of all accounts against the result of earlier years",
        "Inngående saldo på alle kontoer mot resultat fra tidligere år",
        "Inngåande saldo på alle kontoar mot resultat frå tidlegare år",
    ),
}
"""Labels of columns by their keys, and what else stands on paper."""

JOURNALS: Final[dict[str, tuple[str, str, str]]] = {
    "SALES": ("Sales", "Salg", "Sal"),
    "PAYMENTS": ("Payments", "Betalinger", "Betalingar"),
    "NOTES": ("Notes", "Notaer", "Notaer"),
    "AUTO": ("Automatic", "Automatisk", "Automatisk"),
    "MANUAL": ("Manual", "Manuelt", "Manuelt"),
    "REVERSAL": ("Reversal", "Reversering", "Reversering"),
    "COLLECTION": ("Collection", "Inkasso", "Inkasso"),
}
"""Journals of GL transactions."""

PAPER: Final[dict[str, tuple[str, str, str]]] = {
    "prepared": ("Prepared", "Utarbeidet", "Utarbeidd"),
    "organization": ("Organisation number", "Organisasjonsnummer", "Organisasjonsnummer"),
    "page": ("Page {page} of {pages}", "Side {page} av {pages}", "Side {page} av {pages}"),
    "line": ("Line", "Linje", "Linje"),
    "currency": ("Amounts in {currency}", "Beløp i {currency}", "Beløp i {currency}"),
    "chart": ("Chart", "Diagram", "Diagram"),
}
"""What stands round the figures, whatever the report."""


def title_of(report_type: str, language: Language) -> str:
    """What a report is called."""
    return TITLES[report_type][PLACES[language]]


def label(key: str, language: Language, **values: str) -> str:
    """A label, its braces filled in."""
    return LABELS[key][PLACES[language]].format_map(values)


def journal(code: str, language: Language) -> str:
    """The name of a journal."""
    return JOURNALS[code][PLACES[language]] if code in JOURNALS else code


def paper(key: str, language: Language, **values: str) -> str:
    """A word round the figures, its braces filled in."""
    return PAPER[key][PLACES[language]].format_map(values)
