"""Tests reading lists to their end, and knowing when that was not the end."""

import pytest

from workers.networks.failure import Failure, Reason
from workers.networks.listing import FORGIVEN, PAGES, SAME, UNREAD, Fetch, Lists
from workers.networks.marks import Unchanged
from workers.networks.untrusted import Record


def key(item: Record) -> str:
    return str(item["id"])


def pages(*found: list[int], endless: bool = False) -> Fetch:
    """Pages of items with these ids; each but the last (or each, where endless) says that there is a next."""

    def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
        number = int(cursor or 0)
        items: list[Record] = [{"id": each} for each in found[min(number, len(found) - 1)]]
        return items, None if number + 1 >= len(found) and not endless else str(number + 1)

    return fetch


def failing(reason: Reason) -> Fetch:
    def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
        raise Failure(reason)

    return fetch


def ids(lists: Lists, fetch: Fetch, least: int | None = None) -> tuple[list[object], bool]:
    listing = lists.read("like", fetch, key, least)
    return [item["id"] for item in listing.items], listing.complete


def test_a_list_is_read_to_its_end_without_duplicates() -> None:
    assert ids(Lists(), pages([1, 2], [2, 3], [4]), least=9) == ([1, 2, 3, 4], True)


def test_a_page_with_nothing_new_that_promises_more_ends_an_honest_list() -> None:
    assert ids(Lists(), pages([1, 2], [], endless=True), least=2) == ([1, 2], True)


def test_a_page_with_nothing_new_below_the_count_is_incomplete() -> None:
    assert ids(Lists(), pages([1, 2], [2, 1], endless=True), least=3) == ([1, 2], False)


def test_some_networks_may_have_empty_pages_in_between() -> None:
    assert ids(Lists(idle_pages=3), pages([1], [], [], [2])) == ([1, 2], True)
    assert ids(Lists(idle_pages=2), pages([1], [], [], [2])) == ([1], True)


def test_a_short_list_is_read_by_pages_of_other_sizes_until_nothing_more_comes_to_light() -> None:
    asked: list[str] = []

    def noted(name: str, fetch: Fetch) -> Fetch:
        def noting(cursor: str | None) -> tuple[list[Record], str | None]:
            asked.append(name)
            return fetch(cursor)

        return noting

    first, second, third = pages([1, 2], [4]), pages([1], [2], [3]), pages([1], [2, 3, 4])
    listing = Lists().read("like", first, key, 4, [noted("second", second), noted("third", third)])
    assert (sorted(str(item["id"]) for item in listing.items), listing.complete, listing.short) == (
        ["1", "2", "3", "4"], True, 0
    )  # fmt: skip
    assert set(asked) == {"second"}
    listing = Lists().read("like", first, key, 9, [third, noted("last", third)])
    assert (len(listing.items), listing.complete, listing.short) == (4, True, 5)


def test_where_the_last_way_to_read_still_finds_more_the_list_is_not_whole() -> None:
    listing = Lists().read("like", pages([1, 2], [4]), key, 9, [pages([1], [2], [3]), pages([1], [5])])
    assert (len(listing.items), listing.complete, listing.short) == (5, False, 4)


def test_a_list_of_one_page_is_read_once_however_short_it_is() -> None:
    listing = Lists().read("like", pages([1, 2]), key, 9, [failing(Reason.RATE_LIMITED)])
    assert (len(listing.items), listing.complete, listing.short) == (2, True, 7)


def test_what_a_closed_or_broken_list_counts_is_all_short() -> None:
    lists = Lists()
    assert lists.read("like", failing(Reason.LOGIN_REQUIRED), key, 4).short == 4
    assert lists.read("like", pages([1]), key, 3).short == 3


def test_a_list_that_has_not_changed_adds_nothing_and_forgets_nothing() -> None:
    def same(cursor: str | None) -> tuple[list[Record], str | None]:
        raise Unchanged

    lists = Lists()
    assert lists.read("like", same, key, 7) is SAME
    lists.settle()


def test_an_endless_list_is_cut_and_incomplete() -> None:
    found, complete = ids(Lists(), pages(*([number] for number in range(PAGES + 5))))
    assert (len(found), complete) == (PAGES, False)


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.REFUSED_ADDRESS])
def test_some_failures_end_the_run_at_once(reason: Reason) -> None:
    with pytest.raises(Failure):
        Lists().read("like", failing(reason), key)


@pytest.mark.parametrize("reason", [Reason.UNREACHABLE, Reason.NOT_UNDERSTOOD])
def test_a_few_broken_lists_are_forgiven_and_no_more(reason: Reason) -> None:
    lists = Lists()
    for _ in range(FORGIVEN):
        assert lists.read("like", failing(reason), key) == UNREAD
    with pytest.raises(Failure):
        lists.read("reply", failing(reason), key)


def test_lists_that_are_gone_are_only_incomplete() -> None:
    lists = Lists()
    for _ in range(FORGIVEN + 3):
        assert lists.read("like", failing(Reason.GONE), key) == UNREAD


def test_a_kind_that_needs_a_login_is_not_asked_for_again() -> None:
    lists = Lists()
    assert lists.read("like", failing(Reason.LOGIN_REQUIRED), key) == UNREAD
    assert lists.read("like", pages([1]), key) == UNREAD
    assert lists.read("reply", pages([1]), key).complete
