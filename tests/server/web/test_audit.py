"""The auditor's room: labels only, every look noted and shown, everything checkable, findings answered."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from privacy.disclosure import Disclosure
from privacy.ledger import LogEntry, note
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.models import Account, Finding, Role
from server.services import accounts, audits, members
from server.services.passwords import hash_password
from tests.conftest import Clock
from tests.factories.days import run_day
from tests.factories.people import make_subject
from tests.factories.scores import day_before, make_scored
from tests.server.browser import PASSWORD, Browser
from workers import jobs, logbook
from workers.audit import root
from workers.jobs import erase
from workers.models import Connection, Dispute, Draw, Post, Sample, Score
from workers.places import holdings
from workers.runtime.process import Process
from workers.scoring.standalone_verifier import verify
from workers.withdrawal import withdraw

AUDITOR = "pruefung@haus.test"


@pytest.fixture
def town(process: Process, ann_id: str) -> list[str]:
    """Ann and two others have published scores; their ids, Ann's first."""
    with process.working() as work:
        people = [ann_id, make_subject(work).id, make_subject(work).id]
        for subject_id in people:
            make_scored(work, subject_id)
        root.publish(work, day_before(work, 1))
    logbook.append(process)
    return people


@pytest.fixture
def auditor(process: Process, new_browser: Callable[..., Browser]) -> Browser:
    """An auditor who is signed in."""
    with process.working() as work:
        accounts.create(work, AUDITOR, hash_password(PASSWORD), "en", Role.AUDITOR, confirmed=True)
    return new_browser().sign_in(AUDITOR)


def draw(auditor: Browser, number: str = "4711", size: str = "3") -> list[str]:
    """Draws; the ids of the samples in the order of their labels."""
    auditor.get("/audit").post("/audit/draw", number=number, size=size)
    return re.findall(r'href="/audit/sample/(\w+)"', auditor.page)


def sample_of(process: Process, subject_id: str) -> Sample:
    with process.reading() as session:
        return session.scalars(select(Sample).where(Sample.subject_id == subject_id)).one()


def run(process: Process) -> None:
    """Does what was sent to the workers."""
    for job in process.queue.rq.jobs:
        getattr(jobs, job.func_name.rpartition(".")[2])(*job.args)
    process.queue.rq.empty()


def secrets_of(process: Process, subject_id: str) -> list[str]:
    """Everything that would tell who somebody is, or where their posts are."""
    with process.reading() as session:
        key = process.ring.person(subject_id)
        found = [subject_id]
        for connection in session.scalars(select(Connection).where(Connection.subject_id == subject_id)):
            found += [
                connection.id,
                *(unseal(connection, key, one) for one in ("handle", "address", "remote_id", "code")),
            ]
        for post in session.scalars(select(Post).where(Post.subject_id == subject_id)):
            found += [post.id, unseal(post, key, "address")]
        account = session.scalar(select(Account).where(Account.subject_id == subject_id))
        found += [account.id, accounts.email_of(process.ring, account)] if account else []
    return [one for one in found if one]


def test_a_sample_is_drawn_that_anybody_can_draw_anew(process: Process, auditor: Browser, town: list[str]) -> None:
    assert len(draw(auditor, size="2")) == 2
    recipe = re.search(r'<pre class="recipe" tabindex="0">(.*?)</pre>', auditor.page, re.DOTALL)
    assert recipe is not None
    code = recipe[1].replace("&lt;", "<").replace("&#34;", '"')
    said: list[list[int]] = []
    exec(code, {"print": said.append})
    with process.reading() as session:
        places = set(session.scalars(select(Sample.place)))
        [drawn] = session.scalars(select(Draw))
        top = root.newest(session)
    assert set(said[0]) == places
    assert top is not None
    assert (drawn.root, drawn.number, drawn.people, drawn.size) == (top.root, "4711", 3, 2)
    assert auditor.says(f"It gives these places: {said[0][0]}, {said[0][1]}.")


def test_there_is_one_draw_a_day(process: Process, auditor: Browser, town: list[str], clock: Clock) -> None:
    draw(auditor, size="1")
    auditor.post("/audit/draw", number="12", size="3")
    assert auditor.says("You have drawn a sample of this day already.")
    with process.reading() as session:
        assert len(session.scalars(select(Sample)).all()) == 1
    clock.go(days=1)
    run_day(process, date(2026, 11, 22))
    assert len(draw(auditor, size="2")) == 3  # two of the new day, one of the old


@pytest.mark.parametrize(
    ("number", "size", "sentence"),
    [("", "3", "1 to 40 digits"), ("x", "3", "1 to 40 digits"), ("1" * 41, "3", "1 to 40 digits"),
     ("1\n2", "3", "1 to 40 digits"), ("٣", "3", "1 to 40 digits"), ("7", "0", "from 1 to 20"),
     ("7", "21", "from 1 to 20"), ("7", "viele", "from 1 to 20")],
)  # fmt: skip
def test_what_is_no_number_draws_nothing(
    process: Process, auditor: Browser, town: list[str], number: str, size: str, sentence: str
) -> None:
    auditor.get("/audit").post("/audit/draw", number=number, size=size)
    assert auditor.status == 422
    assert auditor.says(sentence)
    with process.reading() as session:
        assert session.scalars(select(Draw)).all() == []


def test_before_the_first_night_there_is_nothing_to_draw(auditor: Browser) -> None:
    assert auditor.get("/audit").says("There are no published scores yet.")
    auditor.post("/audit/draw", number="1", size="1")
    assert auditor.says("There are no published scores yet.")


def test_the_auditor_never_learns_who_is_who(process: Process, auditor: Browser, town: list[str]) -> None:
    samples = draw(auditor)
    seen = [auditor.get(path).page for path in ("/audit", "/audit/figures", "/audit/findings", "/log")]
    for sample_id in samples:
        one = f"/audit/sample/{sample_id}"
        auditor.get(one).post(f"{one}/recompute")
        auditor.post(f"{one}/recount")
        run(process)
        for path in (one, f"{one}/explanation", *(f"{one}/explanation/{rank}" for rank in range(4))):
            assert auditor.get(path).status == 200, path
            seen.append(auditor.page)
        for path in ("file", "proof"):
            auditor.get(one)
            assert auditor.post(f"{one}/{path}").status == 200
            seen.append(auditor.page)
    everything = "\n".join(seen)
    for subject_id in town:
        for secret in secrets_of(process, subject_id):
            assert secret not in everything
    assert "bluesky.example" not in everything
    assert auditor.get("/audit/sample/x").status == 404
    with process.reading() as session:
        verdicts = [one.verdict for one in session.scalars(select(Sample))]
    assert [one and one["outcome"] for one in verdicts] == ["holds"] * 3


def test_labels_differ_between_days_and_auditors(process: Process, town: list[str]) -> None:
    with process.reading() as session:
        day = session.scalars(select(Score.day).where(Score.leaf.is_not(None))).first()
    assert day is not None
    labels = {
        audits.label(process.ring, day - timedelta(days=back), auditor, subject_id)
        for back in (0, 1)
        for auditor in ("a", "b")
        for subject_id in town
    }
    assert len(labels) == 12
    assert audits.label(process.ring, day, "a", town[0]) == audits.label(process.ring, day, "a", town[0])


def test_every_look_is_noted_and_shown_to_the_person(
    process: Process, auditor: Browser, ann: Browser, town: list[str], account_of: Callable[[str], Account],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert ann.get("/data").says("Nobody but you.")
    draw(auditor)
    one = f"/audit/sample/{sample_of(process, town[0]).id}"
    auditor.get(f"{one}/explanation").get(f"{one}/explanation/1").get(one)
    auditor.post(f"{one}/recompute").post(f"{one}/file")
    with process.reading() as session:
        rows = session.scalars(select(Disclosure).where(Disclosure.subject_id == town[0])).all()
        told = [
            json.loads(one) for one in session.scalars(select(LogEntry.entry).where(LogEntry.subject_id == town[0]))
        ]
    whys = ["drawn", "explanation", "file", "recomputed", "signals"]
    assert sorted(row.what for row in rows) == whys
    assert {(row.purpose, row.role, row.day) for row in rows} == {("audit", "auditor", date(2026, 11, 21))}
    assert sorted(one["what"] for one in told if one["type"] == "disclosure") == whys
    ann.get("/data")
    assert ann.says("5 looks by people with a role")
    assert not ann.says("went to a recipient outside")
    assert ann.says("Read where the points come from, without names and addresses")
    assert ann.says(f"Auditor {members.label(process.ring, account_of(AUDITOR).id)}")
    assert ann.get("/explanation").says(f"Auditor {members.label(process.ring, account_of(AUDITOR).id)}")
    assert AUDITOR not in ann.page
    assert account_of(AUDITOR).id not in ann.page
    assert not ann.says("The older ones stand under")
    monkeypatch.setattr("server.web.score.LOOKS_SHOWN", 4)
    assert ann.get("/explanation").page.count("Auditor ") == 4
    assert ann.says("The older ones stand under “My data”.")


def test_pages_that_show_nothing_of_a_person_note_no_look(process: Process, auditor: Browser, town: list[str]) -> None:
    draw(auditor)
    for path in ("/audit", "/audit/figures", f"/audit/sample/{sample_of(process, town[0]).id}"):
        auditor.get(path)
    with process.reading() as session:
        assert {row.what for row in session.scalars(select(Disclosure))} == {"drawn"}


def test_only_who_agrees_to_be_scored_is_drawn_and_shown(process: Process, auditor: Browser, town: list[str]) -> None:
    with process.working() as work:
        for network in ("bluesky", "mastodon"):
            withdraw(work, town[1], Purpose.SCORING, network)
    assert len(draw(auditor)) == 2
    assert auditor.says("Left out, because who stands there does not take part any more")
    one = f"/audit/sample/{sample_of(process, town[2]).id}"
    assert auditor.get(f"{one}/explanation").status == 200
    with process.working() as work:
        for network in ("bluesky", "mastodon"):
            withdraw(work, town[2], Purpose.SCORING, network)
    for path in (f"{one}/explanation", f"{one}/explanation/1"):
        assert auditor.get(path).status == 404
    auditor.get("/audit")
    for path in ("recompute", "recount", "file", "proof"):
        assert auditor.post(f"{one}/{path}").status == 404
    assert auditor.get(one).says("The person has withdrawn or deleted the account in the meantime.")


def test_an_erased_person_leaves_neither_looks_nor_labels_and_the_log_still_holds(
    process: Process, auditor: Browser, town: list[str]
) -> None:
    draw(auditor)
    sample_id = sample_of(process, town[0]).id
    auditor.get(f"/audit/sample/{sample_id}/explanation")
    auditor.post("/audit/log")
    erase(town[0])
    with process.reading() as session:
        assert holdings(process).traces(session, town[0]) == {}
        assert session.scalars(select(Disclosure).where(Disclosure.subject_id == town[0])).all() == []
        assert len(session.scalars(select(Disclosure)).all()) == 2
        assert session.get(Sample, sample_id) is None
    logbook.append(process)
    assert logbook.verify(process)[1] == 0
    assert auditor.get(f"/audit/sample/{sample_id}").status == 404
    one = f"/audit/sample/{sample_of(process, town[1]).id}"
    auditor.get(one).post(f"{one}/recompute")
    run(process)
    assert auditor.get(one).says("holds")


def test_an_erased_auditor_leaves_the_looks_that_they_did(
    process: Process, auditor: Browser, town: list[str], account_of: Callable[[str], Account]
) -> None:
    draw(auditor)
    who = account_of(AUDITOR).subject_id
    auditor.get("/audit/findings").post("/audit/findings", text="Passt alles.")
    auditor.post("/audit/log")
    erase(who)
    with process.reading() as session:
        assert holdings(process).traces(session, who) == {}
        assert (session.scalars(select(Sample)).all(), session.scalars(select(Draw)).all()) == ([], [])
        assert len(session.scalars(select(Disclosure)).all()) == 3


def test_a_tampered_score_is_found_by_the_click(process: Process, auditor: Browser, town: list[str]) -> None:
    draw(auditor)
    one = f"/audit/sample/{sample_of(process, town[0]).id}"
    with process.working() as work:
        work.session.execute(update(Score).where(Score.subject_id == town[0]).values(score=77.7))
    auditor.get(one).post(f"{one}/recompute")
    assert auditor.says("A worker computes the score anew")
    run(process)
    auditor.get(one)
    assert auditor.says("does not hold")
    assert auditor.says("The stored score is not the one that was published")


def test_the_downloads_hold_on_their_own(process: Process, auditor: Browser, town: list[str]) -> None:
    draw(auditor)
    one = f"/audit/sample/{sample_of(process, town[0]).id}"
    file = auditor.get(one).post(f"{one}/file").page
    assert "holds" in verify(file.encode(), process.ring.public_key())[0]
    score = json.loads(json.loads(file)["payload"])["score"]
    told = json.loads(auditor.get(one).post(f"{one}/proof").page)
    assert told["format"] == "klarwert-score-proof/1"
    log = told.pop("log")
    known = ("day", "place", "people", "text", "salt", "path", "root")
    assert root.holds(root.Proof(**{name: told[name] for name in known}))
    assert json.loads(told["text"])["score"] == pytest.approx(score, abs=1e-9)
    [leaf] = log["leaves"]
    entry = json.loads(leaf["entry"])
    assert (entry["type"], entry["root"], entry["people"]) == ("scores", told["root"], 3)


def test_an_auditor_sees_only_what_they_drew(
    process: Process, auditor: Browser, new_browser: Callable[..., Browser], town: list[str]
) -> None:
    [first, *_] = draw(auditor)
    with process.working() as work:
        accounts.create(work, "andere@haus.test", hash_password(PASSWORD), "en", Role.AUDITOR, confirmed=True)
    other = new_browser().sign_in("andere@haus.test")
    for path in ("", "/explanation", "/explanation/1"):
        assert other.get(f"/audit/sample/{first}{path}").status == 404
    for path in ("recompute", "recount", "file", "proof"):
        assert other.post(f"/audit/sample/{first}/{path}").status == 404


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAFF, Role.DPO, Role.ADMIN])
def test_the_room_is_for_auditors_only(process: Process, ann: Browser, town: list[str], role: Role) -> None:
    with process.working() as work:
        accounts.set_role(work, "ann@garten.test", role)
    for path in ("/audit", "/audit/figures", "/audit/findings"):
        assert ann.get(path).status == 404
    for path in ("/audit/draw", "/audit/log", "/audit/findings"):
        assert ann.post(path, number="1", size="1", text="x").status == 404
    assert (ann.get("/organisation/findings").status == 200) is (role is Role.ADMIN)


def test_an_auditor_is_led_to_the_room(auditor: Browser) -> None:
    assert auditor.path == "/audit"
    assert auditor.says("Auditor's room")


def test_the_log_is_held_against_the_last_visit(
    process: Process, auditor: Browser, town: list[str], clock: Clock
) -> None:
    assert auditor.get("/audit").says("You have not looked at the log yet.")
    auditor.post("/audit/log")
    assert auditor.says("you saw the log for the first time")
    for _ in range(3):
        with process.working() as work:
            note(work.session, work.now, "test", None)
    clock.go(days=1)
    auditor.get("/audit").post("/audit/log")
    assert auditor.says("are its beginning, unchanged")
    auditor.post("/audit/log")
    assert auditor.says("the same as at your visit before")


def test_another_log_than_that_of_the_last_visit_is_told(
    process: Process, auditor: Browser, town: list[str], clock: Clock
) -> None:
    auditor.get("/audit").post("/audit/log")
    with process.ledger._engine.begin() as connection:  # somebody puts another log in its place
        for table in ("node", "leaf", "checkpoint"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    process.ledger.append([(f"{number}", f"{number:064x}") for number in range(40)])
    process.ledger.publish(process.clock())
    auditor.post("/audit/log")
    assert auditor.says("The log does not go on from what you saw last.")
    assert auditor.says("does not begin with the")


def test_a_finding_is_answered_once_and_both_are_in_the_log(
    process: Process, auditor: Browser, ann: Browser, town: list[str]
) -> None:
    draw(auditor)
    label = sample_of(process, town[0]).label
    auditor.get(f"/audit/findings?about={label}")
    auditor.post("/audit/findings", text="Der Beitrag 2 zählt doppelt.\nBitte prüfen.", about=label)
    assert auditor.says("Written down, and noted in the log.")
    assert auditor.says("waits for an answer")
    with process.working() as work:
        accounts.set_role(work, "ann@garten.test", Role.ADMIN)
        finding = work.session.scalars(select(Finding)).one()
    assert "doppelt" not in repr(bytes(finding.text))
    ann.get("/organisation/findings")
    assert ann.says("Der Beitrag 2 zählt doppelt.")
    assert ann.post(f"/organisation/findings/{finding.id}", text=" ").status == 422
    ann.post(f"/organisation/findings/{finding.id}", text="Nein, es sind zwei Personen.")
    assert ann.says("Answered, and noted in the log.")
    assert ann.post(f"/organisation/findings/{finding.id}", text="Noch etwas").status == 404
    assert auditor.get("/audit/findings").says("Nein, es sind zwei Personen.")
    with process.reading() as session:
        types = [json.loads(one)["type"] for one in session.scalars(select(LogEntry.entry))]
    assert (types.count("finding"), types.count("answer")) == (1, 1)


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
def test_a_finding_needs_words_and_not_too_many(process: Process, auditor: Browser, text: str) -> None:
    assert auditor.get("/audit/findings").post("/audit/findings", text=text).status == 422
    with process.reading() as session:
        assert session.scalars(select(Finding)).all() == []


def test_with_few_people_there_are_no_figures_and_the_versions_show(
    process: Process, auditor: Browser, town: list[str]
) -> None:
    with process.working() as work:
        logbook.note_start(work, "9")
        note(work.session, work.now, "erasure", None, counts={"signals": 123456})
    auditor.get("/audit/figures")
    assert auditor.says("they begin with 10 people")
    assert auditor.says("Version of the readers")
    assert auditor.says("klarwert-1")
    assert auditor.says("Somebody was deleted")
    assert "123456" not in auditor.page


def test_the_figures_show_from_ten_people_on(process: Process, auditor: Browser, clock: Clock) -> None:
    with process.working() as work:
        for _ in range(11):
            make_scored(work, make_subject(work).id)
    clock.go(days=1)
    run_day(process, date(2026, 11, 22))
    auditor.get("/audit/figures")
    assert auditor.says("11 scores of 22 November 2026.")
    assert auditor.says("Share of networks")


def test_an_explanation_of_an_older_day_is_closed(
    process: Process, auditor: Browser, town: list[str], clock: Clock
) -> None:
    [first, *_] = draw(auditor)
    clock.go(days=1)
    run_day(process, date(2026, 11, 22))
    assert auditor.get(f"/audit/sample/{first}").says("Only scores of the newest published day can be opened")
    assert auditor.get(f"/audit/sample/{first}/explanation").status == 404


def test_two_draws_at_once_are_one(each_process: Process) -> None:
    from threading import Barrier, Thread

    from server.services.looks import Viewer

    with each_process.working() as work:
        make_scored(work, make_subject(work).id)
        root.publish(work, day_before(work, 1))
        account = accounts.create(work, AUDITOR, "x", "en", Role.AUDITOR, confirmed=True)
    start, ends = Barrier(2), []

    def click(number: str) -> None:
        start.wait()
        try:
            with each_process.working() as work:
                audits.draw_sample(work, Viewer(account.id, account.subject_id, Role.AUDITOR), number, 1)
            ends.append(True)
        except audits.DrawnAlreadyError:
            ends.append(False)

    threads = [Thread(target=click, args=(number,)) for number in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [False, True]


def test_decided_disputes_show_without_words_and_persons(process: Process, auditor: Browser, town: list[str]) -> None:
    with process.working() as work:
        key = process.ring.person(town[0])
        for number, outcome in enumerate(("upheld", "rejected", "open")):
            row = Dispute(
                id=f"{number:032x}", subject_id=town[0], target="post", network="bluesky", outcome=outcome,
                made_at=work.now, decided_at=None if outcome == "open" else work.now,
                decided_by=None if outcome == "open" else "dpo",
            )  # fmt: skip
            seal(row, key, reason="Das war mein Nachbar.", answer="Stimmt, der Nachbar war es.", subject_matter="{}")
            work.session.add(row)
    auditor.get("/audit/figures")
    assert auditor.says("Data protection officer stays out")
    assert auditor.says("Data protection officer counts again")
    assert auditor.page.count("a post · Bluesky") == 2
    assert "achbar" not in auditor.page
    assert town[0] not in auditor.page
