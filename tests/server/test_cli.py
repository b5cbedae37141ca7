"""The command line: what other programs rely on, and what an administrator types."""

import json
import math
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from privacy.ledger import LogEntry
from privacy.store import open_store
from server.cli import main
from server.models import Account, Factor, OrganisationFact, Role
from server.services import accounts, factors
from tests.factories.people import make_subject
from tests.factories.scores import make_scored
from tests.workers.scoring.sealed import signed, told
from workers import logbook
from workers.runtime.embedded import embedded_redis
from workers.runtime.process import Process
from workers.runtime.settings import read
from workers.topics.taxonomy import in_force

VECTORS = Path(__file__).parents[1] / "workers" / "scoring" / "vectors.json"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own, named by the environment."""
    for name in [name for name in os.environ if name.startswith("KLARWERT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KLARWERT_DATA", str(tmp_path / "data"))
    return tmp_path


def klarwert(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=text)


def test_every_published_case_is_scored_from_its_file(tmp_path: Path) -> None:
    for case in json.loads(VECTORS.read_text(encoding="utf-8")):
        path = tmp_path / "case.json"
        path.write_text(json.dumps(case), encoding="utf-8")
        done = klarwert("score", "--signals", str(path), "--day", case["day"])
        told = json.loads(done.output)
        assert set(told) == {"score", "impact", "points"}
        assert math.isclose(told["score"], case["expect"]["score"], abs_tol=1e-9)
        assert len(told["points"]) == len(case["signals"])
        assert all(map(lambda a, b: math.isclose(a, b, abs_tol=1e-9), told["points"], case["expect"]["points"]))


def test_scoring_a_file_needs_no_settings_no_database_and_no_redis(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text('{"signals": [{"network": "bluesky", "kind": "like", "day": "2026-11-01", "actor": "00"}]}')
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "score", "--signals", str(path), "--day", "2026-11-01"],
        env={"KLARWERT_PORT": "nonsense", "PATH": os.defpath}, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert math.isclose(json.loads(done.stdout)["score"], 12.1848, abs_tol=1e-4)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"{", "JSON"),
        (b'{"signals": [{"network": "x", "kind": "shout", "day": "2026-11-01"}]}', "signals[0]"),
    ],
)
def test_a_file_that_is_no_case_is_answered_with_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(content)
    done = klarwert("score", "--signals", str(path), "--day", "2026-11-01")
    assert done.exit_code == 1
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_a_missing_file_is_answered_with_a_sentence(tmp_path: Path) -> None:
    done = klarwert("score", "--signals", str(tmp_path / "none.json"), "--day", "2026-11-01")
    assert done.exit_code == 1
    assert "cannot be read" in done.output


def test_a_wrong_setting_is_named_and_its_value_is_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARWERT_PORT", "secret-port")
    done = klarwert("migrate")
    assert done.exit_code == 1
    assert "KLARWERT_PORT" in done.output
    assert "secret-port" not in done.output


def test_the_first_administrator_comes_from_the_command_line(home: Path) -> None:
    done = klarwert("user", "add", "--role", "admin", "Chef@Beispiel.example")
    assert done.exit_code == 0
    password = done.output.strip().rsplit(" ", 1)[1]
    process = Process(read())
    with process.working() as work:
        account = accounts.by_email(work.session, work.ring, "chef@beispiel.example")
        assert account is not None
        assert account.role == Role.ADMIN
    assert accounts.sign_in(process, "chef@beispiel.example", password, "http://x").token
    process.close()


def test_adding_somebody_again_changes_the_role_and_keeps_the_password(home: Path) -> None:
    first = klarwert("user", "add", "--password-stdin", "dora@beispiel.example", text="long enough password\n")
    assert "Password" not in first.output
    again = klarwert("user", "add", "--role", "dpo", "dora@beispiel.example")
    assert "already" in again.output
    assert klarwert("user", "role", "dora@beispiel.example", "auditor").exit_code == 0
    process = Process(read())
    with process.reading() as session:
        [account] = session.scalars(select(Account))
    process.close()
    assert account.role == Role.AUDITOR


@pytest.mark.parametrize(
    ("words", "text", "sentence"),
    [
        (("user", "add", "--password-stdin", "a@b.example"), "short\n", "at least"),
        (("user", "add", "nobody"), None, "not an e-mail"),
        (("user", "role", "none@b.example", "dpo"), None, "no account"),
        (("score", "--day", "2999-01-01"), None, "has just ended"),
        (("score", "--day", "2026-01-01"), None, "earlier days are final"),
        (("score",), None, "has just ended"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(
    home: Path, words: tuple[str, ...], text: str | None, sentence: str
) -> None:
    assert klarwert("migrate").exit_code == 0
    done = klarwert(*words, text=text)
    assert done.exit_code == 1
    assert sentence in done.output


def test_a_store_that_is_away_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert klarwert("migrate").exit_code == 0
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    asked = klarwert("score", "--day", yesterday.isoformat())
    assert (asked.exit_code, asked.output) == (
        1, "Error: Redis does not answer: start Klarwert, or set KLARWERT_REDIS\n",
    )  # fmt: skip
    monkeypatch.setenv("KLARWERT_DATABASE", "postgresql+psycopg://127.0.0.1:9/klarwert?connect_timeout=3")
    for command in ("migrate", "collect"):
        refused = klarwert(command)
        assert refused.exit_code == 1
        assert refused.output.startswith("Error: the database cannot be used: ")


def test_a_redis_that_refuses_is_not_said_to_be_silent(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert klarwert("migrate").exit_code == 0
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    with embedded_redis(tmp_path / "redis" / "socket") as redis:
        monkeypatch.setenv("KLARWERT_REDIS", f"unix://{tmp_path / 'redis' / 'socket'}")
        redis.config_set("requirepass", "wanted")
        refused = klarwert("score", "--day", yesterday)
        assert refused.exit_code == 1
        assert refused.output.startswith("Error: Redis answers, and refuses (KLARWERT_REDIS): ")
        monkeypatch.setenv("KLARWERT_REDIS", f"unix://:wrong@{tmp_path / 'redis' / 'socket'}")
        wrong = klarwert("score", "--day", yesterday)
        assert "refuses" in wrong.output
        assert "wrong@" not in wrong.output


def test_another_master_key_does_not_open_the_key_ring(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert klarwert("user", "add", "a@b.example").exit_code == 0
    monkeypatch.setenv("KLARWERT_MASTER_KEY", "A" * 43 + "=")
    done = klarwert("user", "add", "c@b.example")
    assert done.exit_code == 1
    assert "master key" in done.output


@pytest.mark.parametrize("command", ["run", "migrate", "web", "worker", "schedule"])
def test_real_people_and_invented_ones_never_share_a_database(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert klarwert("user", "add", "a@b.example").exit_code == 0
    monkeypatch.setenv("KLARWERT_DEMO", "true")
    among_real = klarwert(command)
    assert (among_real.exit_code, "accounts here that are not the demo's" in among_real.output) == (1, True)
    process = Process(read())
    with process.working() as work:
        work.session.add(OrganisationFact(name="demo", value="invented people"))
    process.close()
    assert klarwert("migrate").exit_code == 0
    monkeypatch.setenv("KLARWERT_DEMO", "false")
    in_the_demo = klarwert(command)
    assert (in_the_demo.exit_code, "this is a demo" in in_the_demo.output) == (1, True)


def test_collecting_and_scoring_everybody_is_sent_to_the_workers(
    home: Path, clean_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARWERT_REDIS", clean_redis)
    assert klarwert("migrate").exit_code == 0
    assert "0 readings" in klarwert("collect").output
    process = Process(read())
    yesterday = (process.clock().date() - timedelta(days=1)).isoformat()
    assert yesterday in klarwert("score", "--day", yesterday).output
    jobs = process.queue.rq.jobs
    assert [(job.func_name, job.args) for job in jobs] == [("workers.jobs.score_day", [yesterday])]
    process.close()


def test_the_schema_is_there_after_migrating_twice(home: Path) -> None:
    assert klarwert("migrate").exit_code == 0
    assert klarwert("migrate").exit_code == 0
    engine = open_store(read().database)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM account").scalar() == 0
    engine.dispose()


def test_an_explanation_is_printed_and_checked_on_the_command_line(home: Path) -> None:
    klarwert("migrate")
    process = Process(read())
    with process.working() as work:
        subject = make_subject(work).id
        make_scored(work, subject)
        today = work.today
    key = process.ring.public_key()
    process.close()
    for words in ((), ("--day", today.isoformat()), ("--auditor",)):
        told = klarwert("explain", "--subject", subject, *words)
        assert told.exit_code == 0
        (home / "told.json").write_text(told.output, encoding="utf-8")
        checked = klarwert("verify", str(home / "told.json"), "--key", key)
        assert checked.exit_code == 0
        assert checked.output.startswith("holds: score ")
        assert ("bluesky.example" in told.output) is (words != ("--auditor",))
    other = klarwert("explain", "--subject", subject, "--day", "2026-01-01")
    assert (other.exit_code, "newest scored day" in other.output) == (1, True)


def test_nobody_without_a_score_is_explained(home: Path) -> None:
    klarwert("migrate")
    done = klarwert("explain", "--subject", "nobody")
    assert done.exit_code == 1
    assert "no score of this subject" in done.output


def test_a_changed_explanation_ends_with_1_and_what_does_not_hold(home: Path) -> None:
    path = home / "told.json"
    path.write_bytes(signed(told()).replace(b"like", b"link", 1))
    done = klarwert("verify", str(path))
    assert done.exit_code == 1
    assert done.output.startswith("Error: does not hold: signature")
    assert klarwert("verify", str(home)).exit_code == 1


def test_the_log_is_checked_on_the_command_line(home: Path) -> None:
    klarwert("user", "add", "--role", "dpo", "a@b.example")
    klarwert("user", "role", "a@b.example", "auditor")
    klarwert("user", "role", "a@b.example", "auditor")
    assert klarwert("log", "verify").output == (
        "holds: 0 leaves, and every row that is in the log; 2 still wait to be appended\n"
    )
    process = Process(read())
    logbook.append(process)
    assert klarwert("log", "verify").output.startswith("holds: 2 leaves")
    with process.working() as work:
        work.session.execute(update(LogEntry).values(salt="00" * 32))
    process.close()
    done = klarwert("log", "verify")
    assert done.exit_code == 1
    assert done.output.startswith("Error: does not hold: row ")


TABLE = "slug\tname_en\tname_de\taliases\tparent\nkites\tKites\tDrachen\tlenkdrachen\t\nchurch\tChurch\tKirche\t\t\n"


def test_a_table_of_topics_is_checked_without_an_installation(tmp_path: Path) -> None:
    table = tmp_path / "mine.tsv"
    table.write_text(TABLE, encoding="utf-8")
    done = klarwert("topics", "check", str(table))
    assert done.exit_code == 0
    assert "1 topics, of them 1 areas." in done.output
    assert "1 left out, no posts may be sorted by them: church" in done.output


def test_an_imported_table_of_topics_is_in_force_and_thinned(home: Path) -> None:
    table = home / "mine.tsv"
    table.write_text(TABLE, encoding="utf-8")
    assert klarwert("topics", "import", str(table)).exit_code == 0
    giver = in_force(read().topics_table)
    assert giver.give("Lenkdrachen am Strand") == ("kites",)
    assert set(giver.names) == {"kites"}


def test_a_bad_table_of_topics_changes_nothing_and_says_why(home: Path) -> None:
    table = home / "mine.tsv"
    table.write_text("slug\tname_en\n", encoding="utf-8")
    done = klarwert("topics", "import", str(table))
    assert done.exit_code == 1
    assert "these columns are missing: name_de, parent" in done.output
    assert not read().topics_table.exists()
    assert "cannot be read" in klarwert("topics", "check", str(home / "none.tsv")).output


def test_a_second_factor_that_is_lost_is_taken_away_by_the_operator(home: Path) -> None:
    assert klarwert("user", "add", "ann@garten.test").exit_code == 0
    process = Process(read())
    with process.working() as work:
        account = accounts.by_email(work.session, work.ring, "ann@garten.test")
        assert account is not None
        factors.begin(work, account)
        row = work.session.get_one(Factor, account.id)
        row.confirmed_at = work.now
    assert "told by mail" in klarwert("user", "factor-off", "ann@garten.test").output
    with process.reading() as session:
        assert not factors.wanted(session, account.id)
        assert session.scalars(select(LogEntry.entry).where(LogEntry.entry.contains("second factor removed"))).all()
    assert klarwert("user", "factor-off", "nobody@garten.test").exit_code == 1
    process.close()


@pytest.mark.parametrize(
    "name", ["inventory", "ropa", "retention", "notice", "notice14", "dpia", "measures", "processor"]
)
def test_documents_are_printed_in_both_languages_and_all_forms(home: Path, name: str) -> None:
    for language in ("de", "en"):
        assert klarwert("privacy", name, "--lang", language).output.startswith("# ")
    assert klarwert("privacy", name, "--format", "html").output.startswith("<!doctype html>")
    assert json.loads(klarwert("privacy", name, "--format", "json").output)


def test_a_dry_run_counts_and_deletes_nothing(home: Path) -> None:
    done = klarwert("privacy", "retention", "--dry-run")
    assert done.exit_code == 0
    lines = {line.split("  ")[0]: line.split()[-3:] for line in done.output.splitlines()}
    assert lines["kind"] == ["there", "due", "overdue"]
    assert lines["installation"] == ["1", "0", "0"]
    assert lines["outbox"] == ["-", "0", "0"]
