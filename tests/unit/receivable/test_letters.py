"""Letters as PDF files: they say what the law demands in every language, stand where they belong, and are the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import get_args

import pytest

from reskontro.kit.messages import Language
from reskontro.receivable.letters.model import Fee, Interest, Kind, Letter, Payment, Receiver
from reskontro.receivable.letters.rendering import render_letter
from reskontro.receivable.letters.texts import LETTER_TEXTS
from tests.pdf_pages import Box, Picture, find, open_pdf, page_texts, plain, text_of
from tests.unit.receivable.letters_data import CREDITOR, claim, letter

LANGUAGES: tuple[Language, ...] = get_args(Language)
WINDOW = Box(20, 45, 110, 90)
GIRO = Box(20, 205, 192, 277)

# What has to stand in each letter, written down here by hand: title, demand with amount and deadline, consequences, interest, fee with its rule,
# objections.
DEMANDED: dict[tuple[Kind, Language], tuple[str, ...]] = {
    ("REMINDER", "nb"): (
        "Purring",
        "Vi ber om at kr 1 288,00 blir betalt innen 10. desember 2026.",
        "Forfallsdatoen var 19. oktober 2026.",
        "kan vi sende inkassovarsel, og det kan da påløpe et nytt gebyr",
        "forsinkelsesrenteloven §§ 2 og 3 fra dagen etter forfall og til det er betalt, for tiden 12,5 % per år",
        "Purregebyret på kr 38,00 kreves etter inkassoforskriften § 1-2 (1/20 av inkassosatsen på kr 750,00).",
        "Er noe feil, ber vi om å få vite det",
        "26001 Strøm og nettleie september 2026 05.10.2026 19.10.2026 1 250,00 1 250,00",
        "Hovedstol 1 250,00 Purregebyr 38,00 Å betale kr 1 288,00",
    ),
    ("REMINDER", "nn"): (
        "Purring",
        "Vi ber om at kr 1 288,00 blir betalt innan 10. desember 2026.",
        "Forfallsdatoen var 19. oktober 2026.",
        "kan vi sende inkassovarsel, og det kan då kome eit nytt gebyr",
        "forseinkingsrentelova §§ 2 og 3 frå dagen etter forfall og til det er betalt, for tida 12,5 % per år",
        "Purregebyret på kr 38,00 blir kravd etter inkassoforskrifta § 1-2 (1/20 av inkassosatsen på kr 750,00).",
        "Er noko feil, ber vi om å få vite det",
        "Hovudstol 1 250,00 Purregebyr 38,00 Å betale kr 1 288,00",
    ),
    ("REMINDER", "en"): (
        "Reminder",
        "Please pay NOK 1,288.00 by 10 December 2026.",
        "It was due on 19 October 2026.",
        "we may send a collection notice (inkassovarsel), and another fee may then be added",
        "sections 2 and 3 of the Norwegian Act relating to Interest on Overdue Payments, currently 12.5 % a year",
        "The reminder fee of NOK 38.00 is charged under section 1-2 of the Norwegian Debt Collection Regulations"
        " (1/20 of the statutory base amount of NOK 750.00).",
        "If anything is wrong, please tell us",
        "26001 Strøm og nettleie september 2026 2026-10-05 2026-10-19 1,250.00 1,250.00",
        "Principal 1,250.00 Reminder fee 38.00 To pay NOK 1,288.00",
    ),
    ("COLLECTION-NOTICE", "nb"): (
        "Inkassovarsel",
        "Dette er et inkassovarsel etter inkassoloven § 9: Hvis kr 1 326,00 ikke er betalt innen 10. desember 2026, blir kravet sendt til inkasso.",
        "Kravet blir sendt til inkasso uten flere varsler.",
        "inkassokostnader etter inkassoloven § 17 og inkassoforskriften",
        "forsinkelsesrenteloven §§ 2 og 3",
        "Gebyret for inkassovarsel på kr 38,00 kreves etter inkassoloven § 17 og inkassoforskriften § 1-2",
        "Er noe feil, ber vi om å få vite det",
        "Hovedstol 1 250,00 Kostnader fra tidligere brev 38,00 Gebyr for inkassovarsel 38,00 Å betale kr 1 326,00",
    ),
    ("COLLECTION-NOTICE", "nn"): (
        "Inkassovarsel",
        "Dette er eit inkassovarsel etter inkassolova § 9: Dersom kr 1 326,00 ikkje er betalt innan 10. desember 2026,",
        "blir kravet sendt til inkasso.",
        "Kravet blir sendt til inkasso utan fleire varsel.",
        "inkassokostnader etter inkassolova § 17 og inkassoforskrifta",
        "forseinkingsrentelova §§ 2 og 3",
        "Gebyret for inkassovarsel på kr 38,00 blir kravd etter inkassolova § 17 og inkassoforskrifta § 1-2",
        "Er noko feil, ber vi om å få vite det",
        "Hovudstol 1 250,00 Kostnader frå tidlegare brev 38,00 Gebyr for inkassovarsel 38,00 Å betale kr 1 326,00",
    ),
    ("COLLECTION-NOTICE", "en"): (
        "Collection notice (inkassovarsel)",
        "This is a collection notice (inkassovarsel) under section 9 of the Norwegian Debt Collection Act: if NOK 1,326.00 is not paid by"
        " 10 December 2026, the claim will be sent to debt collection (inkasso).",
        "The claim will be sent to debt collection without further notice.",
        "section 17 of the Debt Collection Act and the Debt Collection Regulations",
        "sections 2 and 3 of the Norwegian Act relating to Interest on Overdue Payments",
        "The fee of NOK 38.00 for the collection notice is charged under section 17",
        "If anything is wrong, please tell us",
        "Principal 1,250.00 Costs of earlier letters 38.00 Fee for the collection notice 38.00 To pay NOK 1,326.00",
    ),
    ("INTEREST-NOTE", "nb"): (
        "Rentenota",
        "Vi krever derfor kr 6 787,67 i forsinkelsesrente, med forfall 10. desember 2026.",
        "26001 20.06.2026–30.06.2026 11 125 000,00 12 % 26001 01.07.2026–25.11.2026 148 125 000,00 12,5 %",
        "Renten er beregnet av hovedstolen etter forsinkelsesrenteloven §§ 2 og 3, fra dagen etter forfall",
        "En dag er 1/365 av et år, i skuddår 1/366.",
        "Beløpet gjelder bare renter.",
        "Kravet nedenfor ble ikke betalt innen forfall.",
        "Renten skyldes også når selve kravet er betalt i mellomtiden.",
        "Forsinkelsesrente 6 787,67 Å betale kr 6 787,67",
    ),
    ("INTEREST-NOTE", "nn"): (
        "Rentenota",
        "Vi krev difor kr 6 787,67 i forseinkingsrente, med forfall 10. desember 2026.",
        "Renta er rekna av hovudstolen etter forseinkingsrentelova §§ 2 og 3, frå dagen etter forfall",
        "Ein dag er 1/365 av eit år, i skotår 1/366.",
        "Forseinkingsrente 6 787,67 Å betale kr 6 787,67",
    ),
    ("INTEREST-NOTE", "en"): (
        "Interest note",
        "We therefore claim late-payment interest of NOK 6,787.67, due on 10 December 2026.",
        "26001 2026-06-20–2026-06-30 11 125,000.00 12 % 26001 2026-07-01–2026-11-25 148 125,000.00 12.5 %",
        "Interest is computed on the principal under sections 2 and 3 of the Norwegian Act relating to Interest on Overdue Payments",
        "A day is 1/365 of a year, 1/366 in a leap year.",
        "Late-payment interest 6,787.67 To pay NOK 6,787.67",
    ),
    ("STATEMENT", "nb"): (
        "Kontoutdrag",
        "fra og med 1. oktober 2026 til og med 31. oktober 2026; posteringene står på sidene etter brevet. Utgående saldo er kr 1 250,00.",
        "01.10.2026 Inngående saldo 500,00 05.10.2026 26001 Faktura 19.10.2026 1 250,00 1 750,00",
        "30.10.2026 P26-000004 Betaling −500,00 1 250,00 31.10.2026 Utgående saldo 1 250,00",
        "Åpne krav (NOK)",
    ),
    ("STATEMENT", "nn"): ("Kontoutdrag", "Utgåande saldo er kr 1 250,00.", "Inngåande saldo 500,00", "Opne krav (NOK)"),
    ("STATEMENT", "en"): (
        "Statement of account",
        "from 1 October 2026 to 31 October 2026, both included; its postings are on the pages after this letter.",
        "The closing balance is NOK 1,250.00.",
        "2026-10-01 Opening balance 500.00 2026-10-05 26001 Faktura 2026-10-19 1,250.00 1,750.00",
        "Open claims (NOK)",
    ),
}


class TestWhatALetterSays:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_every_element_that_is_demanded(self, kind: Kind, language: Language) -> None:
        """Who claims what of whom, for what, until when, with which consequences, and how to pay or object."""
        text = text_of(render_letter(letter(kind, language)))
        for demanded in DEMANDED[kind, language]:
            assert plain(demanded) in text
        for always in ("Fjordlys Kraft AS", "Havnegata 7", "6003 Ålesund", "310 044 113 MVA Foretaksregisteret", "faktura@fjordlys.example"):
            assert always in text
        for always in ("Åse Bjørnø Sæther", "Prøveveien 4 B", "0150 Oslo", "100001", "26001", "8601 11 17947", "00010000000018"):
            assert always in text
        assert {"nb": "Side 1 av 1", "nn": "Side 1 av 1", "en": "Page 1 of 1"}[language] in text

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_no_place_is_left_open(self, language: Language) -> None:
        """No brace of a text gets to paper."""
        for kind in get_args(Kind):
            text = text_of(render_letter(letter(kind, language, message="Hei", payment_texts=("Avtalegiro",))))
            assert "{" not in text and "}" not in text

    def test_texts_have_the_same_places_in_all_languages(self) -> None:
        """A translation forgets no value."""
        for key, texts in LETTER_TEXTS.items():
            places = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in texts]
            assert places[0] == places[1] == places[2], key

    def test_without_a_fee_nothing_is_said_of_fees(self) -> None:
        """A reminder that is free names no fee and no rule for one, and asks for the principal alone."""
        for fees in ((), (Fee(rule="REMINDER-FEE", amount=Decimal(0)),)):
            text = text_of(render_letter(letter(fees=fees)))
            assert "kr 1 250,00 blir betalt" in text and "Hovedstol 1 250,00 Å betale kr 1 250,00" in text
            assert "Purregebyr" not in text and "1-2" not in text

    def test_without_interest_nothing_is_said_of_it(self) -> None:
        """A creditor who asks for no interest does not threaten with it."""
        assert "rente" not in text_of(render_letter(letter(interest=None))).replace("renteloven", "")

    def test_agreed_interest_is_not_called_statutory(self) -> None:
        """Between businesses another rate may be agreed; the letter names that and no law."""
        text = text_of(render_letter(letter(interest=Interest(rule="AGREED", rate=Decimal("18.00")))))
        assert "avtalt forsinkelsesrente" in text and "18 % per år" in text and "renteloven" not in text

    def test_compensation_names_its_paragraph(self) -> None:
        """The compensation between businesses rests on another rule than a fee."""
        fees = (Fee(rule="COMPENSATION", amount=Decimal(460)),)
        text = text_of(render_letter(letter("COLLECTION-NOTICE", fees=fees)))
        assert "Kompensasjonen på kr 460,00 for inndrivelseskostnader kreves etter forsinkelsesrenteloven § 3 a." in text
        assert "Kompensasjon 460,00 Å betale kr 1 748,00" in text

    def test_several_claims_are_spoken_of_as_several(self) -> None:
        """The sentences follow the number of claims, and costs and interest have columns of their own when there are any."""
        text = text_of(render_letter(letter("COLLECTION-NOTICE", claims=(claim(1, fee=Decimal(38), interest=Decimal("12.50")), claim(2)))))
        assert "blir kravene sendt til inkasso" in text
        assert "Hovedstol Kostnader Renter" in text and "1 250,00 1 250,00 38,00 12,50" in text and "1 250,00 1 250,00 0,00 0,00" in text
        assert "Forsinkelsesrente 12,50" in text

    def test_a_foreign_payer_gets_iban_and_bic(self) -> None:
        """In groups of four; without them neither is named."""
        abroad = text_of(render_letter(letter(language="en", currency="EUR", fees=())))
        assert "NO93 8601 1117 947" in abroad and "DABANO22" in abroad and "EUR 1,250.00" in abroad and "kr" not in abroad.split("Payment")[0]
        at_home = text_of(render_letter(letter(payment=Payment(kid="18", bank_account_no="86011117947"))))
        assert "IBAN" not in at_home and "BIC" not in at_home

    def test_without_kid_the_letter_number_is_quoted(self) -> None:
        """A payment can always be told by something."""
        text = text_of(render_letter(letter(payment=Payment(bank_account_no="86011117947"))))
        assert "Merk betalingen med R26-000001" in text.replace("Merk betalingen med Betalingsfrist Beløp (NOK) ", "Merk betalingen med ")

    @pytest.mark.parametrize(("balance", "said"), [(Decimal(0), "Det er ikke noe å betale."), (Decimal(-250), "Kontoen er i kundens favør")])
    def test_a_statement_that_asks_for_nothing_has_no_giro_section(self, balance: Decimal, said: str) -> None:
        """Nobody is asked to pay what is not owed."""
        sent = letter("STATEMENT")
        assert sent.statement is not None
        content = render_letter(replace(sent, statement=replace(sent.statement, closing_balance=balance), claims=()))
        assert said in text_of(content)
        assert "Betalingsinformasjon" not in text_of(content) and "Å betale" not in text_of(content)
        assert Picture(content).ink(GIRO) == 0

    def test_creditors_that_are_not_registered(self) -> None:
        """MVA and Foretaksregisteret stand there only for who is registered; a foreign number stays as it is."""
        plain_number = text_of(render_letter(letter(creditor=replace(CREDITOR, vat_registered=False, in_business_register=False))))
        assert "310 044 113" in plain_number and "MVA" not in plain_number and "Foretaksregisteret" not in plain_number
        foreign = replace(CREDITOR, organization_no="556036079", norwegian=False, vat_registered=False, in_business_register=False)
        assert "556036079" in text_of(render_letter(letter(creditor=foreign)))

    def test_currencies_without_decimals(self) -> None:
        """Amounts have the decimals of their currency."""
        text = text_of(render_letter(letter(currency="JPY", decimals=0, fees=(), language="en")))
        assert "JPY 1,250 " in text and "1,250.00" not in text


class TestWhatIsHard:
    HOSTILE = '#import "x": * $x$ *a* _b_ `c` <d> @e \\u{41} [x] // c /* d */ = h'

    def test_values_are_never_markup(self) -> None:
        """What looks like the language of the templates is shown as it is, wherever it comes."""
        hostile = letter(
            receiver=Receiver(name=self.HOSTILE, address_lines=("= head", "- list #sys.inputs")),
            creditor=replace(CREDITOR, name="#panic() AS", email_address="#a@b.example"),
            claims=(claim(text="#let x = $1$"),),
            message="#image(\"/etc/passwd\") 'x' -- ...",
            reference="#read",
        )
        text = text_of(render_letter(hostile))
        for said in (self.HOSTILE, "= head", "- list #sys.inputs", "#panic() AS", "#a@b.example", "#let x = $1$", "#read"):
            assert said in text
        assert "#image(\"/etc/passwd\") 'x' -- ..." in text

    def test_forty_claims_go_over_two_pages(self) -> None:
        """The head of the table stands on both pages, every claim on one, and the giro section on the last."""
        content = render_letter(letter("COLLECTION-NOTICE", claims=tuple(claim(number, text=f"Faktura {number}") for number in range(1, 41))))
        first, second = page_texts(content)
        assert "Side 1 av 2" in first and "Side 2 av 2" in second
        assert all("Dokument Dato Forfall Opprinnelig Hovedstol" in page for page in (first, second))
        for number in range(1, 41):
            assert (f"26{number:03d} Faktura {number} " in first) != (f"26{number:03d} Faktura {number} " in second)
        assert "Inkassovarsel R26-000002" in second and "Å betale kr 50 038,00" in second
        assert "Betalingsinformasjon" not in first and GIRO.holds(find(content, "Betalingsinformasjon", page_no=1))

    def test_amounts_of_fifteen_digits_stay_whole(self) -> None:
        """The longest amounts stand on one line in every column."""
        longest = Decimal("9999999999999.99")
        sent = letter(
            "COLLECTION-NOTICE", claims=(claim(original=longest, open_amount=longest, fee=Decimal(38), interest=Decimal("99999999999.99")),), fees=()
        )
        content = render_letter(sent)
        assert "9 999 999 999 999,99 9 999 999 999 999,99 38,00 99 999 999 999,99" in text_of(content)
        assert "Å betale kr 10 100 000 000 037,98" in text_of(content)
        for occurrence in range(2):
            box = find(content, "999 999,99".replace(" ", "\u00a0"), occurrence=occurrence)
            assert box.bottom - box.top < 4 and box.right < 192

    def test_long_names_and_texts_stay_in_their_places(self) -> None:
        """The longest name and address fit the window and the giro section; the rest begins below them."""
        name = "Sammenslutningen for Ærlig Økonomi og Åpenhet i Norge " * 3 + "Siste"
        lines = tuple(f"{'Adresselinje ' * 5}{at}" for at in range(3))
        receiver = Receiver(name=name, address_lines=(*lines, "SE-123 45 Göteborg", "Sverige"))
        creditor = replace(CREDITOR, name="Institutt for Bærekraftig Vannforsyning og Energi " * 3 + "AS")
        sent = letter(receiver=receiver, creditor=creditor, claims=(claim(document_no="A" * 35, text="x" * 500),), reference="R" * 35)
        content = render_letter(sent)
        assert WINDOW.holds(find(content, "Sverige")) and WINDOW.holds(find(content, "Siste"))
        assert find(content, "Purring", occurrence=0).top > 90
        last = len(open_pdf(content)) - 1
        assert "A" * 35 in text_of(content).replace(" ", "")
        assert "Sverige" in page_texts(content)[last]
        account = find(content, "Kontonummer", page_no=last)
        assert find(content, "Sverige", page_no=last, occurrence=0 if last else 1).bottom <= account.top

    def test_words_without_a_blank_stay_on_the_page(self) -> None:
        """Names and addresses of a hundred letters in one word are broken, in the window, the letterhead and the giro section."""
        word = "sammenslutning" * 7
        content = render_letter(
            letter(creditor=replace(CREDITOR, name=word, address_lines=(word,)), receiver=Receiver(name=word, address_lines=(word,)))
        )
        picture = Picture(content)
        assert picture.ink(Box(111, 47, 131, 90)) == 0, "between the window and the facts"
        assert picture.ink(Box(193, 0, 210, 297)) == 0, "the right margin"

    @pytest.mark.parametrize("name", ["王小明", "Kari 😀", "สวัสดี", "a\u0007b", "محمد علي", "שלום", "Жизнь", "Čáhppesnjárga ŋđšŧž"])
    def test_names_in_any_script_give_a_letter(self, name: str) -> None:
        """What no font has is shown as boxes; nobody is left without a letter for it."""
        content = render_letter(letter(receiver=replace(letter().receiver, name=name)))
        assert len(page_texts(content)) == 1 and content == render_letter(letter(receiver=replace(letter().receiver, name=name)))

    def test_sami_letters_are_text(self) -> None:
        """The letters of Norway's other languages are there."""
        assert "Čáhppesnjárga ŋđšŧž" in text_of(render_letter(letter(receiver=Receiver(name="Čáhppesnjárga ŋđšŧž"))))


class TestWhereItStands:
    def test_the_address_is_in_the_window(self) -> None:
        """Every line of it, and nothing else."""
        content = render_letter(letter())
        for line in ("Bjørnø", "Prøveveien", "Oslo"):
            assert WINDOW.holds(find(content, line))
        assert Picture(render_letter(letter(receiver=Receiver(name=" ")))).ink(replace(WINDOW, top=46)) == 0

    def test_the_giro_section_is_at_the_foot(self) -> None:
        """Account, KID, deadline and amount stand in it, the amount to the right."""
        content = render_letter(letter(document_no="R"))
        for text in ("Betalingsinformasjon", "Kontonummer", "KID", "00010000000018", "17947"):
            assert GIRO.holds(find(content, text))
        assert Picture(content).ink(GIRO) > 1_000

    def test_another_kid_changes_only_its_field(self) -> None:
        """As a picture, two letters that differ in the KID differ where the KID stands, and nowhere else."""
        one, other = (Picture(render_letter(letter(payment=Payment(kid=kid, bank_account_no="86011117947")))) for kid in ("0001234", "0004321"))
        box = one.differs(other)
        assert box is not None and GIRO.holds(box)
        assert box.right - box.left < 20 and box.bottom - box.top < 5

    def test_another_receiver_changes_the_window_and_the_giro_section(self) -> None:
        """Of two letters to two people the parts between are the same."""
        one, other = (Picture(render_letter(letter(receiver=Receiver(name=name)))) for name in ("Kari Prøve", "Ola Prøve"))
        box = one.differs(other)
        assert box is not None and box.top > 45 and box.left > 20
        between = Box(0, 92, 210, 225)
        assert one.ink(between) == other.ink(between)

    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_pages_are_not_blank(self, kind: Kind) -> None:
        """The page has ink in its head, its body and its foot, and none in its margins."""
        picture = Picture(render_letter(letter(kind)))
        for box in (Box(20, 15, 190, 40), Box(20, 95, 190, 130), GIRO, Box(20, 280, 190, 290)):
            assert picture.ink(box) > 200
        for margin in (Box(0, 0, 20, 297), Box(194, 0, 210, 297), Box(0, 0, 210, 12), Box(0, 290, 210, 297)):
            assert picture.ink(margin) == 0


class TestTheFile:
    @pytest.mark.parametrize(("language", "tag"), [("nb", b"/Lang(nb)"), ("nn", b"/Lang(nn)"), ("en", b"/Lang(en)")])
    def test_it_is_accessible(self, language: Language, tag: bytes) -> None:
        """Tagged, with a language and a title, as PDF/UA wants it."""
        content = render_letter(letter(language=language))
        assert tag in content and b"/StructTreeRoot" in content and b"/MarkInfo" in content and b"pdfuaid:part" in content
        assert open_pdf(content).get_metadata_value("Title") == f"{'Reminder' if language == 'en' else 'Purring'} R26-000001"
        assert open_pdf(content).get_metadata_value("Author") == "Fjordlys Kraft AS"

    def test_it_is_a4_and_dated_by_the_letter(self) -> None:
        """The moment in the file is the letter's date, not today."""
        document = open_pdf(render_letter(letter()))
        assert document.get_metadata_value("CreationDate").startswith("D:20261126")
        assert [round(side / 72 * 25.4) for side in document[0].get_size()] == [210, 297]

    def test_the_same_letter_is_the_same_bytes(self) -> None:
        """Again, in another thread, after other letters, and in another process."""
        first = render_letter(letter())
        for number in range(20):
            render_letter(letter("COLLECTION-NOTICE", "en", document_no=f"R{number}"))
        assert render_letter(letter()) == first
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(render_letter, letter()).result() == first
        program = (
            "import hashlib; from tests.unit.receivable.letters_data import letter;"
            "from reskontro.receivable.letters.rendering import render_letter; print(hashlib.sha256(render_letter(letter())).hexdigest())"
        )
        printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_environment())
        assert printed.stdout.strip() == hashlib.sha256(first).hexdigest()

    def test_another_letter_is_another_file(self) -> None:
        """What is said, is in the bytes."""
        assert render_letter(letter()) != render_letter(letter(deadline=date(2026, 12, 11)))

    def test_a_letter_survives_as_json(self) -> None:
        """What is rendered from the queue is what would have been rendered at once."""
        sent = letter("INTEREST-NOTE", "nn")
        assert render_letter(Letter.from_json(sent.to_json())) == render_letter(sent)


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
