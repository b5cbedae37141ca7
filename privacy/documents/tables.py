"""The tables of the documents, each made from the declarations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from privacy.documents.entries import Entry, Facts
from privacy.documents.page import Grid, Heading, Part, Points, Text
from privacy.vocabulary import About, Erased


def _grid(facts: Facts, caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
    """A table whose caption and headings are words of `Words.columns`."""
    words = facts.words.columns
    return Grid(words[caption], tuple(words[column] for column in columns), tuple(tuple(row) for row in rows))


def inventory(facts: Facts) -> list[Part]:
    """Every place: what it holds, about whom, where, why, how long."""
    words = facts.words
    columns = ("kind", "where", "about", "purpose", "basis", "kept", "erasure")
    rows = [
        (
            _kind(facts, one), _where(facts, one), words.abouts[one.about], words.uses[one.use], words.bases[one.basis],
            _kept(facts, one), words.erased[one.erased],
        )
        for one in facts.entries
    ]  # fmt: skip
    return [_grid(facts, "inventory", columns, rows)]


def columns(facts: Facts) -> list[Part]:
    """Every place with each of its columns: what the person gets, and what not, and why."""
    rows = [
        (_where(facts, one), ", ".join(one.exported) or "–", "; ".join(map(": ".join, one.withheld.items())) or "–")
        for one in facts.entries
        if one.exported or one.withheld
    ]
    return [_grid(facts, "columns", ("where", "exported", "withheld"), rows)]


def processing(facts: Facts) -> list[Part]:
    """The record of processing: a table for each purpose (Art. 30(1)(b) to (f))."""
    words = facts.words
    parts: list[Part] = []
    for use, group in groupby(_personal(facts), key=lambda one: one.use):
        parts.append(Heading(3, words.uses[use]))
        rows = [
            (_kind(facts, one), words.abouts[one.about], words.bases[one.basis], _kept(facts, one)) for one in group
        ]
        grid = _grid(facts, "processing", ("kind", "about", "basis", "kept"), dict.fromkeys(rows))
        parts.append(replace(grid, caption=f"{grid.caption}: {words.uses[use]}"))
    return parts


def rules(facts: Facts) -> list[Part]:
    """The table of deletion rules: data kind, class = period × type of start (DIN 66398)."""
    columns = ("kind", "class", "period", "start", "where", "erasure")
    rows = [
        (
            facts.words.kinds[one.kind].title, classes(facts)[_class(one)], _period(facts, one),
            facts.words.starts[one.start], one.where, facts.words.erased[one.erased],
        )
        for one in facts.entries
        if one.personal or one.rule
    ]  # fmt: skip
    return [_grid(facts, "rules", columns, rows)]


def deletion_classes(facts: Facts) -> list[Part]:
    """The classes with what belongs to each."""
    found: dict[tuple[int, str], list[str]] = {}
    for one in facts.entries:
        if one.personal or one.rule:
            found.setdefault(_class(one), []).append(facts.words.kinds[one.kind].title)
    names = classes(facts)
    rows = [
        (names[key], _days(facts, key[0]), facts.words.starts[key[1]], ", ".join(dict.fromkeys(kinds)))
        for key, kinds in sorted(found.items())
    ]
    return [_grid(facts, "classes", ("class", "period", "start", "kinds"), rows)]


def classes(facts: Facts) -> Mapping[tuple[int, str], str]:
    """The name of each class: a letter for the start, a number for the period, the shortest first."""
    keys = sorted({_class(one) for one in facts.entries if one.personal or one.rule})
    starts = sorted({start for _, start in keys})
    return {
        key: f"{chr(ord('A') + starts.index(key[1]))}{1 + [other for other in keys if other[1] == key[1]].index(key)}"
        for key in keys
    }


def kept(facts: Facts) -> list[Part]:
    """What is kept about people, for what, on which basis, how long: the table that everybody can read."""
    words = facts.words
    rows = [
        (_kind(facts, one), words.uses[one.use], words.bases[one.basis], _kept(facts, one)) for one in _personal(facts)
    ]
    return [_grid(facts, "kept about people", ("kind", "purpose", "basis", "kept"), dict.fromkeys(rows))]


def kept_of_others(facts: Facts) -> list[Part]:
    """The same for people who react and take no part."""
    words = facts.words
    mine = [one for one in _personal(facts) if one.about is About.REACTING]
    rows = [(_kind(facts, one), words.uses[one.use], words.bases[one.basis], _kept(facts, one)) for one in mine]
    return [_grid(facts, "kept of others", ("kind", "purpose", "basis", "kept"), dict.fromkeys(rows))]


def consents(facts: Facts) -> list[Part]:
    """The consents that exist, with what a withdrawal takes."""
    rows = [(one.title, one.about, one.withdrawing) for one in facts.asked]
    return [_grid(facts, "consents", ("consent", "yes", "withdrawal"), rows)]


def sources(facts: Facts) -> list[Part]:
    """The networks: who is asked, what is taken, what is left."""
    parts: list[Part] = []
    for one in facts.sources:
        parts += [Heading(3, one.title), Text(one.operator), Points((one.takes, one.leaves))]
    return parts


def recipients(facts: Facts) -> list[Part]:
    """Who is asked, and learns by that of an interest in an account."""
    rows = [(one.title, one.operator) for one in facts.sources]
    return [_grid(facts, "recipients", ("network", "operator"), rows)]


def sealed(facts: Facts) -> list[Part]:
    """What an erasure leaves and why: places that hold nothing that stands for one person."""
    rows = [
        (_kind(facts, one), one.where, _kept(facts, one))
        for one in _personal(facts)
        if one.erased is Erased.UNTOUCHED
    ]  # fmt: skip
    return [_grid(facts, "untouched", ("kind", "where", "kept"), rows)]


TABLES: Mapping[str, Callable[[Facts], list[Part]]] = {
    "columns": columns,
    "inventory": inventory,
    "processing": processing,
    "rules": rules,
    "classes": deletion_classes,
    "kept": kept,
    "kept_of_others": kept_of_others,
    "consents": consents,
    "sources": sources,
    "recipients": recipients,
    "untouched": sealed,
}


def _personal(facts: Facts) -> list[Entry]:
    return [one for one in facts.entries if one.personal]


def _kind(facts: Facts, one: Entry) -> str:
    words = facts.words.kinds[one.kind]
    return f"{words.title}: {words.meaning}" if words.meaning else words.title


def _where(facts: Facts, one: Entry) -> str:
    return f"{facts.words.mediums[one.medium]}: {one.where}"


def _kept(facts: Facts, one: Entry) -> str:
    return facts.words.kept(one.rule, one.about is About.PARTICIPANT)


def _class(one: Entry) -> tuple[int, str]:
    return (one.rule.days if one.rule else 0, one.start)


def _period(facts: Facts, one: Entry) -> str:
    return _days(facts, one.rule.days if one.rule else 0)


def _days(facts: Facts, days: int) -> str:
    return f"{days} {facts.words.columns['day' if days == 1 else 'days']}"
