"""Asking only for what has changed: marks of lists, and networks that are told that nothing has (RFC 9110, 13)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.workers.networks.conftest import MakeClient
from tests.workers.networks.contract.case import read
from tests.workers.networks.contract.stage import Stage
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.marks import Marks, asked_with
from workers.networks.shape import Page, Reaction


@pytest.mark.parametrize(
    ("mark", "header"),
    [
        ('"abc"', {"If-None-Match": '"abc"'}),
        ('W/"abc"', {"If-None-Match": 'W/"abc"'}),
        ("Fri, 20 Nov 2026 08:00:00 GMT", {"If-Modified-Since": "Fri, 20 Nov 2026 08:00:00 GMT"}),
        ("", {}),
    ],
)
def test_a_mark_is_given_back_as_the_header_that_it_belongs_to(mark: str, header: dict[str, str]) -> None:
    assert asked_with(mark) == header


@pytest.mark.parametrize("mark", ["x" * 201, '"ä"', '"a\nb"', ""])
def test_a_damaged_mark_is_none(mark: str) -> None:
    marks = Marks()
    marks.note("/a", {"etag": mark})
    assert marks.noted == {}


def test_an_answer_that_nothing_has_changed_is_one_only_to_who_asked_for_it(make_client: MakeClient) -> None:
    with LoopbackServer(lambda _: Reply(b"", 304)) as server:
        client = make_client(server.origin)
        assert client.get_json(server.origin, unless='"a"').status == 304
        assert client.get_document(server.origin, "*/*", '"a"').status == 304
        with pytest.raises(Failure) as failure:
            client.get_json(server.origin)
    assert failure.value.reason == Reason.NOT_UNDERSTOOD


@contextmanager
def marked(name: str) -> Iterator[Stage]:
    """A network whose server gives a mark with each answer, and answers 304 where it is asked with the same."""

    def mark(asked: Asked, reply: Reply) -> Reply:
        tag = f'"{hash(reply.encoded()):x}"'
        if asked.headers.get("if-none-match") == tag:
            return Reply(b"", 304, {"ETag": tag})
        return replace(reply, headers=reply.headers | {"ETag": tag})

    with Stage(read(name)) as stage:
        stage.trouble = mark
        yield stage


def collected(stage: Stage, client: Client, resume: str | None = None) -> list[Page]:
    return list(stage.case.network().collect(client, stage.case.remote_id, stage.case.since, resume))


def reactions(pages: list[Page]) -> list[Reaction]:
    return [reaction for page in pages for reading in page.readings for reaction in reading.reactions]


def test_lists_of_github_that_have_not_changed_add_nothing_and_are_not_called_whole() -> None:
    with marked("github") as stage:
        with stage.client() as first:
            whole = collected(stage, first)
        asked = len(stage.asked)
        with stage.client() as second:
            second.marks = Marks(first.marks.noted)
            again = collected(stage, second)
        assert first.marks.noted == second.marks.noted
        unchanged = [each for each in stage.asked[asked:] if "if-none-match" in each.headers]
        assert len(unchanged) == len(first.marks.noted) > 3
        assert [page.resume for page in again] == [page.resume for page in whole]
        for before, now in zip(whole, again, strict=True):
            for old, new in zip(before.readings, now.readings, strict=True):
                lost = set(old.reactions) - set(new.reactions)
                assert {reaction.kind for reaction in lost} <= new.same
                assert new.same.isdisjoint(new.complete)
        assert len(reactions(again)) < len(reactions(whole))


def test_a_full_page_of_stars_has_no_mark_since_the_next_star_would_not_change_it() -> None:
    with marked("github") as stage:
        mark = stage.trouble
        with stage.client() as few:
            collected(stage, few)
        starred = {name for name in few.marks.noted if name.endswith("/stargazers")}
        assert starred

        def full(asked: Asked, reply: Reply) -> Reply:
            if asked.path in starred:
                stars = json.loads(reply.encoded())
                reply = replace(reply, body=(stars * 100)[:100])
            return mark(asked, reply)

        stage.trouble = full
        with stage.client() as many:
            collected(stage, many)
        assert not starred & many.marks.noted.keys()


def test_one_changed_list_of_comments_has_the_other_read_too() -> None:
    with marked("github") as stage:
        with stage.client() as first:
            whole = collected(stage, first)
        changed = next(name for name in first.marks.noted if name.endswith("/issues/comments"))
        with stage.client() as second:
            second.marks = Marks({name: mark for name, mark in first.marks.noted.items() if name != changed})
            again = collected(stage, second)
    replies = {
        reading.post.address: [reaction for reaction in reading.reactions if reaction.kind == "reply"]
        for page in whole
        for reading in page.readings
    }
    address = f"https://github.com{changed.removeprefix('/repos').removesuffix('/issues/comments')}"
    anew = [reading for page in again for reading in page.readings if reading.post.address == address]
    assert len(anew) == 1
    assert [each for each in anew[0].reactions if each.kind == "reply"] == replies[anew[0].post.address]
    assert "reply" in anew[0].complete
