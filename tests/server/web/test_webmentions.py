"""The Webmention endpoint: 201 with a status page, 400 for what is plainly wrong, 404 where nobody receives."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from privacy.sealed import seal
from tests.factories.people import agree, make_connection, make_subject
from tests.server.browser import Browser
from workers.models import Connection, Webmention
from workers.models.connection import State
from workers.runtime.process import Process
from workers.withdrawal import withdraw

SOURCE, TARGET = "https://paul.example/lob", "https://mira.example/tomaten"


@pytest.fixture
def connection_id(process: Process) -> str:
    """The proven blog of somebody who agreed."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id, network="blog")
        row = make_connection(work, subject.id, "blog", "mira.example")
        home = "https://mira.example/"
        seal(row, work.ring.person(subject.id), remote_id=home, address=home)
        return row.id


def told(client: FlaskClient, connection_id: str, source: str = SOURCE, target: str = TARGET) -> tuple[int, str]:
    answer = client.post(f"/webmention/{connection_id}", data={"source": source, "target": target})
    return answer.status_code, answer.headers.get("Location", "")


def stored(process: Process) -> int:
    with process.reading() as session:
        return session.scalar(select(func.count()).select_from(Webmention)) or 0


def test_it_is_taken_with_a_page_that_says_what_became_of_it(
    client: FlaskClient, process: Process, connection_id: str
) -> None:
    status, location = told(client, connection_id)
    assert status == 201
    assert location.startswith(process.settings.public_url)
    path = location.removeprefix(process.settings.public_url)
    assert client.get(path).json == {"status": "waiting"}
    assert [job.func_name for job in process.queue.rq.jobs] == ["workers.jobs.verify_webmention"]
    assert connection_id not in location
    with process.working() as work:
        row = work.session.scalars(select(Webmention)).one()
        row.due_at, row.outcome = None, "accepted"
    assert client.get(path).json == {"status": "accepted"}


def test_telling_it_again_is_an_update_of_the_same(client: FlaskClient, process: Process, connection_id: str) -> None:
    assert told(client, connection_id) == told(client, connection_id)
    assert stored(process) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("", TARGET),
        (SOURCE, ""),
        (TARGET, TARGET),
        (f"{TARGET}#x", TARGET),
        ("not an address", TARGET),
        ("ftp://paul.example/x", TARGET),
        ("javascript:alert(1)", TARGET),
        ("https://user:word@paul.example/", TARGET),
        ("https://[paul", TARGET),
        ("https://paul.example/" + "x" * 2000, TARGET),
        ("https://paul.example/\u00fc", TARGET),
        (SOURCE, "https://lena.example/post"),
        (SOURCE, "https://mira.example.evil.example/"),
        (SOURCE, "https://mira.example:444/x"),
        (SOURCE, "mailto:mira@mira.example"),
    ],
)
def test_what_is_plainly_wrong_is_refused_at_once(
    client: FlaskClient, process: Process, connection_id: str, source: str, target: str
) -> None:
    answer = client.post(f"/webmention/{connection_id}", data={"source": source, "target": target})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert stored(process) == 0


def test_nobody_receives_where_there_is_no_blog(client: FlaskClient, process: Process, connection_id: str) -> None:
    assert told(client, "0" * 32)[0] == 404
    with process.working() as work:
        row = work.session.get_one(Connection, connection_id)
        row.state = State.LAPSED
    assert told(client, connection_id)[0] == 404
    with process.working() as work:
        row = work.session.get_one(Connection, connection_id)
        row.state, row.network = State.PROVEN, "mastodon"
    assert told(client, connection_id)[0] == 404
    assert client.get("/webmention/status/unknown").status_code == 404
    assert client.get(f"/webmention/{connection_id}").status_code == 405


def test_nobody_receives_after_a_withdrawal(client: FlaskClient, process: Process, connection_id: str) -> None:
    with process.working() as work:
        subject_id = work.session.get_one(Connection, connection_id).subject_id
        from privacy.vocabulary import Purpose

        withdraw(work, subject_id, Purpose.SCORING, "blog")
    assert told(client, connection_id)[0] == 404


def test_who_calls_without_end_is_stopped(client: FlaskClient, connection_id: str) -> None:
    answers = {told(client, connection_id, f"https://paul.example/{number}")[0] for number in range(31)}
    assert answers == {201, 429}


def test_the_person_sees_the_line_for_their_pages(ann: Browser, process: Process) -> None:
    with process.working() as work:
        from server.models import Account

        subject_id = work.session.scalars(select(Account.subject_id)).one()
        agree(work, subject_id, network="blog")
        row = make_connection(work, subject_id, "blog", "mira.example")
    page = ann.client.get(f"/connections/{row.id}").text
    assert f"{process.settings.public_url}/webmention/{row.id}" in page
    assert "rel=&#34;webmention&#34;" in page or 'rel="webmention"' in page
