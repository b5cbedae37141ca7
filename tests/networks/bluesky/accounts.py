"""What a seeded scenario became, and what its accounts can do afterwards through the PDS's public methods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import httpx

PASSWORD = "local-only"  # of all invented accounts, see seed-network.mjs
PROFILE = "app.bsky.actor.profile"

Record = dict[str, str]


class WriteRefusedError(RuntimeError):
    """The PDS refused a write; the text is its answer."""


@dataclass
class SeedResult:
    """The scenario's ids and what they became; its verbs write on, and return when the AppView shows it.

    `dids` and `handles` by account id, `records` by event id as {"uri", "cid"}; `timings` in seconds.
    """

    dids: dict[str, str]
    handles: dict[str, str]
    records: dict[str, Record]
    timings: dict[str, float]
    pds: str
    settle: Callable[[], None]
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, written: dict[str, Any], pds: str, settle: Callable[[], None]) -> Self:
        """From the JSON that seed-network.mjs prints."""
        return cls(written["dids"], written["handles"], written["records"], written["timings"], pds, settle)

    def post(self, by: str, text: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A public post, now unless `at` says otherwise; kept in `records` under `record_id` if given."""
        return self._create(by, "app.bsky.feed.post", {"text": text}, at, record_id)

    def reply(self, by: str, to: str, text: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A reply to the first post of a thread, given by its record id."""
        target = self.records[to]
        value = {"text": text, "reply": {"root": target, "parent": target}}
        return self._create(by, "app.bsky.feed.post", value, at, record_id)

    def quote(self, by: str, of: str, text: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A post that quotes a record."""
        value = {"text": text, "embed": {"$type": "app.bsky.embed.record", "record": self.records[of]}}
        return self._create(by, "app.bsky.feed.post", value, at, record_id)

    def like(self, by: str, of: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A like of a record."""
        return self._create(by, "app.bsky.feed.like", {"subject": self.records[of]}, at, record_id)

    def repost(self, by: str, of: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A repost of a record."""
        return self._create(by, "app.bsky.feed.repost", {"subject": self.records[of]}, at, record_id)

    def follow(self, by: str, whom: str, at: datetime | None = None, record_id: str | None = None) -> Record:
        """A follow of an account."""
        return self._create(by, "app.bsky.graph.follow", {"subject": self.dids[whom]}, at, record_id)

    def delete(self, record_id: str) -> None:
        """Deletes a post, like, repost or follow by its record id."""
        did, collection, rkey = self.records.pop(record_id)["uri"].removeprefix("at://").split("/")
        by = next(account for account, known in self.dids.items() if known == did)
        self._write(by, "com.atproto.repo.deleteRecord", {"repo": did, "collection": collection, "rkey": rkey})

    def set_bio(self, who: str, text: str) -> None:
        """Sets the description of a profile and leaves the rest of it (name, date, self-labels) as it was."""
        self._put_profile(who, {**self.profile(who), "description": text})

    def set_opted_out(self, who: str, opted_out: bool) -> None:
        """Sets or lifts the self-label that asks not to be shown to people who are not signed in."""
        values = [{"val": "!no-unauthenticated"}] if opted_out else []
        labels = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
        self._put_profile(who, {**self.profile(who), "labels": labels})

    def profile(self, who: str) -> dict[str, Any]:
        """The account's own profile record as it lies in its repository; empty where it has none."""
        query = {"repo": self.dids[who], "collection": PROFILE, "rkey": "self"}
        answer = httpx.get(f"{self.pds}/xrpc/com.atproto.repo.getRecord", params=query, timeout=30, trust_env=False)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            return {"$type": PROFILE}
        found: dict[str, Any] = answer.raise_for_status().json()["value"]
        return found

    def rename(self, who: str, handle: str) -> None:
        """Gives the account another handle, which must end in `.test`; its DID stays."""
        self._write(who, "com.atproto.identity.updateHandle", {"handle": handle})
        self.handles[who] = handle

    def deactivate(self, who: str) -> None:
        """Switches the account off; its posts and reactions vanish until it is switched on again."""
        self._write(who, "com.atproto.server.deactivateAccount", {})

    def activate(self, who: str) -> None:
        """Switches the account on again."""
        self._write(who, "com.atproto.server.activateAccount", None)

    def _create(
        self, by: str, collection: str, value: dict[str, Any], at: datetime | None, record_id: str | None
    ) -> Record:
        moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
        record = {"$type": collection, **value, "createdAt": moment.replace("+00:00", "Z")}
        body = {"repo": self.dids[by], "collection": collection, "record": record}
        answer = self._write(by, "com.atproto.repo.createRecord", body)
        made = {"uri": answer["uri"], "cid": answer["cid"]}
        if record_id is not None:
            self.records[record_id] = made
        return made

    def _put_profile(self, who: str, record: dict[str, Any]) -> None:
        body = {"repo": self.dids[who], "collection": PROFILE, "rkey": "self", "record": record}
        self._write(who, "com.atproto.repo.putRecord", body)

    def _write(self, by: str, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = self._call(method, body, self._token(by))
        self.settle()
        return answer

    def _token(self, who: str) -> str:
        if who not in self._tokens:
            signed_in = self._call(
                "com.atproto.server.createSession", {"identifier": self.dids[who], "password": PASSWORD}, None
            )
            self._tokens[who] = signed_in["accessJwt"]
        return self._tokens[who]

    def _call(self, method: str, body: dict[str, Any] | None, token: str | None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.pds}/xrpc/{method}", json=body, headers=headers, timeout=30, trust_env=False)
        if answer.is_error:
            raise WriteRefusedError(f"{method}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else {}
