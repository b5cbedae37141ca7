import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from privacy.base import Sealed, new_id
from privacy.keyring import PersonKey, SealBrokenError
from privacy.sealed import place, readable, seal, sealed_columns, unseal
from tests.privacy.rows import fill, personal
from workers.models import Connection, DayScored, Mail, PostSplit
from workers.runtime.process import Process

KEY = PersonKey(bytes(32))
OTHER = PersonKey(bytes(31) + b"1")


@pytest.fixture
def mail() -> Mail:
    row = Mail(id=new_id(), subject_id=new_id())
    seal(row, KEY, recipient="ann@ann.example", title="Hallo", body="")
    return row


def test_sealed_text_opens_at_its_place(mail: Mail) -> None:
    assert unseal(mail, KEY, "recipient") == "ann@ann.example"
    assert unseal(mail, KEY, "body") == ""


def test_sealed_text_does_not_open_in_another_column(mail: Mail) -> None:
    mail.title = mail.recipient
    with pytest.raises(SealBrokenError):
        unseal(mail, KEY, "title")


def test_sealed_text_does_not_open_in_another_row(mail: Mail) -> None:
    other = Mail(id=new_id(), subject_id=mail.subject_id, recipient=mail.recipient)
    with pytest.raises(SealBrokenError):
        unseal(other, KEY, "recipient")


def test_sealed_text_does_not_open_in_another_table(mail: Mail) -> None:
    other = Connection(id=mail.id, handle=mail.recipient)
    with pytest.raises(SealBrokenError):
        unseal(other, KEY, "handle")


def test_sealed_text_does_not_open_under_another_persons_key(mail: Mail) -> None:
    with pytest.raises(SealBrokenError):
        unseal(mail, OTHER, "recipient")


def test_no_column_and_key_are_confused_with_others() -> None:
    keys = [("a", "b/c"), ("a/b", "c"), ("a", 'b", "c'), ("a\0b", "c")]
    places = {place(PostSplit(subject_id=one, day=two), "points") for one, two in keys}
    assert len(places) == len(keys)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_every_text_comes_back_and_is_never_sealed_alike(text: str) -> None:
    first, second = KEY.seal("place", text), KEY.seal("place", text)
    assert first != second
    assert KEY.open("place", first) == KEY.open("place", second) == text
    assert isinstance(first, Sealed)


@given(st.data())
def test_a_single_changed_bit_breaks_the_seal(data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal("place", "ann@ann.example"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        KEY.open("place", bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 27])
def test_what_is_too_short_to_be_sealed_is_a_broken_seal(length: int) -> None:
    with pytest.raises(SealBrokenError):
        KEY.open("place", KEY.seal("place", "")[:length])


def test_a_broken_seal_tells_nothing(mail: Mail) -> None:
    with pytest.raises(SealBrokenError) as caught:
        unseal(mail, OTHER, "recipient")
    assert caught.value.__cause__ is None
    assert "ann" not in str(caught.value)


def test_a_row_without_an_id_cannot_be_sealed() -> None:
    with pytest.raises(ValueError, match="mail: the row needs its id"):
        seal(Mail(), KEY, body="text")


@pytest.mark.parametrize("column", ["tries", "recipent"])
def test_only_sealed_columns_are_sealed(mail: Mail, column: str) -> None:
    with pytest.raises(ValueError, match=f"mail: not sealed: {column}"):
        seal(mail, KEY, **{column: "text"})


def test_none_empties_a_sealed_column() -> None:
    row = Connection(id=new_id())
    seal(row, KEY, handle="ann.test")
    seal(row, KEY, handle=None)
    assert row.handle is None
    assert unseal(row, KEY, "handle") == ""


def test_sealed_columns_are_found_by_their_type() -> None:
    assert sealed_columns(Mail) == ["recipient", "title", "body", "leave"]
    assert sealed_columns(DayScored) == []


def test_readable_opens_what_is_sealed_and_leaves_the_rest(mail: Mail) -> None:
    mail.tries = 3
    assert readable(mail, KEY, ("id", "tries", "title")) == {"id": mail.id, "tries": 3, "title": "Hallo"}


def test_readable_tells_an_empty_column_from_an_empty_text() -> None:
    row = Connection(id=new_id(), handle=None)
    seal(row, KEY, address="")
    assert readable(row, KEY, ("handle", "address")) == {"handle": None, "address": ""}


def test_sealed_text_of_every_table_comes_back_from_the_database(each_process: Process) -> None:
    with each_process.working() as work:
        (ann,) = fill(work, "ann")
    key = each_process.ring.person(ann.id)
    with each_process.reading() as session:
        for model in personal():
            subject = model.__table__.c[model.__holds__.subject]
            rows = session.scalars(select(model).where(subject == ann.id)).all()
            assert rows
            for column in sealed_columns(model):
                assert [unseal(row, key, column) for row in rows] == ann.found(model, column)
