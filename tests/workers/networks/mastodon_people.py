"""Invented people around Mira's garden, who react to her in every way that counts, and in all that must not."""

from dataclasses import dataclass
from datetime import datetime

from tests.workers.networks.mastodon_server import MastodonServer, Status, days_before

FRIENDS = tuple(f"{name}@wiese.test" for name in ("paul", "lena", "omar", "ines", "tarek"))
LOCALS = ("jona", "wanda", "emil")
NEVER = ("nina-neu", "robi", "stille", "archiv", "automat")
"""Must never come in: a young account, two marks in the note, `noindex`."""
SECRET = ("kim", "luca")
"""Reply in non-public posts only."""
TALKATIVE = FRIENDS[0]


@dataclass(frozen=True)
class Garden:
    """What Mira wrote. `hidden` must not be collected at all."""

    tomatoes: Status
    bees: Status
    own_reply: Status
    old: Status
    hidden: tuple[Status, ...]


def plant(server: MastodonServer, now: datetime) -> Garden:
    """Brings everybody onto the server, with 90 days of posts and reactions up to `now`."""
    _people(server, now)
    tomatoes = server.post("mira", "Erste Tomaten & viel Sonne", days_before(now, 10))
    bees = server.post("mira", "Die Bienen sind da", days_before(now, 40))
    own_reply = server.post("mira", "Nachtrag", days_before(now, 9), to=tomatoes)
    old = server.post("mira", "Voriges Jahr", days_before(now, 200))
    hidden = _hidden(server, now)
    for acct in ("mira", *FRIENDS, *LOCALS, *NEVER):
        server.favourite(acct, tomatoes)
    for acct in ("mira", *LOCALS, *NEVER):
        server.boost(acct, tomatoes)
    for acct in FRIENDS[:2]:
        server.favourite(acct, bees)
        server.favourite(acct, old)
    for status in hidden:
        server.favourite(FRIENDS[0], status)
    _talk(server, now, tomatoes)
    server.favourite("emil", own_reply)
    return Garden(tomatoes, bees, own_reply, old, hidden)


def _people(server: MastodonServer, now: datetime) -> None:
    server.add_person("mira", note="<p>Garten, Fahrrad. Erfunden.</p>").followers = 57
    server.add_person("nina-neu", created=days_before(now, 25))
    server.add_person("robi", note='<p>Bitte <a href="https://wiese.test/t/nobot">#<span>NoBot</span></a></p>')
    server.add_person("stille", noindex=True)
    server.add_person("automat", bot=True)
    server.add_person("archiv", note="<p>#noarchive</p>")


def _hidden(server: MastodonServer, now: datetime) -> tuple[Status, ...]:
    kinds = ("unlisted", "private", "direct")
    posts = [server.post("mira", f"Nur so ({kind})", days_before(now, 5), kind) for kind in kinds]
    local = server.post("mira", "Nur hier", days_before(now, 5), local_only=True)
    shared = server.post("mira", "Geteilt", days_before(now, 5), reblog={"id": "1", "visibility": "public"})
    return (*posts, local, shared)


def _talk(server: MastodonServer, now: datetime, post: Status) -> None:
    """Two replies of one person on one day and one on the next; own, deeper and non-public ones."""
    first = server.post(TALKATIVE, "Wie schön!", days_before(now, 9), to=post)
    server.post(TALKATIVE, "Und die Sorte?", days_before(now, 9), to=post)
    server.post(TALKATIVE, "Danke!", days_before(now, 8), to=post)
    server.post("wanda", "Auch hier", days_before(now, 8), to=first)
    server.post("kim", "Nur für dich", days_before(now, 8), "private", to=post)
    server.post("luca", "Leise", days_before(now, 8), "unlisted", to=post)
    server.post("nina-neu", "Hallo!", days_before(now, 8), to=post)
    server.post("jona", "Nur hier", days_before(now, 8), to=post, local_only=True)
