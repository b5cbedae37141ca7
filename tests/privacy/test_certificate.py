"""Certificates of erasure: signed, in the log, about nobody, and about whom only their secret shows."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from privacy import certificate
from privacy.certificate import CertificateError, Kept
from privacy.keyring import KeyRing
from privacy.ledger import Ledger, commitment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COUNTS = {"account": 1, "signals": 12}
TOKEN, EMAIL = "geheim-und-lang", "mira@garten.test"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(f"sqlite:///{tmp_path / 'ring.sqlite'}", bytes(range(32)))


def made(ring: KeyRing, folder: Path, counts: dict[str, int] | None = None) -> str:
    """A certificate whose erasure is the third entry of a log."""
    ledger = Ledger(f"sqlite:///{folder / 'log.sqlite'}", ring)
    entry = json.dumps({"counts": counts or COUNTS, "day": "2026-11-22", "type": "erasure"})
    leaves = [(str(number), commitment(bytes(32), entry if number == 2 else str(number)).hex()) for number in range(5)]
    ledger.append(leaves)
    head = ledger.checkpoint(NOW)
    log = {
        "checkpoint": head.json(), "index": 2, "entry": entry, "salt": bytes(32).hex(), "proof": ledger.inclusion(2, 5),
    }  # fmt: skip
    kept = [Kept("proofs of consent", 2, "17(3)(e)", "2030-01-01")]
    facts = certificate.facts("Verein", certificate.binding(TOKEN, EMAIL), COUNTS, kept, ["Verlag"], date(2026, 12, 22))
    text = certificate.payload(facts, public_key=ring.public_key(), erased_at=NOW, log=log)
    ledger.close()
    return certificate.envelope(text, ring.sign(text))


def test_a_certificate_says_what_went_what_stays_and_when_the_last_backup_goes(ring: KeyRing, tmp_path: Path) -> None:
    said = certificate.verify(made(ring, tmp_path), ring.public_key())
    assert said["counts"] == COUNTS
    assert said["kept"] == [{"kind": "proofs of consent", "things": 2, "why": "17(3)(e)", "until": "2030-01-01"}]
    assert (said["backups_until"], said["erased_at"]) == ("2026-12-22", "2026-11-22T12:00:00Z")
    assert said["limits"] == list(certificate.LIMITS)


def test_it_names_nobody_and_is_bound_by_the_secret_alone(ring: KeyRing, tmp_path: Path) -> None:
    file = made(ring, tmp_path)
    assert "mira" not in file
    assert TOKEN not in file
    said = certificate.verify(file)
    assert said["binding"] == certificate.binding(TOKEN, EMAIL)
    assert said["binding"] != certificate.binding("another", EMAIL)
    assert said["binding"] != certificate.binding(TOKEN, "jona@garten.test")
    assert certificate.certificate_id(TOKEN) not in file


def changed(file: str, **facts: Any) -> str:
    outer = json.loads(file)
    return json.dumps({**outer, "payload": json.dumps(json.loads(outer["payload"]) | facts)})


def test_what_was_changed_does_not_hold(ring: KeyRing, tmp_path: Path) -> None:
    file = made(ring, tmp_path)
    with pytest.raises(CertificateError, match="signature"):
        certificate.verify(changed(file, controller="Somebody else"))
    with pytest.raises(CertificateError, match="another version"):
        certificate.verify(changed(file, format="klarwert-certificate/9"))
    with pytest.raises(CertificateError, match="another installation"):
        certificate.verify(file, "00" * 32)


def test_counts_that_the_log_does_not_have_do_not_hold(ring: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="log"):
        certificate.verify(made(ring, tmp_path, {"account": 2}))


@pytest.mark.parametrize(
    "facts",
    [
        {"controller": 5}, {"controller": "\ud800"}, {"binding": None}, {"kept": [{}]}, {"kept": 5}, {"told": [1]},
        {"kept": [{"kind": "x", "things": "many", "why": "x", "until": "2030-01-01"}]}, {"limits": None},
        {"kept": [{"kind": "x", "things": 1, "why": "x", "until": "soon"}]}, {"erased_at": "now"},
        {"backups_until": "never"}, {"erased_at": "0001-01-01T00:00:00+23:59"},
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_none_even_if_it_is_signed(
    ring: KeyRing, tmp_path: Path, facts: dict[str, Any]
) -> None:
    text = json.loads(changed(made(ring, tmp_path), **facts))["payload"]
    with pytest.raises(CertificateError, match="no certificate"):
        certificate.verify(certificate.envelope(text, ring.sign(text)))


@pytest.mark.parametrize(
    "file", ["", "{}", "[]", "null", '{"payload": "{}"}', '{"payload": 1, "signature": 2}', "\x00", "[" * 60_000]
)
def test_what_is_none_is_said(file: str) -> None:
    with pytest.raises(CertificateError, match="no certificate"):
        certificate.verify(file)


def test_claims_end_with_the_third_year_after_the_one_of_the_erasure() -> None:
    assert certificate.claims_end(NOW) == datetime(2030, 1, 1, tzinfo=UTC)
    assert certificate.claims_end(datetime(2027, 1, 1, tzinfo=UTC)) == datetime(2031, 1, 1, tzinfo=UTC)


def test_the_three_uses_of_the_secret_have_nothing_in_common() -> None:
    proofs = certificate.commitment(TOKEN, "receipt", "handle")
    assert len({certificate.certificate_id(TOKEN), certificate.binding(TOKEN, EMAIL)[:32], proofs[:32]}) == 3
    assert proofs != certificate.commitment(TOKEN, "receipt", "another")
