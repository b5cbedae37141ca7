"""The canary in the run of all tests: what `bin/canary` runs, and that it would notice."""

from pathlib import Path

import pytest

from privacy.base import Base
from tests.canary import people
from tests.canary.people import UncoveredError, make_sure_of_cover, missing, settle, words
from tests.canary.run import on_sqlite
from tests.privacy.rows import personal
from workers.runtime.process import Process


@pytest.mark.slow
def test_of_who_is_erased_through_the_web_no_byte_is_left_and_everything_of_the_others(tmp_path: Path) -> None:
    found = on_sqlite(tmp_path)
    assert found.faults == []
    assert (found.people, found.hits) == (20, 0)
    assert found.survived > 1000
    assert found.bytes > 300_000


def test_every_column_of_every_table_has_a_token_or_is_named(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "NUMBER", 2)
    filled = settle(process)
    assert missing(process, filled[1]) == set()
    known = words(process)
    table: type[Base] = next(model for model in personal() if model.__tablename__ == "connection")
    for row in filled[0].rows[table]:
        row["handle"] = "somebody forgot this one"
    with pytest.raises(UncoveredError, match=r"no token in connection.handle: name them"):
        make_sure_of_cover(filled, known)
