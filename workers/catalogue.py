"""The networks that can be connected, in the words that people see: names, who is asked, and where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from re import Pattern


@dataclass(frozen=True)
class NetworkFacts:
    """What a notice has to say about a network (R2): who learns of our interest, and in which country."""

    name: str
    title: str
    operator: Mapping[str, str]
    """By language."""
    country: Mapping[str, str]
    """A sentence."""
    about_operator: Mapping[str, str]
    """Who is asked and where, in sentences for people who do not take part."""
    takes: Mapping[str, str]
    """What is taken, in sentences for people who do not take part."""
    leaves: Mapping[str, str]
    """What is left behind."""
    example: str
    """What somebody may type in (an invented account)."""
    form: Pattern[str]
    """What the name of an account looks like; whether there is one only the network knows."""

    def may_be(self, typed: str) -> bool:
        """Can this be the name of an account at all? It takes whatever the network's own reader takes, and more."""
        return self.form.fullmatch(typed.strip()) is not None


#: A handle (a domain), a DID, or the address of a profile.
_BLUESKY = re.compile(
    r"https://bsky\.app/profile/[^\s/?#]+/?|(?:at://|@)?(?:did:(?:plc|web):\S+|(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*)"
)
#: name@server, or the address of a profile.
_MASTODON = re.compile(r"https?://[^\s/]+/\S+|@?[A-Za-z0-9_.-]+@[^\s@/?#\\]+", re.ASCII)

NETWORKS: Mapping[str, NetworkFacts] = {
    facts.name: facts
    for facts in (
        NetworkFacts(
            name="bluesky",
            title="Bluesky",
            operator={"de": "Bluesky Social PBC", "en": "Bluesky Social PBC"},
            country={"de": "Das Unternehmen sitzt in den USA.", "en": "The company is based in the USA."},
            about_operator={
                "de": "Gefragt wird Bluesky Social PBC (USA).",
                "en": "Bluesky Social PBC (USA) is asked.",
            },
            takes={
                "de": "Genommen werden Likes, Reposts, Zitate und direkte Antworten mit dem Konto dahinter (sofort in "
                "ein Codewort verwandelt), der Tag, und wie viele dem Konto folgen.",
                "en": "Taken are likes, reposts, quotes and direct replies with the account behind them (turned into a "
                "code word at once), the day, and the number of followers.",
            },
            leaves={
                "de": "Liegen bleiben Texte, Namen und Bilder, und Konten, die sich Nutzern ohne Anmeldung nicht "
                "zeigen.",
                "en": "Left behind are texts, names and pictures, and accounts that do not show themselves to people "
                "who are not signed in.",
            },
            example="mira.example.com",
            form=_BLUESKY,
        ),
        NetworkFacts(
            name="mastodon",
            title="Mastodon",
            operator={"de": "Der Betreiber deines Mastodon-Servers", "en": "The operator of your Mastodon server"},
            country={
                "de": "In welchem Land er sitzt, steht in seinem Impressum.",
                "en": "Its imprint says in which country it is based.",
            },
            about_operator={
                "de": "Gefragt wird der Betreiber des Servers, auf dem die teilnehmende Person ihr Konto hat. "
                "In welchem Land er sitzt, steht in seinem Impressum.",
                "en": "The operator of the server on which the person who takes part has their account is asked. Its "
                "imprint says in which country it is based.",
            },
            takes={
                "de": "Genommen werden Favoriten, geteilte Beiträge und direkte öffentliche Antworten mit dem Konto "
                "dahinter (sofort in ein Codewort verwandelt), bei Antworten der Tag, und wie viele dem Konto folgen.",
                "en": "Taken are favourites, boosts and direct public replies with the account behind them (turned "
                "into a code word at once), the day of replies, and the number of followers.",
            },
            leaves={
                "de": "Liegen bleiben Texte, Namen und Bilder, alles nicht Öffentliche, und Konten mit #nobot oder "
                "#noindex.",
                "en": "Left behind are texts, names and pictures, everything that is not public, and accounts with "
                "#nobot or #noindex.",
            },
            example="@mira@mastodon.example",
            form=_MASTODON,
        ),
    )
}
