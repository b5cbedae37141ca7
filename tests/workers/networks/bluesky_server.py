"""An AppView on loopback with invented people, for what the real network cannot be brought to answer."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.workers.networks.loopback import Asked, LoopbackServer, Reply

Json = dict[str, object]
OWN = "did:plc:mira" + "a" * 20
HIDDEN = [{"src": OWN, "uri": f"at://{OWN}/app.bsky.actor.profile/self", "val": "!no-unauthenticated"}]
DAY = datetime(2026, 11, 10, 8, tzinfo=UTC)
_PAGE = 3


def did(name: str) -> str:
    """The DID of an invented person."""
    return f"did:plc:{name.ljust(24, 'z')[:24]}"


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def person(name: str, description: str = "", **more: object) -> Json:
    """A profile as lists of people show it."""
    return {
        "did": did(name), "handle": f"{name}.test", "displayName": name.title(), "description": description,
        "createdAt": "2024-02-03T10:00:00.000Z", "indexedAt": "2024-02-03T10:00:00.000Z", "labels": [], **more,
    }  # fmt: skip


def author(profile: Json) -> Json:
    """The same as posts show their author: without a description."""
    return {name: value for name, value in profile.items() if name != "description"}


class AppView(LoopbackServer):
    """One participant (`OWN`) whose posts, likes, reposts, quotes and replies are lists to be changed by the test."""

    def __init__(self) -> None:
        super().__init__(self._answer_to)
        self.profile: Json = {
            **person("mira", "Garten, Fahrrad. Erfunden."), "did": OWN, "handle": "mira.test", "followersCount": 31,
        }  # fmt: skip
        self.people: dict[str, Json] = {}
        self.feed: list[Json] = []
        self.likes: list[Json] = []
        self.reposts: list[Json] = []
        self.quotes: list[Json] = []
        self.replies: list[Json] = []
        self.loses_twins = False
        """Does a page of likes begin behind a moment, as on the reference server, and as long as was asked for?"""
        self.spoil: Callable[[str, Reply], Reply] = lambda _nsid, reply: reply

    # ---- what happens -----------------------------------------------------------------------------------------

    def post(self, key: str, text: str = "Hallo", at: datetime = DAY, **more: object) -> str:
        """A post of the participant, the newest last; its address in the network."""
        uri = f"at://{OWN}/app.bsky.feed.post/{key}"
        counts = {f"{kind}Count": 1 for kind in ("like", "repost", "quote", "reply")}
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": iso(at), "langs": ["de"]}
        view = {
            "uri": uri, "cid": "bafy", "author": author(self.profile), "record": record, "indexedAt": iso(at),
            "labels": [], **counts, **more,
        }  # fmt: skip
        self.feed.insert(0, {"post": view})
        return uri

    def known(self, name: str, description: str = "", **more: object) -> Json:
        """A person that getProfiles knows."""
        self.people[did(name)] = person(name, description, **more)
        return self.people[did(name)]

    def like(self, who: Json, at: datetime = DAY, **more: object) -> None:
        self.likes.append({"actor": who, "createdAt": iso(at), "indexedAt": iso(at), **more})

    def answer(self, who: Json, to: str, key: str, at: datetime = DAY) -> Json:
        """A reply; its post, to be changed."""
        made = self._post_of(who, key, at)
        made["record"] = {"text": "Ja", "createdAt": iso(at), "reply": {"root": {"uri": to}, "parent": {"uri": to}}}
        self.replies.append({"$type": "app.bsky.feed.defs#threadViewPost", "post": made})
        return made

    def quote(self, who: Json, key: str, at: datetime = DAY) -> None:
        self.quotes.append(self._post_of(who, key, at))

    def _post_of(self, who: Json, key: str, at: datetime) -> Json:
        uri = f"at://{who['did']}/app.bsky.feed.post/{key}"
        record: Json = {"text": "Schau", "createdAt": iso(at)}
        return {"uri": uri, "author": author(who), "record": record, "indexedAt": iso(at)}

    # ---- answers ----------------------------------------------------------------------------------------------

    def _answer_to(self, asked: Asked) -> Reply:
        nsid = asked.path.removeprefix("/xrpc/")
        answers: dict[str, Callable[[Asked], Reply]] = {
            "com.atproto.identity.resolveHandle": self._resolved,
            "app.bsky.actor.getProfile": lambda _asked: Reply(self.profile),
            "app.bsky.actor.getProfiles": self._profiles,
            "app.bsky.feed.getAuthorFeed": lambda asked: _paged(asked, "feed", self.feed),
            "app.bsky.feed.getLikes": self._likes,
            "app.bsky.feed.getRepostedBy": lambda asked: _paged(asked, "repostedBy", self.reposts),
            "app.bsky.feed.getQuotes": lambda asked: _paged(asked, "posts", self.quotes),
            "app.bsky.feed.getPostThread": self._post_thread,
            "app.bsky.feed.getPosts": self._posts,
        }
        return self.spoil(nsid, answers[nsid](asked))

    def _resolved(self, asked: Asked) -> Reply:
        if asked.params.get("handle") == self.profile.get("handle"):
            return Reply({"did": OWN})
        return Reply({"error": "InvalidRequest", "message": "Unable to resolve handle"}, 400)

    def _profiles(self, asked: Asked) -> Reply:
        return Reply({"profiles": [self.people[each] for each in asked.values["actors"] if each in self.people]})

    def _likes(self, asked: Asked) -> Reply:
        if not self.loses_twins:
            return _paged(asked, "likes", self.likes)
        size, before = int(asked.params["limit"]) // 33, asked.params.get("cursor", "Z")
        left = sorted((like for like in self.likes if str(like["createdAt"]) < before), key=_newest, reverse=True)
        more = {"cursor": _newest(left[size - 1])} if len(left) > size else {}
        return Reply({"likes": left[:size], **more})

    def _post_thread(self, _: Asked) -> Reply:
        post = self.feed[0]["post"]
        return Reply({"thread": {"$type": "app.bsky.feed.defs#threadViewPost", "post": post, "replies": self.replies}})

    def _posts(self, asked: Asked) -> Reply:
        known = [item["post"] for item in self.feed]
        wanted = asked.values["uris"]
        return Reply({"posts": [post for post in known if isinstance(post, dict) and post.get("uri") in wanted]})


def _newest(like: Json) -> str:
    return str(like["createdAt"])


def _paged(asked: Asked, key: str, items: list[Json]) -> Reply:
    start = int(asked.params.get("cursor", "0"))
    more = {"cursor": str(start + _PAGE)} if start + _PAGE < len(items) else {}
    return Reply({key: items[start : start + _PAGE], **more})
