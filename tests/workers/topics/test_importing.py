"""An operator's own table: what is taken, what is thinned out, and what is refused in a sentence."""

import pytest

from workers.topics.importing import Imported, import_table
from workers.topics.table import BadTableError, Topic, faults
from workers.topics.taxonomy import own_giver

HEAD = "slug\tname_en\tname_de\taliases\tparent\n"


def imported(*rows: str) -> Imported:
    return import_table(HEAD + "\n".join(rows), own_giver())


def test_a_table_is_taken_as_it_is_with_parents_first() -> None:
    found = imported("kites\tKites\tDrachen\tkite flying, lenkdrachen\toutside", "outside\tOutside\tDraußen\t\t")
    assert [topic.slug for topic in found.topics] == ["outside", "kites"]
    assert found.topics[1] == Topic("kites", "Kites", "Drachen", ("kite flying", "lenkdrachen"), (), "outside")
    assert (found.thinned, found.doubled, found.aliases) == ((), (), 0)


def test_what_touches_an_excluded_matter_goes_with_everything_below_it() -> None:
    found = imported(
        "politics\tPolitics\tPolitik\t\t",
        "debates\tDebates\tDebatten\t\tpolitics",
        "gemeinde\tParish life\tKirchengemeinde\t\t",
        "cycling\tCycling\tRadfahren\tbike, critical mass rally, depression\t",
    )
    assert [topic.slug for topic in found.topics] == ["cycling"]
    assert found.thinned == ("debates", "gemeinde", "politics")
    assert found.topics[0].aliases == ("bike",)
    assert found.aliases == 2


def test_doubles_go_and_deeper_levels_hang_on_the_topmost() -> None:
    found = imported(
        "a\tA1\tA2\t\t", "b\tB1\tB2\t\ta", "c\tC1\tC2\t\tb", "c\tOther\tAnderes\t\t", "d\tb1\tD2\t\t", "e\tE1\tE2\t\tzz"
    )
    assert {topic.slug: topic.parent for topic in found.topics} == {"a": "", "b": "a", "c": "a", "e": ""}
    assert found.doubled == ("c", "d")


def test_a_circle_of_parents_comes_to_an_end() -> None:
    with pytest.raises(BadTableError, match="is no area"):
        imported("a\tA1\tA2\t\tb", "b\tB1\tB2\t\ta")


KLOUT = "topic_id\tslug\tname_en\tname_de\twikidata_id\tparent_slugs\tsuper_slugs\n"


def test_a_table_with_several_parents_and_columns_of_its_own_is_taken_as_it_is() -> None:
    rows = [
        "1\toutside-super\tOutside\tDraußen\tQ1\t\t",
        "2\tkites\tKites\tDrachen\tQ2\tflying,wind\toutside-super",
        "3\tflying\tFlying\tFliegen\tQ3\t\toutside-super",
        "4\tstunt-kites\tStunt kites\tLenkdrachen\t\tkites\toutside-super",
        "5\tchess\tChess\tSchach\tQ5\tgames\t",
    ]
    found = import_table(KLOUT + "\n".join(rows), own_giver())
    assert {topic.slug: topic.parent for topic in found.topics} == {
        "outside-super": "", "flying": "outside-super", "kites": "outside-super", "stunt-kites": "outside-super",
        "chess": "",
    }  # fmt: skip
    assert all(topic.also == () for topic in found.topics)


def test_what_lies_below_a_double_or_a_missing_parent_finds_another_place() -> None:
    rows = [
        "1\tgames\tGames\tSpiele\t\tgames-super\t",
        "2\tgames-super\tGames\tSpiele\t\t\t",
        "3\tchess\tChess\tSchach\t\t\tgames-super",
        "4\tkites\tKites\tDrachen\t\tnowhere,games\t",
    ]
    found = import_table(KLOUT + "\n".join(rows), own_giver())
    assert {topic.slug: topic.parent for topic in found.topics} == {"games": "", "chess": "games", "kites": "games"}
    assert found.doubled == ("games-super",)


def test_what_lies_below_an_excluded_matter_by_any_way_goes_however_deep() -> None:
    rows = [
        "1\thealth-super\tHealth\tGesundheit\t\t\t",
        "2\tbody\tBody\tKörper\t\tsports\thealth-super",
        "3\tarms\tArms\tArme\t\tbody\t",
        "4\thands\tHands\tHände\t\tgloves,arms\t",
        "5\tsports\tSports\tSport\t\t\t",
        "6\tgloves\tGloves\tHandschuhe\t\tsports\t",
    ]
    found = import_table(KLOUT + "\n".join(rows), own_giver())
    assert [topic.slug for topic in found.topics] == ["sports", "gloves"]
    assert found.thinned == ("arms", "body", "hands", "health-super")


def test_slugs_are_rewritten_and_a_missing_name_is_taken_from_the_other_language() -> None:
    assert imported("Bob's Kites!\t\tDrachen\t\t").topics == (Topic("bob-s-kites", "Drachen", "Drachen"),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("slug\tname_en\n", "line 1: these columns are missing: name_de, parent"),
        ("x" * 200_000, "line 1: a field is too long"),
        (HEAD + "x" * 200_000, "line 2: a field is too long"),
        (HEAD + "!!\tA\tB\t\t", "line 2: a topic needs a slug"),
        (HEAD + "a\t\t\t\t", "line 2: a topic needs a name"),
        (HEAD + "a\tA1\tA2\tab*\t", "too short for compounds"),
        (HEAD + "a\tA1\tA2\t~!x\t", "says nothing"),
        (HEAD + "a\tA1\tA2\tkite, kite\t", "stands twice"),
    ],
)
def test_a_bad_table_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadTableError, match=sentence):
        import_table(text, own_giver())


def test_faults_name_doubles() -> None:
    twice = [Topic("a", "A", "B"), Topic("a", "A", "B")]
    assert len(faults(twice)) == 3
