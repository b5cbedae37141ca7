"""Invents the scenario of the main job: a participant, forty people who react, and every case a collector can meet.

Everything follows from `today`: the same day gives the same scenario. All dates lie before today 00:00 UTC, so
nothing changes while a test runs. What should come of it as signals is computed in `expected.py`.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

PARTICIPANT = "mira"
OPTED_OUT_PARTICIPANT = "stella"  # asks not to be shown to people who are not signed in, and tries to take part
OPTED_OUT = "luis"  # asks the same, and reacts
YOUNG = "nova"  # 12 days old
GROWING = "timo"  # 45 days old: its early reactions came too soon
UNDATED = "uma"  # its profile tells no date
DEACTIVATED = "olaf"  # switched off after reacting
RENAMED = "rena"  # has another handle than when it reacted
CROWD = tuple(f"c{number:02d}" for number in range(33))

DELETED_POST = "gone"
OLD_POSTS = ("old1", "old2")  # 96 and 140 days old
FOREIGN_POST = "theirs"  # of c01; the participant answered it and shared it
# In the order of POSTS: p01 is 87 days old, p26 is 2 days old.
POSTS: tuple[tuple[str, str], ...] = (
    ("de", "Die ersten Radieschen sind da, und die Schnecken wissen es auch schon."),
    ("en", "Rebuilt the rear wheel of my touring bike today. Truing takes patience, not strength."),
    ("de", "Sauerteig bei 24 Grad: nach sechs Stunden verdoppelt, das Brot ist kaum noch zu halten."),
    ("en", "A small Python tip: sort your events before you group them, or groupby will surprise you."),
    ("de", "Heute im Gemeinschaftsgarten Kompost gesiebt. Drei Schubkarren Gold."),
    ("en", "Our repair café fixed eleven toasters this month. Most of them only had crumbs in the switch."),
    ("de", "Wer kennt eine gute Karte mit Radwegen entlang der Oder?"),
    ("en", "Wrote down how we label our seed bank. Comments welcome, the draft is short."),
    ("de", "Freie Software heißt auch: die Anleitung so schreiben, dass meine Oma damit zurechtkommt."),
    ("en", "The night train was late, the sunrise over the marshes was not."),
    ("de", "Regenwasser sammeln lohnt sich: 800 Liter in einer einzigen Nacht."),
    ("en", "Listening to shortwave again. There is a station that only reads weather."),
    ("de", "Ein Wildbienenhotel braucht Löcher quer zur Faser, sonst reißt das Holz."),
    ("en", "Taught twelve children to patch an inner tube. They taught me three new jokes."),
    ("de", "Die Bibliothek verleiht jetzt Werkzeug. Ich habe mir den Drehmomentschlüssel geholt."),
    ("en", "Measured it: the old pump uses more power idle than the new one at work."),
    ("de", "Tomaten ausgegeizt, Finger grün, Laune gut."),
    ("en", "If your form asks for a title, make it optional. If it asks for a fax number, delete it."),
    ("de", "Lesetipp: ein ganzes Buch über Moose. Ich habe es an einem Abend gelesen."),
    ("en", "First frost. Covered the chard, lost the basil."),
    ("de", "Unser Lastenrad hat heute einen Kühlschrank gefahren. Ganz langsam."),
    ("en", "Open data day: somebody mapped every public drinking fountain in town."),
    ("de", "Quitten sind hart, duften wunderbar und kleben überall."),
    ("en", "Release notes should say what changed for people, not what changed in files."),
    ("de", "Erster Abend mit dem selbst gebauten Radio: drei Sender und ein Brummen."),
    ("en", "The seed swap is on. Bring envelopes, leave with a garden."),
)
REPLIES = ("Sehr schön!", "That is a great idea.", "Wie machst du das genau?", "Same here, twice even.")
QUOTES = ("Das hier lesen:", "Exactly this.", "Passt zu dem, was wir neulich besprochen haben.", "Worth a look.")
FIRST_NAMES = ("Alba", "Bente", "Carlo", "Dilek", "Emre", "Freya", "Goran", "Hanne", "Ilka", "Jonte", "Kimi")


def post_days_ago(number: int) -> int:
    """How many days before today the participant wrote post `p<number>`, numbers from 1."""
    return round(87 - 3.4 * (number - 1))


def main_job_scenario(today: date, suffix: str = "") -> dict[str, Any]:
    """The scenario in the format of `seed-network.mjs`; `today` is the UTC day on which it will be read.

    `suffix` (a few letters or digits) goes into every handle, so that several can live in one network.
    """
    story = _Story(today, suffix)
    _people(story)
    _posts(story)
    _crowd_reactions(story)
    _own_reactions(story)
    _repeated_reactions(story)
    _conversations(story)
    _people_left_out(story)
    _young_people(story)
    _things_gone(story)
    _opted_out_participant(story)
    return {"accounts": story.accounts, "events": story.dated_events(), "after": story.after}


@dataclass
class _Story:
    """The scenario while it is being told."""

    today: date
    suffix: str
    accounts: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    reacted: set[tuple[str, str, str]] = field(default_factory=set)
    when: dict[str, datetime] = field(default_factory=dict)
    rnd: random.Random = field(default_factory=lambda: random.Random(7))

    def ago(self, days: int, hour: int = 12, minute: int = 0) -> datetime:
        return datetime.combine(self.today - timedelta(days=days), time(hour, minute), UTC)

    def account(self, name: str, display_name: str, days_old: int | None, **more: Any) -> None:
        handle = f"{display_name.lower().replace(' ', '-')}{self.suffix}.test"
        born = {} if days_old is None else {"at": _iso(self.ago(days_old))}
        self.accounts.append({"id": name, "handle": handle, "displayName": display_name, **born, **more})

    def post(self, by: str, name: str, text: str, at: datetime, language: str = "en", **more: Any) -> None:
        self.when[name] = at
        kind = "reply" if "to" in more else "post"
        self.events.append({"type": kind, "id": name, "by": by, "text": text, "langs": [language], "at": at, **more})

    def react(self, kind: str, by: str, of: str, at: datetime, **more: Any) -> None:
        """A like or repost; a second one of the same person does not exist on the network and is left out."""
        if (kind, by, of) not in self.reacted:
            self.reacted.add((kind, by, of))
            self.events.append({"type": kind, "by": by, "of": of, "at": at, **more})

    def dated_events(self) -> list[dict[str, Any]]:
        return [{**event, "at": _iso(event["at"])} for event in self.events]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _people(story: _Story) -> None:
    story.account(PARTICIPANT, "Mira Garten", 900, description="Garten, Fahrrad, freie Software. Invented.")
    story.account(OPTED_OUT_PARTICIPANT, "Stella Still", 700, labels=["!no-unauthenticated"])
    story.account(OPTED_OUT, "Luis Leise", 600, labels=["!no-unauthenticated"])
    story.account(YOUNG, "Nova Neu", 12)
    story.account(GROWING, "Timo Jung", 45)
    story.account(UNDATED, "Uma Ohne", None)
    story.account(DEACTIVATED, "Olaf Aus", 500)
    story.account(RENAMED, "Rena Alt", 500)
    for number, name in enumerate(CROWD):
        story.account(name, f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {number:02d}", 200 + 37 * number)
    for follower in (*CROWD[:20], OPTED_OUT, UNDATED, DEACTIVATED):
        at = story.ago(150, hour=story.rnd.randrange(24))
        story.events.append({"type": "follow", "by": follower, "whom": PARTICIPANT, "at": at})


def _posts(story: _Story) -> None:
    for number, (language, text) in enumerate(POSTS, start=1):
        story.post(PARTICIPANT, f"p{number:02d}", text, story.ago(post_days_ago(number), hour=8 + number % 9), language)
    story.post(PARTICIPANT, OLD_POSTS[0], "Ein alter Beitrag, knapp vor dem Fenster.", story.ago(96), "de")
    story.post(PARTICIPANT, OLD_POSTS[1], "An old post, well before the window.", story.ago(140))
    for by in CROWD[:6]:
        story.react("like", by, OLD_POSTS[0], story.ago(95))
        story.react("like", by, OLD_POSTS[1], story.ago(3))
        story.react("repost", by, OLD_POSTS[1], story.ago(2))


def _crowd_reactions(story: _Story) -> None:
    """What most of it is: likes by many, shares, answers and quotes by some, soon after the post."""
    for number in range(1, len(POSTS) + 1):
        post = f"p{number:02d}"
        for by in story.rnd.sample(CROWD, story.rnd.choice((2, 3, 4, 6, 9, 15, 25))):
            story.react("like", by, post, _soon_after(story, post))
        for by in story.rnd.sample(CROWD, story.rnd.choice((0, 0, 1, 2, 4))):
            story.react("repost", by, post, _soon_after(story, post))
        for by in story.rnd.sample(CROWD, story.rnd.choice((0, 1, 2, 3))):
            at = _soon_after(story, post)
            story.post(by, f"r-{post}-{by}", story.rnd.choice(REPLIES), at, to=post)
        for by in story.rnd.sample(CROWD, story.rnd.choice((0, 0, 1, 2))):
            at = _soon_after(story, post)
            story.post(by, f"q-{post}-{by}", story.rnd.choice(QUOTES), at, quote=post)
    story.react("like", CROWD[12], "p01", story.ago(1))  # late, but on a post within the window


def _soon_after(story: _Story, post: str) -> datetime:
    """Some hours later, and before today."""
    later = story.when[post] + timedelta(seconds=round(story.rnd.expovariate(1 / 40_000)) + 1)
    return min(later, story.ago(0, hour=0) - timedelta(seconds=story.rnd.randint(1, 3600)))


def _own_reactions(story: _Story) -> None:
    """The participant to themselves: no signals; but their reply and quote are posts that others may like."""
    for kind in ("like", "repost"):
        story.react(kind, PARTICIPANT, "p05", story.ago(70))
    story.post(PARTICIPANT, "own-reply", "Nachtrag: vier Schubkarren.", story.ago(70), "de", to="p05")
    story.post(PARTICIPANT, "own-quote", "Remember this?", story.ago(40), quote="p05")
    story.react("like", CROWD[3], "own-reply", story.ago(69))
    story.react("like", CROWD[4], "own-quote", story.ago(39))


def _repeated_reactions(story: _Story) -> None:
    """Several of one person: on one day they are one signal with a count, on two days two signals."""
    for hour in (9, 15):
        story.post(CROWD[7], f"twice-{hour}", "Noch etwas dazu.", story.ago(60, hour), "de", to="p07")
        story.post(CROWD[8], f"quoted-{hour}", "Again, because it is true.", story.ago(55, hour), quote="p08")
    story.post(CROWD[7], "next-day", "Und heute wieder.", story.ago(59), "de", to="p07")
    story.react("like", CROWD[13], "p14", story.ago(42))
    story.react("repost", CROWD[13], "p14", story.ago(41))
    story.post(CROWD[13], "all-reply", "Great.", story.ago(41), to="p14")
    story.post(CROWD[13], "all-quote", "Great indeed.", story.ago(41), quote="p14")


def _conversations(story: _Story) -> None:
    """Reactions among others, and posts of others that the participant answered or shared."""
    story.post(CROWD[5], "answer", "Tell me more.", story.ago(68), to="p06")
    story.post(CROWD[6], "answer-to-answer", "Me too.", story.ago(68, 14), to="answer")  # not to the participant
    story.post(CROWD[1], FOREIGN_POST, "Which bell for a cargo bike?", story.ago(30))
    story.react("repost", PARTICIPANT, FOREIGN_POST, story.ago(29))
    story.react("like", CROWD[9], FOREIGN_POST, story.ago(29))  # somebody else's post
    story.post(PARTICIPANT, "advice", "A loud one.", story.ago(29), to=FOREIGN_POST)
    story.react("like", CROWD[5], "advice", story.ago(28))
    story.post(CROWD[1], "thanks", "Thanks!", story.ago(28, 14), to="advice")


def _people_left_out(story: _Story) -> None:
    """Who asked not to be shown, and who has left; the one with a new handle stays the same person."""
    for by, post, days in ((OPTED_OUT, "p10", 55), (DEACTIVATED, "p11", 52), (RENAMED, "p12", 49)):
        story.react("like", by, post, story.ago(days))
        story.react("repost", by, post, story.ago(days))
        story.post(by, f"r-{by}", "Sehr gut!", story.ago(days), "de", to=post)
        story.post(by, f"q-{by}", "Look here.", story.ago(days), quote=post)
    story.after.append({"do": "deactivate", "who": DEACTIVATED})
    story.after.append({"do": "rename", "who": RENAMED, "handle": f"rena-neu{story.suffix}.test"})


def _young_people(story: _Story) -> None:
    """Accounts younger than 30 days when they reacted; a repost has no date, so the day of the post stands for it."""
    story.react("like", YOUNG, "p24", story.ago(7))
    story.react("repost", YOUNG, "p24", story.ago(7))
    story.post(YOUNG, "r-young", "Hello!", story.ago(7), to="p24")
    story.post(YOUNG, "q-young", "Wow.", story.ago(7), quote="p24")
    story.react("like", GROWING, "p18", story.ago(4))  # 41 days old by then: counts
    story.react("repost", GROWING, "p18", story.ago(4))  # as if 16 days old, on the day of the post: does not
    story.react("like", GROWING, "p19", story.ago(25))  # 20 days old: does not
    story.react("like", UNDATED, "p25", story.ago(4))  # nobody tells its age: counts


def _things_gone(story: _Story) -> None:
    """A deleted post with all its reactions, and reactions that were taken back."""
    story.post(PARTICIPANT, DELETED_POST, "Das lösche ich wieder.", story.ago(20), "de")
    for by in CROWD[14:18]:
        story.react("like", by, DELETED_POST, story.ago(19))
    story.react("repost", CROWD[14], DELETED_POST, story.ago(19))
    story.post(CROWD[15], "r-gone", "Warum?", story.ago(19), "de", to=DELETED_POST)
    story.post(CROWD[16], "q-gone", "Hm.", story.ago(19), "de", quote=DELETED_POST)
    # On posts of their own, so that no like of the crowd stands in for the one that was taken back.
    story.post(PARTICIPANT, "plain", "Just a plain sentence.", story.ago(45))
    story.react("like", CROWD[10], "plain", story.ago(44), id="like-taken-back")
    story.react("like", CROWD[11], "plain", story.ago(44))
    story.post(CROWD[11], "quote-taken-back", "Oder doch nicht.", story.ago(44), "de", quote="plain")
    for gone in (DELETED_POST, "like-taken-back", "quote-taken-back"):
        story.after.append({"do": "delete", "what": gone})


def _opted_out_participant(story: _Story) -> None:
    story.post(OPTED_OUT_PARTICIPANT, "quiet", "Nur für Angemeldete.", story.ago(10), "de")
    for by in CROWD[:5]:
        story.react("like", by, "quiet", story.ago(9))
