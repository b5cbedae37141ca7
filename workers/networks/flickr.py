"""Flickr: public photos with who marked them as a favourite and who commented, by its REST API.

Source: https://www.flickr.com/services/api/. The key is a parameter of each request; failures come with status 200. The
network tells nothing about the age of the accounts that react.
"""

import re
from collections.abc import Iterator
from datetime import date

from workers.networks import untrusted
from workers.networks.client import Client, Secret
from workers.networks.door import Actor, admitted, joined, reaction_day
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi, gone_if_unknown
from workers.networks.listing import Fetch, Lists
from workers.networks.markup import read_html
from workers.networks.shape import Cost, Page, Post, Profile, Reaction, Reading
from workers.networks.untrusted import Record
from workers.networks.walk import Posts, pages

_API = "https://api.flickr.com/services/rest"
_NSID = re.compile(r"[0-9]{1,12}@N[0-9]{2}\Z")
_ALIAS = re.compile(r"[A-Za-z0-9_-]{2,40}\Z")
_PAGE = re.compile(r"https://(?:www\.)?flickr\.com/(?:photos|people)/(?P<name>[^/?#\s]+)/?\Z")
_ID = re.compile(r"[0-9]{1,20}\Z")
_AT_ONCE = 100
_FAVOURITES = 50
_UNKNOWN, _DELETED, _NO_KEY, _AWAY = 1, 5, 100, 105


class Flickr:
    """The network `flickr`. `remote_id` and the ids of who reacts are NSIDs (`12345678@N00`)."""

    name = "flickr"
    needs: tuple[str, ...] = ("key",)
    proofs = frozenset({"bio", "rel_me", "post"})
    cost = Cost(once=2, each=2)

    def __init__(self, key: str) -> None:
        self._secret = Secret(params={"api_key": key})

    def find(self, client: Client, address: str) -> Profile:
        """The profile for an NSID, the name in the address of somebody's photos, or that address."""
        typed = address.strip()
        page = _PAGE.match(typed)
        name = page["name"] if page else typed.removeprefix("@")
        if _NSID.match(name):
            return _profile(_person(self._api(client), name))
        if not _ALIAS.match(name):
            raise Failure(Reason.BAD_ADDRESS)
        api = self._api(client)
        answer = _ask(api, "flickr.urls.lookupUser", url=f"https://www.flickr.com/photos/{name}/")
        return _profile(_person(api, _text(untrusted.record(answer.get("user")), "id")))

    def profile(self, client: Client, remote_id: str) -> Profile:
        """The profile of now."""
        try:
            found = _profile(_person(self._api(client), remote_id))
        except Failure as failure:
            raise gone_if_unknown(failure) from None
        if found.remote_id != remote_id:
            raise Failure(Reason.NOT_UNDERSTOOD)
        return found

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:
        """Titles and descriptions of the newest public photos, at most 20."""
        photos, _ = _Run(self._api(client), remote_id).feed(None)
        return (_words(photo) for photo in photos[:20])

    def collect(self, client: Client, remote_id: str, since: date, resume: str | None = None) -> Iterator[Page]:
        """The public photos with favourites and comments."""
        run = _Run(self._api(client), remote_id)
        posts = Posts(run.feed, run.key, lambda photo: run.read(photo, since), lambda items: run.is_over(items, since))
        return pages(posts, run.lists, resume)

    def check(self, client: Client, remote_id: str, addresses: list[str]) -> frozenset[str]:
        """Those of the given photos that are gone, or no longer public."""
        api, before = self._api(client), f"https://www.flickr.com/photos/{remote_id}/"
        numbers = {address: address.removeprefix(before) for address in addresses if address.startswith(before)}
        shown = {number for number in numbers.values() if _ID.match(number) and _is_shown(api, number)}
        return frozenset(address for address in addresses if numbers.get(address) not in shown)

    def _api(self, client: Client) -> KeyedApi:
        return KeyedApi(client, _API, self._secret, _refusal)


class _Run:
    """Reads one account once."""

    def __init__(self, api: KeyedApi, account: str) -> None:
        self.lists = Lists()
        self._api = api
        self._account = account

    def feed(self, cursor: str | None) -> tuple[list[Record], str | None]:
        """Public photos, newest upload first, and the number of the next page."""
        page = untrusted.quantity(cursor) or 1
        answer = _ask(
            self._api, "flickr.people.getPublicPhotos", user_id=self._account, extras="date_upload,description",
            per_page=_AT_ONCE, page=page,
        )  # fmt: skip
        photos = untrusted.record(answer.get("photos"))
        following = page + 1 if page < (untrusted.quantity(photos.get("pages")) or 0) else None
        return untrusted.records(photos.get("photo")), str(following) if following else None

    def key(self, photo: Record) -> str:
        """The number of a public photo of the account; empty for anything else."""
        shown = untrusted.quantity(photo.get("ispublic")) == 1 and _text(photo, "owner") == self._account
        return _text(photo, "id") if shown and _ID.match(_text(photo, "id")) else ""

    def is_over(self, photos: list[Record], since: date) -> bool:
        """Whether the uploads of a page lie before the window."""
        days = [day for photo in photos if (day := self._api.day(photo.get("dateupload")))]
        return bool(days) and max(days) < since

    def read(self, photo: Record, since: date) -> Reading | None:
        """A photo with its reactions."""
        posted = self._api.day(photo.get("dateupload"))
        if posted is None or posted < since:
            return None
        number, reactions, complete = _text(photo, "id"), list[Reaction](), set()
        for kind, fetch, author, moment in (
            ("like", self._favourites(number), "nsid", "favedate"),
            ("reply", self._comments(number), "author", "datecreate"),
        ):
            listing = self.lists.read(kind, fetch, _key)
            found = [
                self._reaction(kind, item, _text(item, author), item.get(moment), posted) for item in listing.items
            ]
            reactions += [one for one in found if one]
            complete |= {kind} if listing.complete else set()
        made = Post(f"https://www.flickr.com/photos/{self._account}/{number}", posted, _words(photo))
        return Reading(made, joined(reactions), frozenset(complete))

    def _favourites(self, number: str) -> Fetch:
        def fetch(cursor: str | None) -> tuple[list[Record], str | None]:
            page = untrusted.quantity(cursor) or 1
            answer = _ask(self._api, "flickr.photos.getFavorites", photo_id=number, per_page=_FAVOURITES, page=page)
            photo = untrusted.record(answer.get("photo"))
            following = page + 1 if page < (untrusted.quantity(photo.get("pages")) or 0) else None
            return untrusted.records(photo.get("person")), str(following) if following else None

        return fetch

    def _comments(self, number: str) -> Fetch:
        def fetch(_cursor: str | None) -> tuple[list[Record], str | None]:
            answer = _ask(self._api, "flickr.photos.comments.getList", photo_id=number)
            return untrusted.records(untrusted.record(answer.get("comments")).get("comment")), None

        return fetch

    def _reaction(self, kind: str, item: Record, author: str, moment: object, posted: date) -> Reaction | None:
        day = reaction_day(untrusted.epoch(moment), posted, self._api.today)
        if day is None or not _NSID.match(author) or untrusted.quantity(item.get("is_deleted")):
            return None
        return admitted(kind, Actor(author, author == self._account, closed=False), posted, day)


def _ask(api: KeyedApi, method: str, **asked: str | int) -> Record:
    return api.ask("/", {"method": method, "format": "json", "nojsoncallback": 1, **asked})


def _refusal(_status: int, body: Record) -> Failure | None:
    if body.get("stat") != "fail":
        return None
    code = untrusted.quantity(body.get("code"))
    reasons = {
        _UNKNOWN: Reason.UNKNOWN_ACCOUNT, _DELETED: Reason.GONE, _NO_KEY: Reason.KEY_REFUSED, _AWAY: Reason.UNREACHABLE,
    }  # fmt: skip
    return Failure(reasons.get(code or 0, Reason.NOT_UNDERSTOOD))


def _person(api: KeyedApi, account: str) -> Record:
    if not _NSID.match(account):
        raise Failure(Reason.NOT_UNDERSTOOD)
    found = untrusted.record(_ask(api, "flickr.people.getInfo", user_id=account).get("person"))
    if not _NSID.match(_text(found, "nsid")):
        raise Failure(Reason.NOT_UNDERSTOOD)
    return found


def _profile(person: Record) -> Profile:
    number, alias = _text(person, "nsid"), _text(person, "path_alias")
    bio, links = read_html(_content(person, "description"))
    return Profile(
        remote_id=number,
        handle=alias if _ALIAS.match(alias) else number,
        host="flickr.com",
        address=f"https://www.flickr.com/people/{alias if _ALIAS.match(alias) else number}",
        bio=bio,
        links=tuple(link.href for link in links),
        actor_id=number,
    )


def _key(item: Record) -> str:
    """What makes a favourite or a comment one."""
    return _text(item, "id") or _text(item, "nsid")


def _is_shown(api: KeyedApi, number: str) -> bool:
    try:
        photo = untrusted.record(_ask(api, "flickr.photos.getInfo", photo_id=number).get("photo"))
    except Failure as failure:
        if failure.reason is Reason.UNKNOWN_ACCOUNT:
            return False
        raise
    return untrusted.quantity(untrusted.record(photo.get("visibility")).get("ispublic")) == 1


def _words(photo: Record) -> str:
    return f"{_text(photo, 'title')}\n{read_html(_content(photo, 'description'))[0]}"


def _content(item: Record, name: str) -> str:
    return untrusted.text(untrusted.record(item.get(name)).get("_content"))


def _text(item: Record, name: str) -> str:
    return untrusted.text(item.get(name), 300)
