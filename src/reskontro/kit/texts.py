"""The catalogue of field codes: what each says in English and in Norwegian. Braces are filled with the parameters of a message."""

from __future__ import annotations

FIELD_TEXTS: dict[str, tuple[str, str]] = {
    "REQUIRED": (
        "{field} is required",
        "{field} må oppgis",
    ),
    "TYPE": (
        "{field} must be of type {type}",
        "{field} må være av typen {type}",
    ),
    "LENGTH": (
        "{field} must have at most {max} characters",
        "{field} kan ha høyst {max} tegn",
    ),
    "COUNT": (
        "{field} must have at most {max} elements",
        "{field} kan ha høyst {max} elementer",
    ),
    "FORMAT": (
        "{value} is not a valid {field}",
        "{value} er ikke en gyldig {field}",
    ),
    "CHARACTER": (
        "{field} contains a character that is not allowed",
        "{field} inneholder et tegn som ikke er tillatt",
    ),
    "RANGE": (
        "{field} must be between {min} and {max}",
        "{field} må være mellom {min} og {max}",
    ),
    "PRECISION": (
        "{field} has more than {max} decimals",
        "{field} har mer enn {max} desimaler",
    ),
    "CODE-UNKNOWN": (
        "{value} is not a known value of {field}",
        "{value} er ikke en kjent verdi for {field}",
    ),
    "UNKNOWN-FIELD": (
        "{field} is not a known field",
        "{field} er ikke et kjent felt",
    ),
    "ITEM-MALFORMED": (
        "The item cannot be read: {detail}",
        "Elementet kan ikke leses: {detail}",
    ),
    "SYSTEM-GIVEN": (
        "{field} is given by the system",
        "{field} tildeles av systemet",
    ),
    "IMMUTABLE": (
        "{field} cannot be changed",
        "{field} kan ikke endres",
    ),
    "DUPLICATE-IN-BATCH": (
        "{field} {value} already occurs in this batch at index {index}",
        "{field} {value} finnes allerede i denne bunken på indeks {index}",
    ),
    "NOT-UNIQUE": (
        "{field} {value} is already in use",
        "{field} {value} er allerede i bruk",
    ),
    "COUNTRY-CODE": (
        "{value} is not a valid ISO 3166-1 alpha-2 country code",
        "{value} er ikke en gyldig landkode etter ISO 3166-1 alfa-2",
    ),
    "CURRENCY-CODE": (
        "{value} is not a valid ISO 4217 currency code",
        "{value} er ikke en gyldig valutakode etter ISO 4217",
    ),
    "LANGUAGE-CODE": (
        "{value} is not a valid ISO 639-1 language code",
        "{value} er ikke en gyldig språkkode etter ISO 639-1",
    ),
    "BUSINESS-ID": (
        "Business ID/organizationNo {value} is not a valid business ID (scheme code: {scheme})",
        "Foretaks-ID/organizationNo {value} er ikke en gyldig foretaks-ID (skjemakode: {scheme})",
    ),
    "NATIONAL-ID": (
        "ssn is not a valid national identity number ({country})",
        "ssn er ikke et gyldig nasjonalt identitetsnummer ({country})",
    ),
    "BANK-ACCOUNT": (
        "{value} is not a valid bank account number",
        "{value} er ikke et gyldig bankkontonummer",
    ),
    "PHONE-NO": (
        "{value} is not a valid phone number",
        "{value} er ikke et gyldig telefonnummer",
    ),
    "POSTAL-CODE": (
        "{value} is not a valid postal code ({country})",
        "{value} er ikke et gyldig postnummer ({country})",
    ),
    "EMAIL": (
        "{value} is not a valid email address",
        "{value} er ikke en gyldig e-postadresse",
    ),
    "DATE-ORDER": (
        "{field} must not be before {other}",
        "{field} kan ikke være før {other}",
    ),
    "DATE-FUTURE": (
        "{field} is in the future",
        "{field} er fram i tid",
    ),
    "VALUE-CONFLICT": (
        "{field} does not agree with {other}; {other} was used",
        "{field} stemmer ikke med {other}; {other} ble brukt",
    ),
    "KID-CHECK": (
        "KID {value} has no valid check digit",
        "KID {value} har ikke gyldig kontrollsiffer",
    ),
    "KID-SHARED": (
        "KID {value} is used by another open item",
        "KID {value} brukes av en annen åpen post",
    ),
    "VAT-LINE": (
        "Line {line}: exclVat and vat do not add up to inclVat; vat {used} was used",
        "Linje {line}: exclVat og vat summerer ikke til inclVat; vat {used} ble brukt",
    ),
    "VAT-SUM": (
        "The lines have vat {sum}, the document {value}",
        "Linjene har vat {sum}, dokumentet {value}",
    ),
    "VAT-RATE": (
        "Line {line}: vat fits no rate; VAT code {code} was used",
        "Linje {line}: vat passer ikke med noen sats; mva-kode {code} ble brukt",
    ),
    "TOTAL-SUM": (
        "{field} is {value}, expected {expected}",
        "{field} er {value}, ventet {expected}",
    ),
    "ROUNDING": (
        "The difference {value} was posted as rounding",
        "Differansen {value} ble ført som avrunding",
    ),
    "CREDIT-LIMIT": (
        "The customer's limitAmount {value} is exceeded",
        "Kundens limitAmount {value} er overskredet",
    ),
    "CUSTOMER-UNKNOWN": (
        "Customer {value} does not exist",
        "Kunde {value} finnes ikke",
    ),
    "CUSTOMER-IGNORED": (
        "The customer exists; the customer object was ignored",
        "Kunden finnes; kundeobjektet ble ikke brukt",
    ),
    "CUSTOMER-IN-USE": (
        "The customer has {documents} documents, {items} AR items and {reservations} active reservations",
        "Kunden har {documents} dokumenter, {items} poster og {reservations} aktive reservasjoner",
    ),
    "DOCUMENT-UNKNOWN": (
        "Document {value} does not exist",
        "Dokument {value} finnes ikke",
    ),
    "ITEM-UNKNOWN": (
        "AR item {value} does not exist",
        "Post {value} finnes ikke",
    ),
    "TARGET-MISSING": (
        "One of {fields} is required",
        "En av {fields} må oppgis",
    ),
    "TARGET-CONFLICT": (
        "{fields} do not mean one and the same item or customer",
        "{fields} peker ikke på én og samme post eller kunde",
    ),
    "AMOUNT-EXCEEDED": (
        "{field} {value} is more than the {available} available",
        "{field} {value} er mer enn tilgjengelige {available}",
    ),
    "PERIOD-CLOSED": (
        "Period {year}/{period} is closed; glDate {used} was used",
        "Periode {year}/{period} er lukket; glDate {used} ble brukt",
    ),
    "PERIOD-CLOSED/ERROR": (
        "Period {year}/{period} is closed",
        "Periode {year}/{period} er lukket",
    ),
    "RATE-MISSING": (
        "No exchange rate for {currency} on {date}",
        "Ingen valutakurs for {currency} den {date}",
    ),
    "VALUE-MISSING": (
        "No {name} is known for {date}",
        "Ingen {name} er kjent for {date}",
    ),
    "ACCOUNT-UNKNOWN": (
        "GL account {value} does not exist or is not active",
        "Hovedbokskonto {value} finnes ikke eller er ikke aktiv",
    ),
    "ACCOUNT-CONTROL": (
        "GL account {value} is a control account; give a customer instead",
        "Hovedbokskonto {value} er en reskontrokonto; oppgi en kunde i stedet",
    ),
    "UNBALANCED": (
        "Debit {debit} and credit {credit} are not equal",
        "Debet {debit} og kredit {credit} er ikke like",
    ),
    "STATE-CONFLICT": (
        "Not possible in status {status}",
        "Ikke mulig i status {status}",
    ),
    "FEE-LIMIT": (
        "Fee {value} is above {max}, the most the rules allow on {date}",
        "Gebyr {value} er over {max}, det meste reglene tillater {date}",
    ),
    "BANK-DUPLICATE": (
        "bankReference {value} is already booked",
        "bankReference {value} er allerede bokført",
    ),
    "FILE-UNKNOWN": (
        "File {value} does not exist",
        "Fil {value} finnes ikke",
    ),
    "FILE-TYPE": (
        "File type {value} is not allowed for this client",
        "Filtype {value} er ikke tillatt for denne klienten",
    ),
    "FILE-CONTENT": (
        "The file cannot be read: {detail}",
        "Filen kan ikke leses: {detail}",
    ),
    "FILE-DUPLICATE": (
        "The file was imported before as {fileId}",
        "Filen er importert før som {fileId}",
    ),
    "INTERNAL-ERROR": (
        "Technical error; try again",
        "Teknisk feil; prøv igjen",
    ),
}

OUTCOME_TEXTS: dict[str, tuple[str, str]] = {
    "BATCH-QUEUED": ("The batch is queued", "Bunken står i kø"),
    "BATCH-PROCESSING": ("The batch is being processed", "Bunken behandles"),
    "BATCH-PROCESSED": ("The batch was processed", "Bunken er behandlet"),
    "BATCH-CANCELLED": ("The batch was cancelled", "Bunken ble avbrutt"),
    "ITEM-CANCELLED": ("Not processed: the batch was cancelled", "Ikke behandlet: bunken ble avbrutt"),
    "CUSTOMER-CREATED": ("Customer created", "Kunde opprettet"),
    "CUSTOMER-UPDATED": ("Customer updated", "Kunde endret"),
    "CUSTOMER-UNCHANGED": ("Customer unchanged", "Kunde uendret"),
    "CUSTOMER-DELETED": ("Customer deleted", "Kunde slettet"),
    "DOCUMENT-CREATED": ("Document created", "Dokument opprettet"),
    "DOCUMENT-UNCHANGED": ("Document unchanged", "Dokument uendret"),
    "CREDIT-NOTE-CREATED": ("Credit note created", "Kreditnota opprettet"),
    "AR-ITEM-UPDATED": ("AR item updated", "Reskontropost endret"),
    "AR-ITEM-UNCHANGED": ("AR item unchanged", "Reskontropost uendret"),
    "FILE-STORED": ("File stored", "Fil lagret"),
    "FILE-UNCHANGED": ("File already stored", "Fil allerede lagret"),
    "PAYMENT-BOOKED": ("Payment booked", "Betaling bokført"),
    "PAYMENT-KNOWN": ("Payment already booked", "Betaling allerede bokført"),
    "PAYMENT-RETURNED": ("Payment returned by the bank", "Betaling returnert av banken"),
    "RETURN-KNOWN": ("Return already booked", "Retur allerede bokført"),
    "ENTRY-SKIPPED": ("Entry skipped", "Post hoppet over"),
    "ASSIGNMENT-SKIPPED": ("Assignment skipped", "Oppdrag hoppet over"),
    "PERIOD-CLOSED": ("Period closed", "Periode lukket"),
    "PERIOD-UNCHANGED": ("Period already closed", "Periode allerede lukket"),
    "PERIOD-PROPOSED": ("The period would be closed", "Perioden ville blitt lukket"),
    "POSTINGS-BOOKED": ("The postings were booked", "Posteringene ble bokført"),
    "POSTINGS-VALID": ("The postings are valid", "Posteringene er gyldige"),
    "POSTINGS-REJECTED": ("The postings were rejected", "Posteringene ble avvist"),
    "POSTING-BOOKED": ("Booked", "Bokført"),
    "POSTING-VALID": ("Valid", "Gyldig"),
    "REMINDER-CREATED": ("Document created", "Dokument opprettet"),
    "COLLECTION-NOTICE-CREATED": ("Document created", "Dokument opprettet"),
    "MATCH-CREATED": ("Match created", "Utligning opprettet"),
    "MATCH-PROPOSED": ("A match would be made", "En utligning ville blitt laget"),
    "PAYMENT-PLACED": ("Payment given to its customer", "Betaling ført på kunden"),
    "PLACING-PROPOSED": ("The payment would be given to its customer", "Betalingen ville blitt ført på kunden"),
    "INTEREST-NOTE-CREATED": ("Document created", "Dokument opprettet"),
    "INTEREST-NOTE-PROPOSED": ("An interest note would be made", "En rentenota ville blitt laget"),
    "CLAIM-HANDED-OVER": ("Claim handed over", "Krav overlevert"),
    "REMINDER-PROPOSED": ("A reminder would be made", "En purring ville blitt laget"),
    "COLLECTION-NOTICE-PROPOSED": ("A collection notice would be made", "Et inkassovarsel ville blitt laget"),
    "HANDOVER-PROPOSED": ("The claim would be handed over to collection", "Kravet ville blitt overlevert til inkasso"),
    "HANDOVER-ON-HOLD": ("Not handed over: letters or collection are on hold", "Ikke overlevert: purring eller inkasso er sperret"),
    "HANDOVER-DISPUTED": ("Not handed over: the claim is disputed", "Ikke overlevert: kravet er omtvistet"),
    "HANDOVER-RESERVED": ("Not handed over: all of it is reserved for a payment", "Ikke overlevert: hele kravet er reservert for en betaling"),
    "HANDOVER-CUSTOMER-STATUS": ("Not handed over: the customer's register status stops it", "Ikke overlevert: kundens registerstatus stopper det"),
    "HANDOVER-TOO-EARLY": ("Not handed over: less than 14 days overdue", "Ikke overlevert: mindre enn 14 dager etter forfall"),
    "HANDOVER-BELOW-MINIMUM": ("Not handed over: not above collection.minimumAmount", "Ikke overlevert: ikke over collection.minimumAmount"),
    "HANDOVER-CREDIT": ("Not handed over: the customer has open credit", "Ikke overlevert: kunden har åpen kredit"),
    "HANDOVER-NO-ADDRESS": ("Not handed over: the customer has no postal code", "Ikke overlevert: kunden har ikke postnummer"),
    "HANDOVER-NOT-LINKED": (
        "Not handed over: the client is not linked to a collection organization",
        "Ikke overlevert: klienten er ikke knyttet til en inkassoorganisasjon",
    ),
    "FILE-CREATED": ("File created", "Fil laget"),
    "MANDATE-STORED": ("Mandate stored", "Betalingsavtale lagret"),
    "MANDATE-UNCHANGED": ("Mandate already stored", "Betalingsavtale allerede lagret"),
    "AVTALEGIRO-CLAIM-PROPOSED": ("The claim would be sent to the bank", "Kravet ville blitt sendt til banken"),
    "AVTALEGIRO-DELETION-PROPOSED": ("The claim would be taken back from the bank", "Kravet ville blitt trukket tilbake fra banken"),
    "PROPOSAL-CREATED": ("File created", "Fil laget"),
    "POSTING-REJECTED": ("Valid, but rejected with the batch", "Gyldig, men avvist med bunken"),
}
"""What became of a batch or an item, in English and in Norwegian."""
