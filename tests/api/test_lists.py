"""Lists: stored under a query id, read page by page while the world changes, and the rules of their parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.api.support import amounts, created, invoice, payment
from tests.house import House

NUMBERS = [f"2000{number:02d}" for number in range(1, 13)]


@pytest.fixture
def twelve(module_house: House, request: pytest.FixtureRequest) -> House:
    """A new client with twelve customers."""
    used = request.config.stash.setdefault(_used, [6000])
    used[0] += 1
    house = replace(module_house, client_no=module_house.add_client(used[0]))
    for number in NUMBERS:
        house.customer(number)
    return house


_used = pytest.StashKey[list[int]]()


def page(house: House, url: str) -> Any:
    """The answer to a link, which names the public address."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == "https://reskontro.example"
    return house.get(f"{parts.path}?{parts.query}")


def names(answer: Any, key: str = "customers", name: str = "customerNo") -> list[str]:
    """What a list answer lists."""
    assert answer.status_code == 200, answer.text
    return [record[name] for record in answer.json()[key]]


class TestReadingOn:
    def test_members_stay_while_records_come_and_go(self, twelve: House) -> None:
        """A new record is not listed, a deleted one left out, nothing comes twice or is missing; the counts stay."""
        answer = twelve.get("/customers?pagesize=5")
        twelve.customer("100000", "New and first")
        assert twelve.call("DELETE", "/customers/200012").status_code == 200
        seen, sizes = names(answer), [len(names(answer))]
        while "nextPage" in answer.json()["summary"]:
            answer = page(twelve, answer.json()["summary"]["nextPage"])
            seen += names(answer)
            sizes.append(len(names(answer)))
            assert answer.json()["summary"]["totalCount"] == 12
        assert sizes == [5, 5, 1]
        assert seen == NUMBERS[:-1]

    def test_records_show_their_state_at_reading_time(self, twelve: House) -> None:
        """Only who is in the list and in which order is stored."""
        query = twelve.get("/customers?pagesize=5").json()["summary"]["queryId"]
        twelve.put("/customers", {"customer": {"customerNo": NUMBERS[0], "name": "Åse Sist"}})
        records = twelve.get(f"/customers?query={query}").json()["customers"]
        assert (records[0]["customerNo"], records[0]["name"]) == (NUMBERS[0], "Åse Sist")

    def test_the_links(self, twelve: House) -> None:
        """First and previous from the second page on, next until the last, last always; headers say the same."""
        first = twelve.get("/customers?pagesize=5")
        query = first.json()["summary"]["queryId"]
        pages = [first, *(twelve.get(f"/customers?query={query}&pageno={number}") for number in (2, 3))]
        for number, answer in enumerate(pages, 1):
            summary = answer.json()["summary"]
            links = {name: summary[name] for name in ("firstPage", "previousPage", "nextPage", "lastPage") if name in summary}
            expected = (
                {"lastPage": 3}
                | ({"firstPage": 1, "previousPage": number - 1} if number > 1 else {})
                | ({"nextPage": number + 1} if number < 3 else {})
            )
            assert {name: dict(parse_qsl(urlsplit(url).query)) for name, url in links.items()} == {
                name: {"query": query, "pageno": str(target)} for name, target in expected.items()
            }
            assert all(url.startswith(f"https://reskontro.example/arm/v1/clients/{twelve.client_no}/customers?") for url in links.values())
            relations = {"firstPage": "first", "previousPage": "prev", "nextPage": "next", "lastPage": "last"}
            assert set(answer.headers["link"].split(", ")) == {f'<{url}>; rel="{relations[name]}"' for name, url in links.items()}
            assert answer.headers["x-total-count"] == "12"
            assert {name: summary[name] for name in ("pageNo", "pageSizeLimit", "totalPages", "totalCount", "maximumCount")} == {
                "pageNo": number,
                "pageSizeLimit": 5,
                "totalPages": 3,
                "totalCount": 12,
                "maximumCount": 10_000,
            }
            assert summary["currentPageSize"] == len(names(answer)) == (5 if number < 3 else 2)
            assert "truncated" not in summary

    def test_without_a_page_number_the_first(self, twelve: House) -> None:
        """The first page again, under the same id; pagesize and filters of the first call hold on."""
        first = twelve.get("/customers?pagesize=5&customerno=200001,200003,200004,200005,200006,200007")
        again = twelve.get(f"/customers?query={first.json()['summary']['queryId']}")
        assert again.json() == first.json()

    def test_a_page_past_the_end(self, twelve: House) -> None:
        """Empty, of a new list and of a stored one."""
        query = twelve.get("/customers?pagesize=5").json()["summary"]["queryId"]
        for url in (f"/customers?query={query}&pageno=4", "/customers?pagesize=5&pageno=99", f"/customers?query={query}&pageno=2147483648"):
            answer = twelve.get(url)
            assert (names(answer), answer.json()["summary"]["currentPageSize"]) == ([], 0)

    def test_the_first_call_may_ask_for_a_later_page(self, twelve: House) -> None:
        """pageno works with and without query."""
        assert names(twelve.get("/customers?pagesize=5&pageno=3")) == NUMBERS[10:]

    @pytest.mark.parametrize("more", ["pagesize=5", "maximumcount=5", "name=x", "customerno=200001", "openitems=true"])
    def test_nothing_else_goes_with_query(self, twelve: House, more: str) -> None:
        """400: the stored list is what it is; expand, pageno and userid may come with it."""
        query = twelve.get("/customers").json()["summary"]["queryId"]
        answer = twelve.get(f"/customers?query={query}&{more}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-PARAMETER")
        assert twelve.get(f"/customers?query={query}&pageno=1&expand=balance&userid=anne").status_code == 200

    def test_expand_holds_on_unless_it_is_given_anew(self, twelve: House) -> None:
        """Of the first call for the pages after it, until a call says otherwise for itself."""
        created(twelve, invoice(customerNo="200001", documentLines=[{"lineNo": 1, "lineType": "PLH", "currencyAmounts": amounts(1000, 250)}]))
        created(twelve, payment(10, customerNo="200001"))
        query = twelve.get("/documents?expand=lines").json()["summary"]["queryId"]

        def keys(more: str) -> set[str]:
            answer = twelve.get(f"/documents?query={query}{more}")
            return {"documentLines", "arItem"} & set(answer.json()["documents"][0])

        assert [keys(""), keys("&expand=aritem"), keys("&pageno=1")] == [{"documentLines"}, {"arItem"}, {"documentLines"}]

    def test_any_token_of_the_client_reads_on(self, twelve: House) -> None:
        """Not only the one that asked first."""
        query = twelve.get("/customers").json()["summary"]["queryId"]
        other = twelve.token(("read:arm",), [twelve.client_no])
        assert names(twelve.get(f"/customers?query={query}", token=other)) == NUMBERS

    def test_another_list_does_not_know_it(self, twelve: House) -> None:
        """404 QUERY-NOT-FOUND under another list, or for an id that nobody has."""
        query = twelve.get("/customers").json()["summary"]["queryId"]
        for url in (f"/documents?query={query}", f"/batches?query={query}", f"/customers?query={'A' * 22}"):
            answer = twelve.get(url)
            assert (answer.status_code, answer.json()["code"]) == (404, "QUERY-NOT-FOUND"), url


class TestSizes:
    @pytest.mark.parametrize(
        ("query", "size", "count"),
        [("", 100, 12), ("pagesize=5", 5, 5), ("pagesize=4", 10, 10), ("pagesize=1", 10, 10), ("pagesize=0", 10, 10), ("pagesize=-7", 10, 10)],
    )
    def test_of_pages(self, twelve: House, query: str, size: int, count: int) -> None:
        """100 by default, below 5 it is 10."""
        answer = twelve.get(f"/customers?{query}")
        assert (answer.json()["summary"]["pageSizeLimit"], len(names(answer))) == (size, count)

    def test_above_the_cap_the_cap_holds(self, twelve: House) -> None:
        """1,000 records on a page, 10,000 in a list."""
        summary = twelve.get("/customers?pagesize=1001&maximumcount=10001").json()["summary"]
        assert (summary["pageSizeLimit"], summary["maximumCount"]) == (1000, 10_000)

    def test_more_than_the_maximum(self, twelve: House) -> None:
        """The list ends there and says so."""
        answer = twelve.get("/customers?maximumcount=7&pagesize=5")
        summary = answer.json()["summary"]
        assert (summary["totalCount"], summary["maximumCount"], summary["totalPages"], summary["truncated"]) == (7, 7, 2, True)
        assert names(page(twelve, summary["nextPage"])) == NUMBERS[5:7]
        assert "truncated" not in twelve.get("/customers?maximumcount=12").json()["summary"]

    def test_nothing_matched(self, twelve: House) -> None:
        """200 with an empty array and no pages; even that can be read again."""
        answer = twelve.get("/customers?customerno=nobody")
        summary = answer.json()["summary"]
        assert (names(answer), summary["totalCount"], summary["totalPages"], summary["currentPageSize"]) == ([], 0, 0, 0)
        assert not {"firstPage", "previousPage", "nextPage", "lastPage"} & set(summary)
        assert "link" not in answer.headers
        assert answer.headers["x-total-count"] == "0"
        assert names(twelve.get(f"/customers?query={summary['queryId']}")) == []


def test_a_list_is_kept_for_an_hour_at_least(house: House) -> None:
    """After the time of the server setting it is gone; the call is then made anew."""
    query = house.get("/customers").json()["summary"]["queryId"]
    house.clock.advance(minutes=61)
    later = replace(house, _tokens={})
    assert later.get(f"/customers?query={query}").status_code == 200
    house.clock.advance(hours=2)
    later = replace(house, _tokens={})
    answer = later.get(f"/customers?query={query}")
    assert (answer.status_code, answer.json()["code"]) == (404, "QUERY-NOT-FOUND")


def test_every_list_has_the_same_parameters() -> None:
    """maximumcount, pagesize, pageno, query and userid, whatever is listed."""
    from reskontro.rooms import all_operations

    lists = [operation for operation in all_operations() if any(answer.list_key for answer in operation.answers.values())]
    assert lists
    missing = {
        operation.id: {"maximumcount", "pagesize", "pageno", "query", "userid"} - {parameter.name for parameter in operation.parameters}
        for operation in lists
    }
    assert {name: names for name, names in missing.items() if names} == {}
