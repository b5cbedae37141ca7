"""Tests reading lists to their end, and knowing when that was not the end."""

import pytest

from workers.networks.failure import Failure, Reason
from workers.networks.listing import FORGIVEN, PAGES, UNREAD, Fetch, Lists
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
