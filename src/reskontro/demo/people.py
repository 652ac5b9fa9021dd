"""Made-up customers. Surnames and company names are plainly inventions, and identity numbers are of the kinds that are issued for tests only."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from reskontro.norway.digits import weighted_sum

FIRST_NAMES = (
    "Anne Bjørn Camilla Dag Eli Frode Grete Håkon Ida Jørgen Kari Lars Marit Nils Oda Per Ragnhild Sigurd Tone Ulf Vigdis Yngve Åse Øystein Torstein"
).split()
SURNAMES = (
    "Prøve Testheim Øvelsen Eksempelstad Utprøving Fiktiv Påfunn Mønsterli Testdal Prøvebakken Øvingsrud Skissesund Utkast Forsøkvik Modellås".split()
)
COMPANY_WORDS = "Fjell Skogly Havblikk Nordlys Granli Solside Elvebakk Kystvakt Tindetopp Bergly Vestavind Furulund".split()
COMPANY_TRADES = "Prøvedrift Testbygg Øvingsregnskap Modellverk Forsøksfrakt Mønsterdata Fiktivhandel Utkasttrykk".split()
PUBLIC_BODIES = "Prøveby Testfjord Øvingsdal Modellnes Forsøkvåg Fiktivøy".split()
STREETS = "Testgata Prøveveien Øvelsesstien Eksempelbakken Fiktivgata Mønsterveien Modellalleen".split()
TOWNS = (
    ("0150", "Oslo"),
    ("5003", "Bergen"),
    ("7011", "Trondheim"),
    ("4006", "Stavanger"),
    ("9008", "Tromsø"),
    ("4611", "Kristiansand"),
    ("3015", "Drammen"),
)
ABROAD = (
    ("SE", "11122", "Stockholm", "SEK"),
    ("FI", "00100", "Helsinki", "EUR"),
    ("DE", "10115", "Berlin", "EUR"),
    ("NL", "1011 AB", "Amsterdam", "EUR"),
)
OLDEST_BIRTH, YOUNGEST_BIRTH = date(1940, 1, 1), date(2006, 12, 31)

_ORGANIZATION_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def organization_no(random: Random) -> str:
    """An organisation number in the range that the register keeps for tests (it begins with 31), with its check digit."""
    while True:
        digits = f"31{random.randrange(10**6):06d}"
        check = -weighted_sum(digits, _ORGANIZATION_WEIGHTS) % 11
        if check != 10:
            return f"{digits}{check}"


def synthetic_identity_no(random: Random, birth: date) -> str:
    """A national identity number for tests: 80 is added to the month, so that it can never be a person's."""
    while True:
        series = random.randrange(500) if birth.year < 2000 else random.randrange(500, 1000)
        digits = f"{birth.day:02d}{birth.month + 80:02d}{birth.year % 100:02d}{series:03d}"
        first = -weighted_sum(digits, _FIRST_WEIGHTS) % 11
        second = -weighted_sum(f"{digits}{first}", _SECOND_WEIGHTS) % 11
        if first != 10 and second != 10:
            return f"{digits}{first}{second}"


def customers(random: Random, count: int) -> list[dict[str, Any]]:
    """So many customers as the API takes them: seven in ten are consumers, and some of the businesses are abroad."""
    made = []
    for index in range(count):
        chance = random.random()
        if chance < 0.70:
            made.append(_consumer(random, index))
        elif chance < 0.95:
            made.append(_business(random, index))
        else:
            made.append(_public_body(random, index))
    return made


def _base(index: int, name: str, category: str) -> dict[str, Any]:
    return {"customerNo": f"{100_001 + index}", "name": name, "customerCategory": category, "clientReference": f"customer-{index}"}


def _norwegian_address(random: Random) -> dict[str, str]:
    postal_code, town = random.choice(TOWNS)
    return {"addressLine1": f"{random.choice(STREETS)} {random.randint(1, 140)}", "postalCode": postal_code, "cityName": town, "countryCode": "NO"}


def _consumer(random: Random, index: int) -> dict[str, Any]:
    first, last = random.choice(FIRST_NAMES), random.choice(SURNAMES)
    birth = OLDEST_BIRTH + timedelta(days=random.randrange((YOUNGEST_BIRTH - OLDEST_BIRTH).days))
    customer = _base(index, f"{first} {last}", "CONS") | {
        "dateOfBirth": birth.isoformat(),
        "language": random.choice(("no", "nb", "nn", "en")),
        "postalAddress": _norwegian_address(random),
        "dueDays": 14,
    }
    if random.random() < 0.4:
        customer |= {"ssn": synthetic_identity_no(random, birth), "ssnCountry": "NO"}
    if random.random() < 0.6:
        customer |= {"emailAddressDocument": [f"kunde{index}@post.example"], "distribution": {"type": "M", "einvoiceCode": 0}}
    return customer


def _business(random: Random, index: int) -> dict[str, Any]:
    name = f"{random.choice(COMPANY_WORDS)} {random.choice(COMPANY_TRADES)}"
    if random.random() < 0.2:
        country, postal_code, town, currency = random.choice(ABROAD)
        address = {"addressLine1": f"Test Street {random.randint(1, 90)}", "postalCode": postal_code, "cityName": town, "countryCode": country}
        return _base(index, f"{name} Ltd", "BUSN") | {"language": "en", "currency": currency, "postalAddress": address, "dueDays": 30}
    return _base(index, f"{name} AS", "BUSN") | {
        "organizationNo": organization_no(random),
        "organizationNoScheme": "0192",
        "phoneNo": "22 22 22 22",
        "language": "no",
        "postalAddress": _norwegian_address(random),
        "emailAddressDocument": [f"faktura{index}@bedrift.example"],
        "distribution": {"type": "E", "einvoiceCode": 10},
        "dueDays": random.choice((14, 30)),
        "limitAmount": random.choice((50_000, 100_000, 250_000)),
    }


def _public_body(random: Random, index: int) -> dict[str, Any]:
    return _base(index, f"{random.choice(PUBLIC_BODIES)} kommune", "PUBL") | {
        "organizationNo": organization_no(random),
        "organizationNoScheme": "0192",
        "language": "no",
        "postalAddress": _norwegian_address(random),
        "distribution": {"type": "E", "einvoiceCode": 10},
        "dueDays": 30,
    }
