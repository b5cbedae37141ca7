"""Tests how each network takes trouble: limits kept to, nothing endless, nothing inside, and honest failures."""

import json
import logging
import random
import re
import time
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.workers.networks.contract.case import Case
from tests.workers.networks.contract.stage import INSIDE, Stage
from tests.workers.networks.contract.test_reading import assert_as_expected, everything, pages, readings
from tests.workers.networks.contract.trouble import words
from tests.workers.networks.damage import JUNK, damaged
from tests.workers.networks.loopback import Asked, Reply
from workers.networks.client import Client
from workers.networks.shape import Failure, Reading, Reason

#: So many of the requests of a run are troubled, spread over it.
TRIED = 10
JUNK_TEXTS = {str(junk) for junk in JUNK if isinstance(junk, str | int)} | {""}


def at(number: int, trouble: Reply) -> "Once":
    """Troubles one request, counted from 0."""
    return Once(number, trouble)


class Once:
    def __init__(self, number: int, reply: Reply) -> None:
        self._left = number
        self._reply = reply

    def __call__(self, _asked: Asked, reply: Reply) -> Reply:
        self._left -= 1
        return self._reply if self._left == -1 else reply


def always(trouble: Reply, stage: Stage) -> None:
    stage.trouble = lambda _asked, _reply: trouble


def failure_of(stage: Stage, **limits: float) -> Failure:
    """How looking at the profile fails."""
    with stage.client(**limits) as client, pytest.raises(Failure) as failure:
        stage.case.network().profile(client, stage.case.remote_id)
    return failure.value


def as_reply(said: dict[str, object]) -> Reply:
    body = said["json"] if "json" in said else str(said.get("text", "")).encode()
    headers = said.get("headers", {})
    assert isinstance(headers, dict)
    return Reply(body, int(str(said["status"])), headers)


def some(stage: Stage) -> list[int]:
    """Numbers of requests spread over an undisturbed run."""
    pages(stage)
    made = len(stage.asked)
    stage.asked.clear()
    return sorted({round(step * (made - 1) / TRIED) for step in range(TRIED + 1)})


def test_a_limit_is_kept_to_wherever_it_comes(case: Case, stage: Stage) -> None:
    for number in some(stage):
        for limit in [Reply({}, 429, {"Retry-After": "20"}), *map(as_reply, case.limits)]:
            stage.clock.sleeps.clear()
            stage.trouble = at(number, limit)
            assert_as_expected(readings(pages(stage)), case.posts)
            assert max(stage.clock.sleeps, default=0) >= 19, "nobody waited"


def test_a_long_limit_ends_the_run_with_the_time_to_come_again(case: Case, stage: Stage) -> None:
    always(Reply({}, 429, {"Retry-After": "3600"}), stage)
    failure = failure_of(stage)
    assert failure.reason == Reason.RATE_LIMITED
    assert failure.retry_at == stage.clock.now() + timedelta(hours=1)
    assert len(stage.asked) == 1


def test_a_server_that_breaks_in_between_is_asked_again(case: Case, stage: Stage) -> None:
    for number in some(stage):
        stage.trouble = at(number, Reply(b"oops", 502))
        assert_as_expected(readings(pages(stage)), case.posts)


def test_a_server_that_only_breaks_is_unreachable(case: Case, stage: Stage) -> None:
    always(Reply(b"<html>oops", 500), stage)
    assert failure_of(stage).reason == Reason.UNREACHABLE


def test_a_slow_server_does_not_hold_us(case: Case, stage: Stage) -> None:
    def slow(_asked: Asked, reply: Reply) -> Reply:
        time.sleep(0.4)
        return reply

    stage.trouble = slow
    began = time.monotonic()
    assert failure_of(stage, total_seconds=0.1, attempts=2).reason == Reason.UNREACHABLE
    assert time.monotonic() - began < 3


def test_no_redirect_leads_inside(case: Case, stage: Stage) -> None:
    for place in (f"https://{INSIDE}/x", "http://127.0.0.1/x", "https://169.254.169.254/latest/", "file:///etc/passwd"):
        always(Reply(b"", 302, {"Location": place}), stage)
        assert failure_of(stage).reason in (Reason.REFUSED_ADDRESS, Reason.NOT_UNDERSTOOD)
    assert INSIDE not in {asked.headers["host"] for asked in stage.asked}


def test_redirects_end(case: Case, stage: Stage) -> None:
    always(Reply(b"", 302, {"Location": "?again=1"}), stage)
    assert failure_of(stage).reason == Reason.NOT_UNDERSTOOD
    assert len(stage.asked) <= 5


def test_no_redirect_takes_the_key_along(case: Case, stage: Stage) -> None:
    def elsewhere(asked: Asked, reply: Reply) -> Reply:
        strange = asked.headers["host"] == "elsewhere.example"
        return reply if strange else Reply(b"", 307, {"Location": "https://elsewhere.example/x"})

    stage.trouble = elsewhere
    with stage.client() as client, suppress(Failure):
        case.network().profile(client, case.remote_id)
    strange = [asked for asked in stage.asked if asked.headers["host"] == "elsewhere.example"]
    carried = json.dumps([[asked.headers, asked.values, asked.body.decode()] for asked in strange])
    assert not any(part in carried for part in case.key.values())
    assert "authorization" not in carried


@pytest.mark.parametrize("body", [b'"' + b"x" * 60_000 + b'"', b"[" * 40_000, b"\x00\xff\xfe", b""])
def test_a_body_that_is_too_long_too_deep_or_none_is_not_understood(body: bytes, case: Case, stage: Stage) -> None:
    always(Reply(body, 200), stage)
    failure = failure_of(stage, body_bytes=50_000)
    assert failure.reason in (Reason.NOT_UNDERSTOOD, Reason.UNKNOWN_ACCOUNT, Reason.GONE)


def ask_all(stage: Stage, client: Client) -> list[Reading]:
    """All that a network can be asked; failures count as nothing, any other exception comes through."""
    case, found = stage.case, list[Reading]()
    network = case.network()
    for ask in (
        lambda: network.find(client, case.typed[0]),
        lambda: network.profile(client, case.remote_id),
        lambda: list(network.recent_texts(client, case.remote_id)),
        lambda: network.check(client, case.remote_id, [*case.check["public"], *case.check["gone"]]),
        lambda: found.extend(
            reading for page in network.collect(client, case.remote_id, case.since) for reading in page.readings
        ),
    ):
        with suppress(Failure):
            ask()
    return found


def spoil(stage: Stage, seed: int, chance: float) -> None:
    dice = random.Random(seed)

    def damage(_asked: Asked, reply: Reply) -> Reply:
        if dice.random() >= chance:
            return reply
        return parsed_and_damaged(reply, dice, stage.case.spared)

    stage.trouble = damage


def parsed_and_damaged(reply: Reply, dice: random.Random, spared: frozenset[str]) -> Reply:
    """The reply with one thing wrong in its JSON, or torn where it has none."""
    try:
        parsed = Reply(json.loads(reply.encoded()), reply.status, reply.headers)
    except ValueError:
        return Reply(_torn(reply.encoded(), dice), reply.status, reply.headers)
    return damaged(parsed, dice, spared)


def _torn(body: bytes, dice: random.Random) -> bytes:
    cut = dice.randrange(len(body) + 1)
    return dice.choice([body[:cut], body[cut:], body[:cut] + b"\xff<" + body[cut:], b"<html>", b"<?xml", b"\x00" * 99])


@pytest.mark.parametrize("chance", [0.05, 0.3, 1.0])
def test_damaged_answers_end_in_a_reason_or_in_less(chance: float, case: Case, stage: Stage) -> None:
    known = {post.address for post in case.posts}
    for seed in range(30):
        spoil(stage, seed, chance)
        with stage.client() as client:
            found = ask_all(stage, client)
        for reading in found:
            assert reading.post.day <= stage.clock.now().date()
            assert reading.post.address in known or any(junk in reading.post.address for junk in JUNK_TEXTS if junk)
            for reaction in reading.reactions:
                assert reaction.actor_id is None or _may_be(reaction.actor_id, case)
                assert reaction.day is None or reading.post.day <= reaction.day <= stage.clock.now().date()
                assert reaction.count >= 1
                assert reaction.kind in {"like", "repost", "reply", "quote", "mention", "link"}


def _may_be(actor: str, case: Case) -> bool:
    """Somebody who was there, or a name that the damage itself made."""
    return actor in case.actors or any(part in JUNK_TEXTS for part in re.split(r"[@ /:]", actor))


def test_each_failure_has_its_reason(case: Case, stage: Stage) -> None:
    assert {failure["reason"] for failure in case.failures} & {"gone", "login_required", "key_refused"}
    for said in case.failures:
        always(as_reply(said), stage)
        assert failure_of(stage).reason == said["reason"], said


def test_neither_key_nor_names_reach_a_log_or_a_failure(
    case: Case, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    handle = str(case.profile["handle"]).removeprefix("@")
    secrets = [*case.key.values(), *case.people, case.remote_id, handle]
    everything(stage)
    said = [caplog.text]
    for trouble in [Reply(b"oops", 500), Reply({}, 429), Reply(b"[", 200), *map(as_reply, case.failures)]:
        always(trouble, stage)
        said.append(words(failure_of(stage)))
    said.append(caplog.text)
    assert [secret for secret in secrets if any(secret in text for text in said)] == []
