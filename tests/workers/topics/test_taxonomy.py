"""Our own taxonomy as data: complete, without doubles, and without a node on what R11 forbids."""

import os
from pathlib import Path

from workers.topics.table import Topic, faults, read_table, write_table
from workers.topics.taxonomy import in_force, names, own_giver, own_topics


def test_there_are_at_least_300_topics_in_two_levels_with_names_in_both_languages() -> None:
    topics = own_topics()
    assert len([topic for topic in topics if topic.parent]) >= 300
    assert all(topic.name("de") and topic.name("en") and topic.aliases for topic in topics)


def test_no_slug_name_or_alias_stands_twice_and_every_parent_is_an_area() -> None:
    assert faults(own_topics()) == []


def test_no_topic_name_or_alias_is_about_an_excluded_matter() -> None:
    giver = own_giver()
    touching = [
        (topic.slug, words)
        for topic in own_topics()
        for words in (topic.name_en, topic.name_de, *(alias.strip("~=*") for alias in topic.aliases if alias[0] != "!"))
        if giver.touches_excluded(words)
    ]
    assert touching == []


def test_every_name_and_every_clear_alias_alone_is_known_again() -> None:
    giver = own_giver()
    deaf = [
        (topic.slug, alias)
        for topic in own_topics()
        for alias in topic.aliases
        if alias[0] not in "~!" and "*" not in alias and not giver.give(alias)
    ]
    assert deaf == []


def test_a_taxonomy_written_and_read_is_the_same() -> None:
    assert tuple(read_table(write_table(own_topics()))) == own_topics()


def test_an_operators_table_replaces_ours_as_soon_as_it_is_there(tmp_path: Path) -> None:
    table = tmp_path / "topics.tsv"
    assert in_force(table) is own_giver()
    table.write_text(write_table([Topic("kites", "Kites", "Drachen")]), encoding="utf-8")
    assert in_force(table).give("Our kites fly") == ("kites",)
    table.write_text(write_table([Topic("boats", "Boats", "Boote")]), encoding="utf-8")
    os.utime(table, ns=(1, 1))
    assert in_force(table).give("Our kites fly") == ()


def test_topics_that_were_given_before_an_operators_table_keep_their_names(tmp_path: Path) -> None:
    table = tmp_path / "topics.tsv"
    table.write_text(write_table([Topic("kites", "Kites", "Drachen"), Topic("bread", "Loaves", "Laibe")]), "utf-8")
    shown = {slug: names(table)[slug].name("de") for slug in ("kites", "bread", "cheese")}
    assert shown == {"kites": "Drachen", "bread": "Laibe", "cheese": "Käse"}
