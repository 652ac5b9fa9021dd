"""Aim: legal values answer for exactly the days they are known for, and an installation can add to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway import calendars
from reskontro.norway.announced import AnnouncedFault, install, known_rates, rates_in_use
from reskontro.norway.rates import STATUTORY, DatedTable, DatedValue, ValueMissing, constant_rate

LAST_KNOWN = date(2026, 12, 31)
TABLES = (STATUTORY.late_interest, STATUTORY.inkassosats, STATUTORY.compensation, STATUTORY.court_fee)


def row(value: int, first: str, last: str | None) -> DatedValue:
    """A row of a made-up table."""
    return DatedValue(Decimal(value), date.fromisoformat(first), date.fromisoformat(last) if last else None, "test")


class TestStatutoryTables:
    @pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
    def test_after_the_last_known_day_there_is_no_value(self, table: DatedTable) -> None:
        """The refusal names the value and the day."""
        day = LAST_KNOWN + timedelta(days=1)
        assert table.is_known(LAST_KNOWN) and not table.is_known(day)
        with pytest.raises(ValueMissing, match=r"^No .+ is known for 2027-01-01$") as refusal:
            table.on(day)
        assert (refusal.value.name, refusal.value.day) == (table.name, day)

    @pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
    def test_before_the_first_known_day_there_is_no_value(self, table: DatedTable) -> None:
        """Carrying forward does not reach back either."""
        day = table.rows[0].valid_from - timedelta(days=1)
        with pytest.raises(ValueMissing):
            table.carrying_forward().on(day)

    @pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
    def test_every_value_has_a_source(self, table: DatedTable) -> None:
        """Each row says which law it comes from."""
        assert all("§" in dated.source for dated in table.rows)

    def test_carried_forward_the_last_values_go_on(self) -> None:
        """All four tables answer, and still know that the day itself is unknown."""
        rates, day = STATUTORY.carrying_forward(), date(2027, 3, 1)
        assert (rates.late_interest.on(day), rates.inkassosats.on(day)) == (Decimal("12.25"), Decimal(750))
        assert (rates.compensation.on(day), rates.court_fee.on(day)) == (Decimal(430), Decimal(1345))
        assert not rates.late_interest.is_known(day)

    def test_half_years_follow_each_other_without_a_gap(self) -> None:
        """Interest has 36 half-years from 2009, compensation 26 from 2014."""
        for table, count in ((STATUTORY.late_interest, 36), (STATUTORY.compensation, 26)):
            assert len(table.rows) == count
            for earlier, later in zip(table.rows, table.rows[1:], strict=False):
                assert earlier.valid_to is not None
                assert later.valid_from - earlier.valid_to == timedelta(days=1)


class TestDatedTable:
    def test_a_gap_is_not_filled_even_when_carrying_forward(self) -> None:
        """Only the last row goes on."""
        table = DatedTable("x", (row(1, "2020-01-01", "2020-12-31"), row(2, "2022-01-01", None))).carrying_forward()
        with pytest.raises(ValueMissing):
            table.on(date(2021, 6, 1))
        assert table.on(date(2099, 1, 1)) == 2

    def test_an_announced_half_year_is_added(self) -> None:
        """The new row answers for its days, those before stay as they are."""
        table = STATUTORY.late_interest.extended([row(11, "2027-01-01", "2027-06-30")])
        assert table.on(date(2027, 1, 1)) == 11
        assert table.on(LAST_KNOWN) == Decimal("12.25")
        assert not STATUTORY.late_interest.is_known(date(2027, 1, 1))

    def test_a_row_with_the_same_first_day_replaces_the_old_one_and_an_open_one_is_ended(self) -> None:
        """An installation can correct a value and follow an open one."""
        table = DatedTable("x", (row(1, "2020-01-01", None),))
        assert table.extended([row(5, "2020-01-01", None)]).on(date(2020, 1, 1)) == 5
        followed = table.extended([row(2, "2021-01-01", None)])
        assert (followed.on(date(2020, 12, 31)), followed.on(date(2021, 1, 1))) == (1, 2)

    @pytest.mark.parametrize(
        "rows",
        [
            (row(1, "2020-01-01", "2020-06-30"), row(2, "2020-06-30", None)),
            (row(1, "2020-01-01", None), row(2, "2021-01-01", None)),
            (row(1, "2021-01-01", "2021-12-31"), row(2, "2020-01-01", "2020-12-31")),
            (row(1, "2020-01-02", "2020-01-01"),),
        ],
    )
    def test_rows_that_contradict_each_other_are_refused(self, rows: tuple[DatedValue, ...]) -> None:
        """Overlaps, wrong order and spans that end before they begin."""
        with pytest.raises(ValueError, match="x: the span"):
            DatedTable("x", rows)

    def test_an_agreed_rate_holds_on_all_days(self) -> None:
        """One value, no refusal."""
        table = constant_rate(Decimal("9.5"))
        assert {table.on(date(1950, 1, 1)), table.on(date(2300, 1, 1))} == {Decimal("9.5")}


class TestCalendar:
    def test_public_holidays_are_those_of_the_holidays_library(self) -> None:
        """Every year of two centuries."""
        library = holidays.country_holidays("NO", years=range(1960, 2101), include_sundays=False)
        for year in range(1960, 2101):
            assert calendars.public_holidays(year) == {day for day in library if day.year == year}

    @given(st.dates(date(1960, 1, 1), date(2100, 1, 1)))
    def test_the_next_working_day_is_the_first_one_not_before_the_day(self, day: date) -> None:
        """At most five days later (Easter), and nothing between is a working day."""
        following = calendars.next_working_day(day)
        assert calendars.is_working_day(following)
        assert 0 <= (following - day).days <= 5
        assert not any(calendars.is_working_day(day + timedelta(days=skip)) for skip in range((following - day).days))

    @pytest.mark.parametrize(
        ("day", "months", "expected"),
        [
            ("2024-02-29", 36, "2027-02-28"),
            ("2026-08-31", 6, "2027-02-28"),
            ("2027-08-31", 6, "2028-02-29"),
            ("2026-12-15", 1, "2027-01-15"),
            ("2026-01-31", 12, "2027-01-31"),
        ],
    )
    def test_months_are_added_by_calendar_and_cut_to_the_last_day(self, day: str, months: int, expected: str) -> None:
        """Same day number where the month has it."""
        assert calendars.add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


class TestAnnouncedValues:
    """Values that an installation adds to those of the software."""

    @pytest.fixture(autouse=True)
    def _as_it_was(self) -> Iterator[None]:
        yield
        install(None)

    @staticmethod
    def file(folder: Path, *rows: str, head: str = "table,value,valid_from,valid_to,source") -> Path:
        path = folder / "announced.csv"
        path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
        return path

    def test_a_new_half_year_follows_the_last_one(self, tmp_path: Path) -> None:
        install(self.file(tmp_path, "late_interest,11.75,2027-01-01,2027-06-30,Finansdepartementet 2026-12-20"))
        table = known_rates().late_interest
        assert table.on(date(2027, 6, 30)) == Decimal("11.75")
        assert table.on(LAST_KNOWN) == STATUTORY.late_interest.on(LAST_KNOWN)
        with pytest.raises(ValueMissing):
            table.on(date(2027, 7, 1))
        assert known_rates().inkassosats == STATUTORY.inkassosats

    def test_carrying_forward_is_a_choice_of_its_own(self, tmp_path: Path) -> None:
        install(self.file(tmp_path, "inkassosats,780,2027-01-01,2027-12-31,circular"), carry_forward=True)
        assert rates_in_use().inkassosats.on(date(2030, 1, 1)) == 780
        assert not known_rates().inkassosats.is_known(date(2030, 1, 1))

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (["late_interests,1,2027-01-01,,x"], "line 2: table must be one of late_interest"),
            (["late_interest,1 %,2027-01-01,,x"], "line 2: value must be a number"),
            (["late_interest,NaN,2027-01-01,,x"], "line 2: value must not be below 0"),
            (["late_interest,1,1.1.2027,,x"], "line 2: value must be a number"),
            (["late_interest,1,2027-01-01,,"], "line 2: source must say"),
            (["late_interest,1,2027-01-01,2026-01-01,x"], "ends before it begins"),
            (["late_interest,1,2027-01-01,2027-12-31,x", "late_interest,2,2027-07-01,2027-12-31,x"], "overlap"),
        ],
    )
    def test_a_file_that_is_wrong_is_refused_whole(self, tmp_path: Path, rows: list[str], said: str) -> None:
        with pytest.raises(AnnouncedFault, match=said):
            install(self.file(tmp_path, "court_fee,1400,2027-01-01,,good", *rows) if "line" not in said else self.file(tmp_path, *rows))
        assert known_rates() is STATUTORY

    def test_a_file_that_is_none_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(AnnouncedFault, match="cannot be read"):
            install(tmp_path / "absent.csv")
        with pytest.raises(AnnouncedFault, match="line 1: the columns must be"):
            install(self.file(tmp_path, head="value,from"))
