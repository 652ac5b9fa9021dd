"""The words of letters in bokmål, nynorsk and English. Braces are filled with values that are already text.

Where a letter must say something by law, the paragraph stands at the text; ``norway`` holds the amounts and days themselves.
"""

from __future__ import annotations

from typing import Final

from reskontro.kit.messages import Language

_COLUMN: Final[dict[Language, int]] = {"nb": 0, "nn": 1, "en": 2}

LETTER_TEXTS: Final[dict[str, tuple[str, str, str]]] = {
    # Titles. A collection notice is named by the word of the law in every language (inkassoloven § 9).
    "title.REMINDER": ("Purring", "Purring", "Reminder"),
    "title.COLLECTION-NOTICE": ("Inkassovarsel", "Inkassovarsel", "Collection notice (inkassovarsel)"),
    "title.INTEREST-NOTE": ("Rentenota", "Rentenota", "Interest note"),
    "title.STATEMENT": ("Kontoutdrag", "Kontoutdrag", "Statement of account"),
    # What is asked for, and until when (inkassoforskriften § 1-2, inkassoloven § 9).
    "intro.REMINDER.one": (
        "Vi kan ikke se at kravet nedenfor er betalt. Forfallsdatoen var {due}. Vi ber om at {amount} blir betalt innen {deadline}.",
        "Vi kan ikkje sjå at kravet nedanfor er betalt. Forfallsdatoen var {due}. Vi ber om at {amount} blir betalt innan {deadline}.",
        "According to our records, the claim below has not been paid. It was due on {due}. Please pay {amount} by {deadline}.",
    ),
    "intro.REMINDER.many": (
        "Vi kan ikke se at kravene nedenfor er betalt, og alle er forfalt. Vi ber om at {amount} blir betalt innen {deadline}.",
        "Vi kan ikkje sjå at krava nedanfor er betalte, og alle er forfalne. Vi ber om at {amount} blir betalt innan {deadline}.",
        "According to our records, the claims below have not been paid, and all of them are past due. Please pay {amount} by {deadline}.",
    ),
    "intro.COLLECTION-NOTICE.one": (
        "Kravet nedenfor er ikke betalt. Forfallsdatoen var {due}. Dette er et inkassovarsel etter inkassoloven § 9:"
        " Hvis {amount} ikke er betalt innen {deadline}, blir kravet sendt til inkasso.",
        "Kravet nedanfor er ikkje betalt. Forfallsdatoen var {due}. Dette er eit inkassovarsel etter inkassolova § 9:"
        " Dersom {amount} ikkje er betalt innan {deadline}, blir kravet sendt til inkasso.",
        "The claim below has not been paid. It was due on {due}. This is a collection notice (inkassovarsel) under section 9 of the"
        " Norwegian Debt Collection Act: if {amount} is not paid by {deadline}, the claim will be sent to debt collection (inkasso).",
    ),
    "intro.COLLECTION-NOTICE.many": (
        "Kravene nedenfor er ikke betalt, og alle er forfalt. Dette er et inkassovarsel etter inkassoloven § 9:"
        " Hvis {amount} ikke er betalt innen {deadline}, blir kravene sendt til inkasso.",
        "Krava nedanfor er ikkje betalte, og alle er forfalne. Dette er eit inkassovarsel etter inkassolova § 9:"
        " Dersom {amount} ikkje er betalt innan {deadline}, blir krava sende til inkasso.",
        "The claims below have not been paid, and all of them are past due. This is a collection notice (inkassovarsel) under section 9 of"
        " the Norwegian Debt Collection Act: if {amount} is not paid by {deadline}, the claims will be sent to debt collection (inkasso).",
    ),
    "intro.INTEREST-NOTE.one": (
        "Kravet nedenfor ble ikke betalt innen forfall. Vi krever derfor {amount} i forsinkelsesrente, med forfall {deadline}.",
        "Kravet nedanfor vart ikkje betalt innan forfall. Vi krev difor {amount} i forseinkingsrente, med forfall {deadline}.",
        "The claim below was not paid by its due date. We therefore claim late-payment interest of {amount}, due on {deadline}.",
    ),
    "intro.INTEREST-NOTE.many": (
        "Kravene nedenfor ble ikke betalt innen forfall. Vi krever derfor {amount} i forsinkelsesrente, med forfall {deadline}.",
        "Krava nedanfor vart ikkje betalte innan forfall. Vi krev difor {amount} i forseinkingsrente, med forfall {deadline}.",
        "The claims below were not paid by their due dates. We therefore claim late-payment interest of {amount}, due on {deadline}.",
    ),
    "intro.STATEMENT": (
        "Dette er saldoen på kundekontoen fra og med {from} til og med {to}; posteringene står på sidene etter brevet. Utgående saldo er {balance}.",
        "Dette er saldoen på kundekontoen frå og med {from} til og med {to}; posteringane står på sidene etter brevet. Utgåande saldo er {balance}.",
        "This is the balance of the customer account from {from} to {to}, both included; its postings are on the pages after this letter."
        " The closing balance is {balance}.",
    ),
    "favour": (
        "Kontoen er i kundens favør; det er ikke noe å betale.",
        "Kontoen er i favør av kunden; det er ikkje noko å betale.",
        "The account is in the customer's favour; there is nothing to pay.",
    ),
    "settled": ("Det er ikke noe å betale.", "Det er ikkje noko å betale.", "There is nothing to pay."),
    # Notes: a head and a text.
    "head.consequences": ("Hvis beløpet ikke blir betalt", "Dersom beløpet ikkje blir betalt", "If the amount is not paid"),
    "next.REMINDER": (
        "Etter fristen kan vi sende en ny purring, og det kan da påløpe et nytt gebyr.",
        "Etter fristen kan vi sende ei ny purring, og det kan då kome eit nytt gebyr.",
        "After the deadline we may send another reminder, and another fee may then be added.",
    ),
    "next.COLLECTION-NOTICE": (
        "Etter fristen kan vi sende inkassovarsel, og det kan da påløpe et nytt gebyr. Blir heller ikke fristen i varselet holdt, kan"
        " kravet bli sendt til inkasso.",
        "Etter fristen kan vi sende inkassovarsel, og det kan då kome eit nytt gebyr. Blir heller ikkje fristen i varselet halden, kan"
        " kravet bli sendt til inkasso.",
        "After the deadline we may send a collection notice (inkassovarsel), and another fee may then be added. If its deadline is not met"
        " either, the claim may be sent to debt collection.",
    ),
    "next.other": (
        "Etter fristen kan kravet bli fulgt opp videre, og det kan da påløpe flere kostnader.",
        "Etter fristen kan kravet bli følgt opp vidare, og det kan då kome fleire kostnader.",
        "After the deadline the claim may be pursued further, and further costs may then be added.",
    ),
    "next.inkasso": (
        "Kravet blir sendt til inkasso uten flere varsler. I tillegg til kravet og rentene kan det da kreves inkassokostnader etter"
        " inkassoloven § 17 og inkassoforskriften.",
        "Kravet blir sendt til inkasso utan fleire varsel. I tillegg til kravet og rentene kan det då krevjast inkassokostnader etter"
        " inkassolova § 17 og inkassoforskrifta.",
        "The claim will be sent to debt collection without further notice. Collection costs may then be claimed on top of the claim and the"
        " interest, under section 17 of the Debt Collection Act and the Debt Collection Regulations.",
    ),
    "next.note": (
        "Blir renten ikke betalt innen forfall, kan vi sende purring og kreve gebyr etter inkassoforskriften § 1-2.",
        "Blir renta ikkje betalt innan forfall, kan vi sende purring og krevje gebyr etter inkassoforskrifta § 1-2.",
        "If the interest is not paid by its due date, we may send a reminder and charge a fee under section 1-2 of the Debt Collection Regulations.",
    ),
    "head.time": ("Betalt i rett tid", "Betalt i rett tid", "Payment in time"),
    "time": (
        "Betalingen er i rett tid når betalingsoppdraget er gitt til banken innen fristen. Er kravet allerede betalt, kan det ses bort fra"
        " dette brevet.",
        "Betalinga er i rett tid når betalingsoppdraget er gitt til banken innan fristen. Er kravet alt betalt, kan ein sjå bort frå dette brevet.",
        "Payment is in time when the payment order has reached the bank by the deadline. If the claim has already been paid, please"
        " disregard this letter.",
    ),
    "time.INTEREST-NOTE": (
        "Betalingen er i rett tid når betalingsoppdraget er gitt til banken innen forfall. Renten skyldes også når selve kravet er betalt i"
        " mellomtiden.",
        "Betalinga er i rett tid når betalingsoppdraget er gitt til banken innan forfall. Ein skuldar renta òg når sjølve kravet er betalt i"
        " mellomtida.",
        "Payment is in time when the payment order has reached the bank by the due date. The interest is owed even if the claim itself has been"
        " paid in the meantime.",
    ),
    "head.interest": ("Forsinkelsesrente", "Forseinkingsrente", "Late-payment interest"),
    "interest.STATUTORY": (
        "Av hovedstolen påløper det forsinkelsesrente etter forsinkelsesrenteloven §§ 2 og 3 fra dagen etter forfall og til det er betalt{rate}.",
        "Av hovudstolen kjem det forseinkingsrente etter forseinkingsrentelova §§ 2 og 3 frå dagen etter forfall og til det er betalt{rate}.",
        "Interest accrues on the principal from the day after the due date until it is paid, under sections 2 and 3 of the Norwegian Act"
        " relating to Interest on Overdue Payments{rate}.",
    ),
    "interest.AGREED": (
        "Av hovedstolen påløper det avtalt forsinkelsesrente fra dagen etter forfall og til det er betalt{rate}.",
        "Av hovudstolen kjem det avtalt forseinkingsrente frå dagen etter forfall og til det er betalt{rate}.",
        "Interest accrues on the principal at the agreed rate from the day after the due date until it is paid{rate}.",
    ),
    "interest.rate": (", for tiden {rate} per år", ", for tida {rate} per år", ", currently {rate} a year"),
    "interest.not-on": (
        " Det gjelder ikke {documents}, der renten er stilt i bero.",
        " Det gjeld ikkje {documents}, der renta er stilt i bero.",
        " This does not apply to {documents}, where interest is on hold.",
    ),
    "computed.STATUTORY": (
        "Renten er beregnet av hovedstolen etter forsinkelsesrenteloven §§ 2 og 3, fra dagen etter forfall, for de dagene som"
        " tabellen viser, og uten rentes rente. {days} Det er ikke merverdiavgift på renten.",
        "Renta er rekna av hovudstolen etter forseinkingsrentelova §§ 2 og 3, frå dagen etter forfall, for dei dagane som"
        " tabellen viser, og utan rentesrente. {days} Det er ikkje meirverdiavgift på renta.",
        "Interest is computed on the principal under sections 2 and 3 of the Norwegian Act relating to Interest on Overdue Payments, from the"
        " day after the due date, for the days in the table, and without interest on interest. {days} No VAT is charged on interest.",
    ),
    "computed.AGREED": (
        "Renten er beregnet av hovedstolen etter avtalt sats, fra dagen etter forfall, for de dagene som tabellen viser, og uten rentes rente."
        " {days} Det er ikke merverdiavgift på renten.",
        "Renta er rekna av hovudstolen etter avtalt sats, frå dagen etter forfall, for dei dagane som tabellen viser, og utan rentesrente."
        " {days} Det er ikkje meirverdiavgift på renta.",
        "Interest is computed on the principal at the agreed rate, from the day after the due date, for the days in the table, and without"
        " interest on interest. {days} No VAT is charged on interest.",
    ),
    "days.ACT-ACT": (
        "En dag er 1/365 av et år, i skuddår 1/366.",
        "Ein dag er 1/365 av eit år, i skotår 1/366.",
        "A day is 1/365 of a year, 1/366 in a leap year.",
    ),
    "days.ACT-365": ("En dag er 1/365 av et år.", "Ein dag er 1/365 av eit år.", "A day is 1/365 of a year."),
    "interest.only": (
        "Beløpet gjelder bare renter. Hovedstol som ikke er betalt, kommer i tillegg.",
        "Beløpet gjeld berre renter. Hovudstol som ikkje er betalt, kjem i tillegg.",
        "The amount covers interest only. Principal that has not been paid is owed in addition.",
    ),
    # Fees with their legal basis.
    "head.fee": ("Gebyr og kostnader", "Gebyr og kostnader", "Fees and costs"),
    "fee.REMINDER-FEE": (
        "Purregebyret på {amount} kreves etter inkassoforskriften § 1-2{share}.",
        "Purregebyret på {amount} blir kravd etter inkassoforskrifta § 1-2{share}.",
        "The reminder fee of {amount} is charged under section 1-2 of the Norwegian Debt Collection Regulations{share}.",
    ),
    "fee.COLLECTION-NOTICE-FEE": (
        "Gebyret for inkassovarsel på {amount} kreves etter inkassoloven § 17 og inkassoforskriften § 1-2{share}.",
        "Gebyret for inkassovarsel på {amount} blir kravd etter inkassolova § 17 og inkassoforskrifta § 1-2{share}.",
        "The fee of {amount} for the collection notice is charged under section 17 of the Debt Collection Act and section 1-2 of the Norwegian"
        " Debt Collection Regulations{share}.",
    ),
    "fee.share": (
        " ({fraction} av inkassosatsen på {base})",
        " ({fraction} av inkassosatsen på {base})",
        " ({fraction} of the statutory base amount of {base})",
    ),
    "fee.COMPENSATION": (
        "Kompensasjonen på {amount} for inndrivelseskostnader kreves etter forsinkelsesrenteloven § 3 a.",
        "Kompensasjonen på {amount} for inndrivingskostnader blir kravd etter forseinkingsrentelova § 3 a.",
        "The compensation of {amount} for recovery costs is charged under section 3 a of the Norwegian Act relating to Interest on Overdue Payments.",
    ),
    "head.objections": ("Innvendinger eller spørsmål", "Innvendingar eller spørsmål", "Objections or questions"),
    "objections": (
        "Er noe feil, ber vi om å få vite det så snart som mulig og før fristen: {contact}. Oppgi {reference}.",
        "Er noko feil, ber vi om å få vite det så snart som råd og før fristen: {contact}. Oppgje {reference}.",
        "If anything is wrong, please tell us as soon as possible and before the deadline: {contact}. Please quote {reference}.",
    ),
    "objections.STATEMENT": (
        "Er noe feil, ber vi om å få vite det så snart som mulig: {contact}. Oppgi {reference}.",
        "Er noko feil, ber vi om å få vite det så snart som råd: {contact}. Oppgje {reference}.",
        "If anything is wrong, please tell us as soon as possible: {contact}. Please quote {reference}.",
    ),
    "reference.customer": ("kundenummer {customer}", "kundenummer {customer}", "customer number {customer}"),
    "reference.both": (
        "kundenummer {customer} og brevnummer {document}",
        "kundenummer {customer} og brevnummer {document}",
        "customer number {customer} and letter number {document}",
    ),
    "contact.phone": ("telefon {phone}", "telefon {phone}", "telephone {phone}"),
    "contact.post": ("skriftlig til {address}", "skriftleg til {address}", "in writing to {address}"),
    "head.trouble": ("Vanskelig å betale?", "Vanskeleg å betale?", "Difficult to pay?"),
    "trouble": (
        "Ta kontakt før fristen, så kan vi prøve å finne en løsning.",
        "Ta kontakt før fristen, så kan vi prøve å finne ei løysing.",
        "Please contact us before the deadline, so that we can try to find a solution.",
    ),
    "head.payment": ("Om betalingen", "Om betalinga", "About the payment"),
    "head.message": ("Melding", "Melding", "Message"),
    # Labels.
    "date": ("Dato", "Dato", "Date"),
    "customerNo": ("Kundenummer", "Kundenummer", "Customer number"),
    "letterNo": ("Brevnummer", "Brevnummer", "Letter number"),
    "yourReference": ("Deres referanse", "Dykkar referanse", "Your reference"),
    "ourReference": ("Vår referanse", "Vår referanse", "Our reference"),
    "deadline": ("Betalingsfrist", "Betalingsfrist", "Pay by"),
    "dueDate": ("Forfall", "Forfall", "Due date"),
    "period": ("Periode", "Periode", "Period"),
    "organizationNo": ("Org.nr.", "Org.nr.", "Org. no."),
    "register": ("Foretaksregisteret", "Foretaksregisteret", "Foretaksregisteret"),
    "page": ("Side {page} av {pages}", "Side {page} av {pages}", "Page {page} of {pages}"),
    # Columns and sums.
    "claims": ("Krav", "Krav", "Claims"),
    "openClaims": ("Åpne krav", "Opne krav", "Open claims"),
    "document": ("Dokument", "Dokument", "Document"),
    "documentDate": ("Dato", "Dato", "Date"),
    "original": ("Opprinnelig", "Opphavleg", "Original"),
    "open": ("Hovedstol", "Hovudstol", "Principal"),
    "costs": ("Kostnader", "Kostnader", "Costs"),
    "interest": ("Renter", "Renter", "Interest"),
    "days": ("Dager", "Dagar", "Days"),
    "span": ("Rentedager", "Rentedagar", "Interest days"),
    "base": ("Av hovedstol", "Av hovudstol", "On principal"),
    "rate": ("Sats per år", "Sats per år", "Rate a year"),
    "computation": ("Slik er renten beregnet", "Slik er renta rekna", "How the interest is computed"),
    "postings": ("Posteringer", "Posteringar", "Postings"),
    "text": ("Tekst", "Tekst", "Text"),
    "amount": ("Beløp", "Beløp", "Amount"),
    "balance": ("Saldo", "Saldo", "Balance"),
    "opening": ("Inngående saldo", "Inngåande saldo", "Opening balance"),
    "closing": ("Utgående saldo", "Utgåande saldo", "Closing balance"),
    "sum.principal": ("Hovedstol", "Hovudstol", "Principal"),
    "sum.earlier": ("Kostnader fra tidligere brev", "Kostnader frå tidlegare brev", "Costs of earlier letters"),
    "sum.interest": ("Forsinkelsesrente", "Forseinkingsrente", "Late-payment interest"),
    "sum.REMINDER-FEE": ("Purregebyr", "Purregebyr", "Reminder fee"),
    "sum.COLLECTION-NOTICE-FEE": ("Gebyr for inkassovarsel", "Gebyr for inkassovarsel", "Fee for the collection notice"),
    "sum.credit": ("Til gode, trukket fra", "Til gode, trekt frå", "Credit deducted"),
    "sum.COMPENSATION": ("Kompensasjon", "Kompensasjon", "Compensation"),
    "toPay": ("Å betale", "Å betale", "To pay"),
    # The giro section.
    "giro": ("Betalingsinformasjon", "Betalingsinformasjon", "Payment information"),
    "payTo": ("Betal til", "Betal til", "Pay to"),
    "paidBy": ("Betalt av", "Betalt av", "Paid by"),
    "kid": ("KID", "KID", "KID (payment reference)"),
    "mark": ("Merk betalingen med", "Merk betalinga med", "Quote with the payment"),
    "account": ("Kontonummer", "Kontonummer", "Account number"),
}


def letter_text(key: str, language: Language) -> str:
    """The text in the language of the letter."""
    return LETTER_TEXTS[key][_COLUMN[language]]
