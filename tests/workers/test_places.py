"""Every place of personal data is known to the verbs."""

from workers.mail import Outbox
from workers.places import Vault, holdings
from workers.runtime.process import Process


def test_the_outbox_is_a_place_of_personal_data(process: Process) -> None:
    [outbox, vault] = holdings(process).places
    assert isinstance(vault, Vault)
    assert isinstance(outbox, Outbox)
    assert outbox.folder == process.settings.outbox
