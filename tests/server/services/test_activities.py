"""Posts and reactions as ActivityStreams 2.0, nobody named."""

from datetime import date

from server.services.activities import CONTEXT, activities

POSTS = {"p1": ("https://netz.example/p/1", date(2026, 11, 1))}


def test_posts_are_notes_with_their_address_and_day() -> None:
    made = activities(POSTS, [])["activitystreams/posts.json"]
    assert (made["@context"], made["type"], made["totalItems"]) == (CONTEXT, "OrderedCollection", 1)
    assert made["orderedItems"] == [
        {"type": "Note", "id": POSTS["p1"][0], "url": POSTS["p1"][0], "published": "2026-11-01T00:00:00Z"}
    ]


def test_reactions_are_activities_without_an_actor() -> None:
    day = "2026-11-02"
    signals = [
        {"kind": "like", "day": day, "count": 1, "actor": "0123456789abcdef", "post": "p1"},
        {"kind": "repost", "day": day, "count": 40, "post": "p1"},
        {"kind": "reply", "day": day, "count": 2, "actor": "0123456789abcdef", "post": "p1"},
        {"kind": "mention", "day": day, "count": 1, "actor": "0123456789abcdef"},
        {"kind": "audience", "day": day, "count": 1234},
    ]
    made = activities(POSTS, signals)["activitystreams/reactions.json"]["orderedItems"]
    assert [one["type"] for one in made] == ["Like", "Announce", "Create", "Activity"]
    assert made[0]["object"] == POSTS["p1"][0]
    assert made[1]["result"] == {"type": "Collection", "totalItems": 40}
    assert made[2]["object"] == {"type": "Note", "inReplyTo": POSTS["p1"][0]}
    assert "object" not in made[3]
    assert not any("actor" in one for one in made)
    assert {one["published"] for one in made} == {"2026-11-02T00:00:00Z"}
