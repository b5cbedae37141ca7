"""Among whose signals an account is: in the files, in what was said since, and nowhere else."""

from tests.factories.days import fold_all
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import like, reading
from workers import buckets
from workers.models import Connection
from workers.runtime.process import Process
from workers.signals.objections import heard_by
from workers.signals.store import put


def heard(process: Process, *actors: str, number: int = 1, who: str = "") -> str:
    """Reads a like of each of these accounts; a new participant unless one is named: id."""
    with process.working() as work:
        if not who:
            who = make_subject(work).id
            agree(work, who)
            make_connection(work, who)
        connection = work.session.query(Connection).where(Connection.subject_id == who).one()
        put(work, work.ring.person(who), connection, reading(*(like(actor, 2) for actor in actors), number=number))
    return who


def test_who_heard_an_account_is_found_in_files_and_inbox(each_process: Process) -> None:
    with each_process.working() as work:
        buckets.settle(work)
    people = [heard(each_process, "did:one", f"did:{number}") for number in range(6)]
    strangers = [heard(each_process, "did:two") for _ in range(3)]
    assert heard_by(each_process, "bluesky", "did:one") == sorted(people)
    fold_all(each_process)
    assert heard_by(each_process, "bluesky", "did:one") == sorted(people)
    late = heard(each_process, "did:one", number=2, who=strangers[0])
    new = heard(each_process, "did:one")
    assert heard_by(each_process, "bluesky", "did:one") == sorted([*people, late, new])
    assert heard_by(each_process, "bluesky", "did:3") == [people[3]]
    assert heard_by(each_process, "bluesky", "did:nobody") == []
    assert heard_by(each_process, "mastodon", "did:one") == []


def test_before_there_are_buckets_everything_is_in_the_inbox(process: Process) -> None:
    mine = heard(process, "did:one")
    assert heard_by(process, "bluesky", "did:one") == [mine]
