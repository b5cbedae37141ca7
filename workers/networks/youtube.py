"""YouTube: public videos with the number of likes and the comments with their authors, by the Data API v3.

Source: https://developers.google.com/youtube/v3/docs. Every call here costs one unit of the 10,000 of a day. The key
goes in the header `X-goog-api-key`. Only comments to the video itself count, not those to other comments.
"""

import re
from collections.abc import Iterator
from datetime import date

from workers.networks import untrusted
from workers.networks.client import Client, Secret
from workers.networks.door import Actor, admitted, carries_mark, joined, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi, counted, gone_if_unknown, links_in
from workers.networks.listing import Listing, Lists
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_API = "https://www.googleapis.com/youtube/v3"
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}\Z")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}\Z")
_HANDLE = re.compile(r"@[\w.·-]{3,30}\Z")
_PAGE = re.compile(r"https://(?:www\.|m\.)?youtube\.com/(?:channel/)?(?P<name>@?[^/?#\s]+)/?\Z")
_WATCH = "https://www.youtube.com/watch?v="
_AT_ONCE = 50
_SPENT = frozenset({"quotaExceeded", "rateLimitExceeded", "dailyLimitExceeded", "userRateLimitExceeded"})
_NO_KEY = frozenset({"keyInvalid", "keyExpired", "accessNotConfigured", "forbidden", "ipRefererBlocked", "badRequest"})
_CLOSED = "commentsDisabled"
_MISSING = frozenset({"channelNotFound", "playlistNotFound", "videoNotFound", "notFound"})


class YouTube:
    """The network `youtube`. `remote_id` and the ids of who comments are those of channels."""

    name = "youtube"
    needs: tuple[str, ...] = ("key",)
    proofs = frozenset({"bio", "post"})
    cost = Cost(once=5, each=2)

    def __init__(self, key: str) -> None:
        self._secret = Secret(headers={"X-goog-api-key": key})

    def find(self, client: Client, address: str) -> Profile:
        """The profile for `@handle`, the id of a channel or the address of its page."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = page["name"] if page else typed
        by = "id" if _CHANNEL.match(name) else "forHandle"
        if by == "forHandle" and not _HANDLE.match(name):
            raise Failure(Reason.BAD_ADDRESS)
        return _profile(_channel(self._api(client), {by: name}))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now."""
        try:
            found = _profile(_channel(self._api(client), {"id": remote_id}))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != remote_id:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Descriptions of the newest public videos, at most 20."""
        videos, _ = _Run(self._api(client), remote_id).feed(None)
        return (_text(video, "description") for video in videos[:20])

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public videos with the number of likes and the comments to them."""
        run = _Run(self._api(client), remote_id)
        posts = Posts(run.feed, run.key, lambda video: run.read(video, since), lambda items: run.is_over(items, since))
        return pages(posts, run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given videos that are gone, or no longer public."""
        api = self._api(client)
        ids = {address: address.removeprefix(_WATCH) for address in addresses if address.startswith(_WATCH)}
        shown = set()
        known = [number for number in ids.values() if _VIDEO.match(number)]
        for start in range(0, len(known), _AT_ONCE):
            some = {"part": "snippet,status", "id": ",".join(known[start : start + _AT_ONCE])}
            videos = untrusted.records(api.ask("/videos", some).get("items"))
            shown |= {_id(video) for video in videos if _is_public(video, remote_id)}
        return frozenset(address for address in addresses if ids.get(address) not in shown)

    def _api(self, client: Client) -> KeyedApi:
        return KeyedApi(client, _API, self._secret, _refusal)


class _Run:
    """Reads one channel once."""

    def __init__(self, api: KeyedApi, channel: str) -> None:
        self.lists = Lists()
        self._api = api
        self._channel = channel
        self._people: dict[str, Record] = {}

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """The videos of a page of the uploads, and the token of the next page. Raises Failure."""
        uploads = "UU" + self._channel.removeprefix("UC")
        asked: dict[str, str | int] = {"part": "contentDetails", "playlistId": uploads, "maxResults": _AT_ONCE}
        try:
            answer = self._api.ask("/playlistItems", asked | ({"pageToken": cursor} if cursor else {}))
        except Failure as failure:
            if failure.reason is Reason.UNKNOWN_ACCOUNT and cursor is None:
                return [], None  # a channel without a video has no such list
            raise
        items = untrusted.records(answer.get("items"))
        ids = [_text_of(untrusted.record(item.get("contentDetails")), "videoId") for item in items]
        return self._videos([one for one in dict.fromkeys(ids) if _VIDEO.match(one)]), _token(answer)

    def key(self, video: Record) -> str:
        """The id of a public video of the channel; empty for anything else."""
        return _id(video) if _is_public(video, self._channel) else ""

    def is_over(self, videos: list[Record], since: date) -> bool:
        """Whether the uploads of a page lie before the window."""
        days = [day for video in videos if (day := self._day(video))]
        return bool(days) and max(days) < since

    def read(self, video: Record, since: date) -> Reading | None:
        """A video with its reactions."""
        posted = self._day(video)
        if posted is None or posted < since:
            return None
        numbers = untrusted.record(video.get("statistics"))
        likes = counted("like", numbers.get("likeCount"))
        complete = {"like"} if untrusted.quantity(numbers.get("likeCount")) is not None else set()
        comments, whole = self._comments(video, posted)
        text = f"{_text(video, 'title')}\n{_text(video, 'description')}"
        post = Post(_WATCH + _id(video), posted, text)
        return Reading(post, (*likes, *joined(comments)), frozenset(complete | ({"reply"} if whole else set())))

    def _videos(self, ids: list[str]) -> list[Record]:
        if not ids:
            return []
        answer = self._api.ask("/videos", {"part": "snippet,statistics,status", "id": ",".join(ids)})
        found = {_id(video): video for video in untrusted.records(answer.get("items"))}
        return [found[one] for one in ids if one in found]

    def _day(self, video: Record) -> date | None:
        return self._api.day(untrusted.record(video.get("snippet")).get("publishedAt"))

    def _comments(self, video: Record, posted: date) -> tuple[list[Reaction], bool]:
        expected = untrusted.quantity(untrusted.record(video.get("statistics")).get("commentCount"))
        if not expected:
            return [], expected == 0
        listing = self._listing(_id(video))
        comments = [_top(item) for item in listing.items]
        self._look_up([_author(comment) for comment in comments])
        found = [self._reply(comment, posted) for comment in comments]
        return [reaction for reaction in found if reaction], listing.complete

    def _listing(self, video: str) -> Listing:
        params: dict[str, str | int] = {"part": "snippet", "videoId": video, "maxResults": 100, "order": "time"}

        def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
            answer = self._api.ask("/commentThreads", params | ({"pageToken": cursor} if cursor else {}))
            return untrusted.records(answer.get("items")), _token(answer)

        return self.lists.read("reply", fetch, _id)

    def _look_up(self, authors: list[str]) -> None:
        """Fetches the channels of who comments, for their age and their wish not to be collected."""
        new = [one for one in dict.fromkeys(authors) if _CHANNEL.match(one) and one not in self._people]
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            answer = self._api.ask("/channels", {"part": "snippet", "id": ",".join(some), "maxResults": _AT_ONCE})
            self._people |= {_id(item): item for item in untrusted.records(answer.get("items"))}

    def _reply(self, comment: Record, posted: date) -> Reaction | None:
        author = _author(comment)
        who = self._people.get(author)
        day = reaction_day(untrusted.moment(comment.get("publishedAt")), posted, self._api.today)
        if who is None or day is None:
            return None
        closed = carries_mark(_text(who, "description"))
        created = untrusted.record(who.get("snippet")).get("publishedAt", "")
        return admitted("reply", Actor(author, author == self._channel, closed, created), posted, day)


def _refusal(status: int, body: Record) -> Failure | None:
    said = untrusted.record(body.get("error"))
    reasons = {_text_of(each, "reason") for each in untrusted.records(said.get("errors"))}
    if reasons & _SPENT:
        return Failure(Reason.RATE_LIMITED)
    if _CLOSED in reasons:
        return Failure(Reason.OPTED_OUT)
    if reasons & _MISSING:
        return Failure(Reason.UNKNOWN_ACCOUNT)
    return Failure(Reason.KEY_REFUSED) if reasons & _NO_KEY and status >= 400 else None  # noqa: PLR2004 - an error


def _channel(api: KeyedApi, named: dict[str, str]) -> Record:
    answer = api.ask("/channels", {"part": "snippet,statistics,status"} | named)
    items = untrusted.records(answer.get("items"))
    if not items:
        raise Failure(Reason.UNKNOWN_ACCOUNT if "items" in answer or "pageInfo" in answer else Reason.NOT_UNDERSTOOD)
    if not _CHANNEL.match(_id(items[0])):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return items[0]


def _profile(channel: Record) -> Profile:
    if untrusted.record(channel.get("status")).get("privacyStatus", "public") != "public":
        raise Failure(Reason.GONE)
    number, bio = _id(channel), _text(channel, "description")
    numbers = untrusted.record(channel.get("statistics"))
    hidden = numbers.get("hiddenSubscriberCount") is True
    return Profile(
        remote_id=number,
        handle=_text(channel, "customUrl") or _text(channel, "title") or number,
        host="youtube.com",
        address=f"https://www.youtube.com/channel/{number}",
        bio=bio,
        links=links_in(bio),
        followers=None if hidden else untrusted.quantity(numbers.get("subscriberCount")),
        actor_id=number,
    )


def _is_public(video: Record, channel: str) -> bool:
    status, said = untrusted.record(video.get("status")), untrusted.record(video.get("snippet"))
    public = status.get("privacyStatus") == "public" and said.get("channelId") == channel
    return public and bool(_VIDEO.match(_id(video)))


def _top(thread: Record) -> Record:
    said = untrusted.record(thread.get("snippet"))
    if said.get("isPublic") is False:
        return {}
    return untrusted.record(untrusted.record(said.get("topLevelComment")).get("snippet"))


def _author(comment: Record) -> str:
    return _text_of(untrusted.record(comment.get("authorChannelId")), "value")


def _token(answer: Record) -> str | None:
    return _text_of(answer, "nextPageToken") or None


def _id(item: Record) -> str:
    return _text_of(item, "id")


def _text(item: Record, name: str) -> str:
    return untrusted.text(untrusted.record(item.get("snippet")).get(name))


def _text_of(item: Record, name: str) -> str:
    return untrusted.text(item.get(name), 1000)
