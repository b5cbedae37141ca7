"""The real network itself: it shows what was seeded, lets accounts act, and leaves nothing behind."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.networks.bluesky import network as network_module
from tests.networks.bluesky.accounts import SeedResult, WriteRefusedError
from tests.networks.bluesky.fixtures import do_without
from tests.networks.bluesky.network import (
    HERE,
    BlueskyNetwork,
    NetworkFailedError,
    NetworkUnavailableError,
    install,
)
from tests.networks.bluesky.postgres import free_ports
from tests.networks.bluesky.scenario import (
    DEACTIVATED,
    DELETED_POST,
    OPTED_OUT,
    PARTICIPANT,
    RENAMED,
    UNDATED,
    YOUNG,
    main_job_scenario,
)

pytestmark = pytest.mark.slow

LISTS: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "like": ("getLikes", "likes", lambda item: item["actor"]["did"]),
    "repost": ("getRepostedBy", "repostedBy", lambda item: item["did"]),
}
PAIR = {
    "accounts": [
        {"id": "ina", "handle": "ina-pair.test", "displayName": "Ina", "at": "2024-05-01T10:00:00Z"},
        {"id": "ole", "handle": "ole-pair.test", "labels": ["!no-unauthenticated"]},
        {"id": "bare", "handle": "bare-pair.test"},
    ],
    "events": [{"type": "post", "id": "hello", "by": "ina", "text": "Hallo", "at": "2026-01-01T10:00:00Z"}],
}


class Reader:
    """An anonymous reader of the AppView."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, method: str, **query: Any) -> tuple[int, Any]:
        answer = self._client.get(method, params=query)
        return answer.status_code, answer.json()

    def get(self, method: str, **query: Any) -> Any:
        status, body = self.ask(method, **query)
        assert status == httpx.codes.OK, body
        return body

    def profile(self, actor: str) -> Any:
        return self.get("app.bsky.actor.getProfile", actor=actor)

    def pages(self, method: str, key: str, **query: Any) -> list[Any]:
        items: list[Any] = []
        while True:
            body = self.get(method, limit=10, **query)
            items += body[key]
            if "cursor" not in body:
                return items
            query["cursor"] = body["cursor"]


@pytest.fixture(scope="session")
def scenario() -> dict[str, Any]:
    return main_job_scenario(datetime.now(UTC).date(), suffix="-net")


@pytest.fixture(scope="session")
def seeded(bluesky_network: BlueskyNetwork, scenario: dict[str, Any]) -> SeedResult:
    return bluesky_network.seed(scenario)


@pytest.fixture(scope="session")
def pair(bluesky_network: BlueskyNetwork) -> SeedResult:
    return bluesky_network.seed(PAIR)


@pytest.fixture
def reader(bluesky_network: BlueskyNetwork) -> Iterator[Reader]:
    base = f"{bluesky_network.appview}/xrpc/"
    with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
        yield Reader(client)


def living_posts(scenario: dict[str, Any]) -> list[str]:
    return [
        event["id"]
        for event in scenario["events"]
        if event["by"] == PARTICIPANT and event["type"] in ("post", "reply") and event["id"] != DELETED_POST
    ]


def remaining(scenario: dict[str, Any], key: str, post: str) -> list[dict[str, Any]]:
    """The events that point at a post by a key and are still to be seen, opted-out people's among them."""
    gone = {step["what"] for step in scenario["after"] if step["do"] == "delete"}
    return [
        event
        for event in scenario["events"]
        if event.get(key) == post and event.get("id") not in gone and event["by"] != DEACTIVATED
    ]


@pytest.mark.parametrize("kind", ["like", "repost"])
def test_the_appview_lists_everybody_who_liked_or_shared(
    reader: Reader, seeded: SeedResult, scenario: dict[str, Any], kind: str
) -> None:
    method, key, who = LISTS[kind]
    for post in living_posts(scenario):
        shown = [who(item) for item in reader.pages(f"app.bsky.feed.{method}", key, uri=seeded.records[post]["uri"])]
        told = [seeded.dids[event["by"]] for event in remaining(scenario, "of", post) if event["type"] == kind]
        assert sorted(shown) == sorted(told), post


def test_the_appview_lists_every_quote_and_reply(reader: Reader, seeded: SeedResult, scenario: dict[str, Any]) -> None:
    for post in living_posts(scenario):
        uri = seeded.records[post]["uri"]
        quotes = [item["uri"] for item in reader.pages("app.bsky.feed.getQuotes", "posts", uri=uri)]
        told = [seeded.records[event["id"]]["uri"] for event in remaining(scenario, "quote", post)]
        assert sorted(quotes) == sorted(told), post
        thread = reader.get("app.bsky.feed.getPostThread", uri=uri, depth=1, parentHeight=0)["thread"]
        replies = [item["post"]["uri"] for item in thread["replies"] if "post" in item]
        told = [seeded.records[event["id"]]["uri"] for event in remaining(scenario, "to", post)]
        assert sorted(replies) == sorted(told), post


def test_the_author_feed_holds_every_living_post(reader: Reader, seeded: SeedResult, scenario: dict[str, Any]) -> None:
    feed = reader.pages("app.bsky.feed.getAuthorFeed", "feed", actor=seeded.dids[PARTICIPANT])
    own = {item["post"]["uri"] for item in feed if "reason" not in item}
    assert own == {seeded.records[post]["uri"] for post in living_posts(scenario)}


def test_likes_tell_their_date_and_the_age_of_who_liked(
    reader: Reader, seeded: SeedResult, scenario: dict[str, Any]
) -> None:
    born = {seeded.dids[account["id"]]: account.get("at") for account in scenario["accounts"]}
    for post in ("p24", "p25"):
        likes = reader.pages("app.bsky.feed.getLikes", "likes", uri=seeded.records[post]["uri"])
        dates = {seeded.dids[e["by"]]: e["at"] for e in remaining(scenario, "of", post) if e["type"] == "like"}
        assert {like["actor"]["did"]: like["createdAt"] for like in likes} == dates
        ages = {like["actor"]["did"]: like["actor"].get("createdAt") for like in likes}
        assert ages == {did: born[did] for did in dates}
    assert born[seeded.dids[YOUNG]]
    assert born[seeded.dids[UNDATED]] is None


def test_reposters_quoters_and_repliers_tell_their_age_too(
    reader: Reader, seeded: SeedResult, scenario: dict[str, Any]
) -> None:
    born = next(account["at"] for account in scenario["accounts"] if account["id"] == YOUNG)
    uri = seeded.records["p24"]["uri"]
    reposts = reader.pages("app.bsky.feed.getRepostedBy", "repostedBy", uri=uri)
    quotes = reader.pages("app.bsky.feed.getQuotes", "posts", uri=uri)
    thread = reader.get("app.bsky.feed.getPostThread", uri=uri, depth=1)["thread"]
    replies = [reply["post"] for reply in thread["replies"]]
    authors = [*reposts, *(post["author"] for post in (*quotes, *replies))]
    young = [author for author in authors if author["did"] == seeded.dids[YOUNG]]
    assert [author["createdAt"] for author in young] == [born] * 3


def test_the_follower_count_includes_the_hidden_and_the_switched_off(reader: Reader, seeded: SeedResult) -> None:
    assert reader.profile(seeded.dids[PARTICIPANT])["followersCount"] == 23


def test_the_self_label_is_shown_to_anonymous_readers(reader: Reader, seeded: SeedResult) -> None:
    labels = reader.profile(seeded.dids[OPTED_OUT])["labels"]
    assert [(label["val"], label["src"]) for label in labels] == [("!no-unauthenticated", seeded.dids[OPTED_OUT])]


def test_a_deactivated_account_says_so_and_a_renamed_one_keeps_its_did(reader: Reader, seeded: SeedResult) -> None:
    status, body = reader.ask("app.bsky.actor.getProfile", actor=seeded.dids[DEACTIVATED])
    assert (status, body["error"]) == (400, "AccountDeactivated")
    assert reader.profile(seeded.dids[RENAMED])["handle"] == "rena-neu-net.test"


def test_a_bio_changes_and_the_rest_of_the_profile_stays(reader: Reader, pair: SeedResult) -> None:
    pair.set_bio("ina", "klarwert-1234")
    profile = reader.profile(pair.dids["ina"])
    assert (profile["description"], profile["displayName"]) == ("klarwert-1234", "Ina")
    assert profile["createdAt"] == "2024-05-01T10:00:00.000Z"
    pair.set_bio("ole", "still here")
    assert reader.profile(pair.dids["ole"])["labels"][0]["val"] == "!no-unauthenticated"


def test_an_account_without_a_profile_gets_a_bio(reader: Reader, pair: SeedResult) -> None:
    pair.set_bio("bare", "first words")
    assert reader.profile(pair.dids["bare"])["description"] == "first words"


def test_opting_out_can_be_set_and_lifted(reader: Reader, pair: SeedResult) -> None:
    pair.set_opted_out("ina", True)
    assert [label["val"] for label in reader.profile(pair.dids["ina"])["labels"]] == ["!no-unauthenticated"]
    pair.set_opted_out("ina", False)
    assert reader.profile(pair.dids["ina"])["labels"] == []


def test_accounts_react_and_take_it_back_and_the_appview_shows_it_at_once(reader: Reader, pair: SeedResult) -> None:
    pair.post("bare", "new", record_id="new")
    pair.like("ina", "new", record_id="liked")
    pair.repost("ina", "new")
    pair.reply("ina", "new", "reply")
    pair.quote("ina", "new", "quote", at=datetime(2026, 1, 2, 23, 59, tzinfo=UTC))
    pair.follow("ina", "bare")
    [post] = reader.get("app.bsky.feed.getPosts", uris=pair.records["new"]["uri"])["posts"]
    assert [post[f"{kind}Count"] for kind in ("like", "repost", "reply", "quote")] == [1, 1, 1, 1]
    assert reader.profile(pair.dids["bare"])["followersCount"] == 1
    pair.delete("liked")
    assert reader.get("app.bsky.feed.getLikes", uri=post["uri"])["likes"] == []
    pair.delete("new")
    assert reader.get("app.bsky.feed.getPosts", uris=post["uri"])["posts"] == []


def test_an_account_is_switched_off_and_on_and_renamed(reader: Reader, pair: SeedResult) -> None:
    pair.deactivate("ole")
    assert reader.ask("app.bsky.actor.getProfile", actor=pair.dids["ole"])[0] == httpx.codes.BAD_REQUEST
    pair.activate("ole")
    pair.rename("ole", "ole-renamed.test")
    assert reader.profile(pair.dids["ole"])["handle"] == pair.handles["ole"] == "ole-renamed.test"


def test_a_refused_write_says_what_the_server_said(pair: SeedResult) -> None:
    with pytest.raises(WriteRefusedError, match=r"updateHandle: 400 .*"):
        pair.rename("bare", "not a handle")


def test_a_wrong_scenario_is_refused_with_its_reason(bluesky_network: BlueskyNetwork) -> None:
    with pytest.raises(NetworkFailedError, match="unknown event type"):
        bluesky_network.seed({"accounts": [], "events": [{"type": "wave", "at": "2026-01-01T00:00:00Z"}]})


@pytest.mark.usefixtures("seeded")
def test_nothing_tries_to_leave_this_machine(bluesky_network: BlueskyNetwork) -> None:
    assert bluesky_network.stats()["egressAttempts"] == []


def test_the_directory_and_the_data_server_answer(bluesky_network: BlueskyNetwork, pair: SeedResult) -> None:
    document = httpx.get(f"{bluesky_network.plc}/{pair.dids['ina']}", trust_env=False).json()
    assert document["id"] == pair.dids["ina"]
    status = httpx.get(
        f"{bluesky_network.pds}/xrpc/com.atproto.sync.getRepoStatus", params={"did": pair.dids["ina"]}, trust_env=False
    )
    assert status.json()["active"] is True


def test_a_network_that_does_not_run_says_so() -> None:
    idle = BlueskyNetwork()
    idle.stop()
    with pytest.raises(NetworkFailedError, match="does not run"):
        _ = idle.appview


@pytest.mark.usefixtures("bluesky_network")
def test_a_port_that_was_taken_meanwhile_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        stale = [[squatter.getsockname()[1], *free_ports(4)]]
        monkeypatch.setattr(network_module, "free_ports", lambda number: stale.pop() if stale else free_ports(number))
        with BlueskyNetwork() as second:
            assert httpx.get(f"{second.appview}/xrpc/_health", trust_env=False).is_success


STARTED_AND_KILLED = """
import json, sys, time
from tests.networks.bluesky.network import BlueskyNetwork
network = BlueskyNetwork()
network.start()
folders = [str(network._scratch), str(network._postgres._scratch)]
print(json.dumps({"folders": folders, "ports": [network.appview, network.pds, network._postgres.url]}), flush=True)
time.sleep(600)
"""


@pytest.mark.usefixtures("bluesky_network")
def test_a_killed_test_run_leaves_no_process_and_no_file() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTED_AND_KILLED], stdout=subprocess.PIPE, text=True, cwd=HERE.parents[2]
    ) as run:
        assert run.stdout
        there = json.loads(run.stdout.readline())
        assert all(Path(folder).is_dir() for folder in there["folders"])
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(Path(folder).exists() for folder in there["folders"]) or any(map(answers, there["ports"])):
        assert time.monotonic() < deadline, there
        time.sleep(0.05)


def answers(address: str) -> bool:
    """True while somebody listens on the port of an address."""
    url = httpx.URL(address)
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", url.port or 0)) == 0


@pytest.fixture
def bare_checkout(tmp_path: Path) -> Path:
    """The folder as git has it, without installed packages."""
    for name in ("install.sh", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, tmp_path)
    return tmp_path


def machine_with(tmp_path: Path, *tools: str) -> str:
    """A PATH that holds just these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("cat", "cut", "dirname", "sha256sum", "uname", *tools):
        (folder / tool).symlink_to(shutil.which(tool) or "/bin/false")
    return str(folder)


def test_a_machine_without_node_is_told_what_is_missing(bare_checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", machine_with(bare_checkout))
    with pytest.raises(
        NetworkUnavailableError, match=r"^The Bluesky test network cannot be installed: node is missing"
    ):
        install(bare_checkout)


def test_a_machine_without_compiler_is_told_what_is_missing(
    bare_checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", machine_with(bare_checkout, "node", "npm", "python3", "make"))
    with pytest.raises(NetworkUnavailableError, match=r"g\+\+ is missing"):
        install(bare_checkout)


@pytest.mark.usefixtures("bluesky_network")
def test_an_installed_network_needs_no_tools_and_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", machine_with(tmp_path))
    began = time.monotonic()
    install()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("setting", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_network_fails_in_ci_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, setting: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", setting)
    with pytest.raises(outcome, match="node is missing"):
        do_without("node is missing")
