"""The networks that can be connected, in the words that people see: names, who is asked, and where."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkFacts:
    """What a notice has to say about a network (R2): who learns of our interest, and in which country."""

    name: str
    title: str
    operator: Mapping[str, str]
    """By language."""
    country: Mapping[str, str]
    example: str
    """What somebody may type in (an invented account)."""


NETWORKS: Mapping[str, NetworkFacts] = {
    facts.name: facts
    for facts in (
        NetworkFacts(
            name="bluesky",
            title="Bluesky",
            operator={"de": "Bluesky Social PBC", "en": "Bluesky Social PBC"},
            country={"de": "USA", "en": "USA"},
            example="mira.example.com",
        ),
        NetworkFacts(
            name="mastodon",
            title="Mastodon",
            operator={"de": "Der Betreiber deiner Instanz", "en": "The operator of your instance"},
            country={"de": "das Land, in dem er sitzt", "en": "the country it is based in"},
            example="@mira@mastodon.example",
        ),
    )
}
