"""Deleting a part in the browser: what goes and stays is said first, then it goes and the score follows."""

from collections.abc import Callable

from sqlalchemy import select

from privacy.request import Request
from server.models import Account
from tests.factories.days import signals
from tests.factories.people import make_connection
from tests.factories.readings import TODAY, ago, count, like, reading
from tests.server.browser import Browser
from tests.server.web.test_pages import check
from workers import jobs
from workers.models import Post, Score
from workers.runtime.process import Process
from workers.signals.store import put


def ann_with_posts(sign_up: Callable[..., Browser], process: Process, language: str = "en") -> tuple[Browser, str]:
    ann = sign_up("ann@garten.test", language)
    ann.agree()
    with process.working() as work:
        subject_id = work.session.scalars(select(Account.subject_id)).one()
        connection = make_connection(work, subject_id, read_at=work.now)
        first = reading(like("did:a", 2), like("did:b", 3), count(4, "repost"))
        put(work, work.ring.person(subject_id), connection, first, reading(like("did:a", 2), number=2))
    jobs.score(subject_id)
    return ann, subject_id


def test_a_post_is_deleted_from_the_explanation_on(sign_up: Callable[..., Browser], process: Process) -> None:
    ann, subject_id = ann_with_posts(sign_up, process)
    with process.reading() as session:
        post = session.scalars(select(Post.id).where(Post.number == 1)).one()
        before = session.scalars(select(Score.score)).one()
    assert f'/data/part?post={post}"' in ann.get("/explanation").page
    assert f'/data/part?post={post}"' in ann.get(f"/explanation/post/{post}").page
    ann.get(f"/data/part?post={post}")
    check(ann)
    assert ann.says("Like 2")
    assert ann.says("https://netz.test/p/1")
    assert len(signals(process, subject_id)) == 4
    ann.post("/data/part", post=post)
    assert ann.says("Deleted, and not read again. Your score is being made anew.")
    check(ann)
    jobs.score(subject_id)
    assert len(signals(process, subject_id)) == 1
    with process.reading() as session:
        assert session.scalars(select(Score.score)).one() < before
    assert ann.get(f"/data/part?post={post}").status == 404
    with process.reading() as session:
        assert session.scalars(select(Request.kind).where(Request.subject_id == subject_id)).all() == ["erasure"]


def test_a_day_is_deleted_from_my_data_on(sign_up: Callable[..., Browser], process: Process) -> None:
    ann, subject_id = ann_with_posts(sign_up, process, "de")
    ann.get("/data")
    assert 'action="/data/part"' in ann.page
    ann.get(f"/data/part?day={ago(2)}")
    check(ann)
    ann.post("/data/part", day=ago(2).isoformat())
    assert sorted(row["kind"] for row in signals(process, subject_id)) == ["like", "repost"]
    ann.get(f"/data/part?day={ago(2)}")
    assert ann.says("Zurzeit gibt es keine Signale.")


def test_what_is_no_day_or_lies_ahead_deletes_nothing(sign_up: Callable[..., Browser], process: Process) -> None:
    ann, subject_id = ann_with_posts(sign_up, process)
    for day in ("gestern", "", TODAY.replace(year=TODAY.year + 1).isoformat()):
        ann.get(f"/data/part?day={day}")
        assert ann.says("Please write the day like 2027-06-30.")
        assert ann.post("/data/part", day=day).status == 404
    assert ann.post("/data/part", post="0" * 32).status == 404
    assert len(signals(process, subject_id)) == 4
