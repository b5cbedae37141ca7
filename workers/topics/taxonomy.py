"""The taxonomy that is in force: our own from the data folder, or an operator's table; read once a process."""

from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from workers.topics.giving import Giver
from workers.topics.importing import import_table
from workers.topics.table import Topic, read_table, write_table

_DATA = files(__package__).joinpath("data")


@cache
def own_topics() -> tuple[Topic, ...]:
    """Our own taxonomy: the areas with their topics, area by area."""
    tables = sorted(_DATA.joinpath("taxonomy").iterdir(), key=_name)
    return tuple(topic for table in tables for topic in read_table(table.read_text(encoding="utf-8")))


@cache
def excluded_words() -> tuple[str, ...]:
    """Words of the matters that get no topic, in the notation of aliases (R11)."""
    lines = (line for line in _lines("excluded.txt") if not line.startswith("["))
    return tuple(word.strip() for line in lines for word in line.split(",") if word.strip())


@cache
def lookalikes() -> tuple[str, ...]:
    """Turns of phrase that mean something else than their words."""
    return tuple(_lines("lookalikes.txt"))


def giver(topics: tuple[Topic, ...]) -> Giver:
    """A giver of the topics of a taxonomy, with our own list of what gets none."""
    return Giver(topics, excluded_words(), lookalikes())


@cache
def own_giver() -> Giver:
    """The giver of our own taxonomy; making it takes about half a second."""
    return giver(own_topics())


def in_force(table: Path) -> Giver:
    """The giver of an operator's table, or our own where there is none; a table that was changed is read anew."""
    try:
        changed = table.stat().st_mtime_ns
    except FileNotFoundError:
        return own_giver()
    return _imported(table, changed)


def names(table: Path) -> Mapping[str, Topic]:
    """Topics by slug, to say what they are called; ours, too, where an operator's table came after they were given."""
    return {**own_giver().names, **in_force(table).names}


@lru_cache(maxsize=1)
def _imported(table: Path, _changed: int) -> Giver:
    # Thinned once more: somebody may have edited the file by hand (R11).
    return giver(import_table(table.read_text(encoding="utf-8"), own_giver()).topics)


def digest(table: Path) -> str:
    """Says which taxonomy is in force, with the words of what gets no topic: SHA-256 in hex."""
    own = write_table(own_topics())
    topics = table.read_text(encoding="utf-8") if table.exists() else own
    return sha256("\0".join((topics, *excluded_words(), *lookalikes())).encode()).hexdigest()


def _lines(name: str) -> list[str]:
    lines = (line.strip() for line in _DATA.joinpath(name).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _name(table: Traversable) -> str:
    return table.name
