"""Every place of personal data is known to the verbs."""

from workers.kept import BackupFolder, JournalPlace
from workers.mail import Outbox
from workers.places import holdings
from workers.runtime.process import Process


def test_the_outbox_is_a_place_of_personal_data(process: Process) -> None:
    [outbox] = [place for place in holdings(process).places if isinstance(place, Outbox)]
    assert outbox.folder == process.settings.outbox


def test_backups_and_the_journal_are_places_that_go_in_time_and_not_by_an_erasure(process: Process) -> None:
    places = [place for place in holdings(process).places if isinstance(place, BackupFolder | JournalPlace)]
    assert [place.holds.kind for place in places] == ["backups of data", "backups of keys", "journal"]
    assert {place.holds.rule.days for place in places if place.holds.rule} == {process.settings.backup_days}
    assert [place.erase("somebody") for place in places] == [0, 0, 0]
    assert [place.export("somebody") for place in places] == [[], [], []]
