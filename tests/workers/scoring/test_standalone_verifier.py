"""The stand-alone verifier: true files hold, anything that was changed is found, and hostile files get a sentence."""

import ast
import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from tests.workers.scoring.draws import rows, yesterdays
from tests.workers.scoring.sealed import KEY, ROWS, SIGNER, dumped, signed, told
from workers.scoring import standalone_verifier
from workers.scoring.model import KLARWERT_1
from workers.scoring.standalone_verifier import DoesNotHoldError, main, verify

FILE = Path(standalone_verifier.__file__)
SALT = bytes(range(100, 132))


def refused(content: bytes, key: str | None = None) -> str:
    """The sentence with which a file is refused; it can be printed anywhere and fits on a screen."""
    with pytest.raises(DoesNotHoldError) as caught:
        verify(content, key)
    sentence = str(caught.value)
    assert sentence.isascii()
    assert sentence.isprintable()
    assert len(sentence) < 400
    return sentence


def changed(**fields: object) -> bytes:
    """A file that was signed after fields of its payload were changed."""
    return signed(dumped({**json.loads(told()), **fields}))


def with_signal(number: int, **fields: object) -> bytes:
    """A file that was signed after one of its signals was changed; None takes a field away."""
    explanation = json.loads(told())
    signal = {**explanation["signals"][number], **fields}
    explanation["signals"][number] = {name: value for name, value in signal.items() if value is not None}
    return signed(dumped(explanation))


def left_out(kind: str, day: str, reason: str) -> bytes:
    """A file that says why it leaves out a signal."""
    return changed(excluded=[{"network": "bluesky", "kind": kind, "day": day, "reason": reason}])


def logged(text: str, place: int = 4, leaves: int = 7, **head: object) -> dict[str, Any]:
    """The place of a payload in a log that an independent program made."""
    said = json.dumps(
        {"day": "2026-11-01", "sha256": hashlib.sha256(text.encode()).hexdigest(), "type": "explanation"},
        separators=(",", ":"),
    )
    tree = InmemoryTree(algorithm="sha256")
    for number in range(leaves):
        tree.append_entry(hashlib.sha256(SALT + said.encode()).digest() if number == place else bytes([number]))
    path = tree.prove_inclusion(place + 1, leaves).serialize()["path"]
    checkpoint = dumped(
        {
            "format": "klarwert-checkpoint/1",
            "public_key": KEY,
            "size": leaves,
            "root": tree.get_root(leaves).hex(),
            "time": "2026-11-01T23:59:59Z",
            **head,
        }
    )
    return {
        "checkpoint": {"payload": checkpoint, "signature": SIGNER.sign(checkpoint.encode()).hex()},
        "index": place,
        "proof": path[1:],
        "salt": SALT.hex(),
    }


# ---- What holds


@given(rows, yesterdays, st.booleans())
def test_every_explanation_holds(drawn: list[dict], lent: dict[str, float], auditor: bool) -> None:
    lines = verify(signed(told(drawn, lent, auditor=auditor)), KEY)
    assert lines[0].startswith("holds: score ")
    assert KEY in lines[2]


def test_it_says_what_holds_and_warns_where_no_key_was_given() -> None:
    with_key, without = verify(signed(told()), KEY), verify(signed(told()))
    assert "computed anew from 7 signals" in with_key[0]
    assert KLARWERT_1.digest() in with_key[1]
    assert [line for line in without if line not in with_key] == [
        "this key stands in the file itself: compare it with the published one, or give it with --key"
    ]


def test_it_has_the_published_document_of_the_model() -> None:
    assert standalone_verifier.MODELS["klarwert-1"] == KLARWERT_1.document()


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    imported = set()
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize(("content", "status"), [(signed(told()), 0), (signed(told())[:-9], 1)])
def test_it_runs_as_one_file_far_from_everything(tmp_path: Path, content: bytes, status: int) -> None:
    (tmp_path / "alone.py").write_bytes(FILE.read_bytes())
    (tmp_path / "told.json").write_bytes(content)
    words = [sys.executable, "-I", "-W", "error", "alone.py", "told.json"]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert (done.stdout if status == 0 else done.stderr).startswith(("holds: ", "does not hold: "))
    assert "Traceback" not in done.stderr


def test_the_command_ends_with_0_or_with_1_and_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "told.json"
    path.write_bytes(signed(told()))
    assert main([str(path), "--key", KEY]) == 0
    assert "holds" in capsys.readouterr().out
    assert main([str(path), "--key", "0" * 64]) == 1
    assert "another key" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path / "none")]) == 1
    assert "cannot be read: No such file" in capsys.readouterr().err


# ---- What was changed


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("mask", [0x01, 0x04, 0x20, 0x80])
def test_a_flip_in_any_byte_of_the_file_is_found(mask: int, log: bool) -> None:
    text = told(ROWS[:3])
    content = signed(text, logged(text) if log else None)
    verify(content)
    unnoticed = []
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= mask
        try:
            verify(bytes(flipped))
        except DoesNotHoldError:
            continue
        unnoticed.append(place)
    # Space between the fields of the envelope is the only thing that may become other space.
    assert [content[place] for place in unnoticed if chr(content[place]) not in " \n"] == []


def mutations(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a JSON value with another value for it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from mutations(part, (*path, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from mutations(part, (*path, number))
    elif isinstance(value, str):
        yield path, value[:-1] + ("0" if value[-1:] != "0" else "1")
    else:
        yield path, value + 1


def test_any_field_of_the_payload_that_is_changed_after_signing_is_found() -> None:
    text = told()
    file = json.loads(signed(text))
    places = list(mutations(json.loads(text)))
    assert len(places) > 60
    for path, value in places:
        explanation = json.loads(text)
        part = explanation
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value
        with pytest.raises(DoesNotHoldError):
            verify(json.dumps({**file, "payload": dumped(explanation)}).encode())


def test_whoever_signs_a_lie_with_the_true_key_is_found_in_every_number() -> None:
    explanation = json.loads(told())
    for field in ("score", "impact"):
        for factor in (1 + 1e-7, 1 - 1e-7):
            assert field in refused(changed(**{field: explanation[field] * factor}))
    assert "weeks" in refused(changed(weeks=explanation["weeks"] - 1))
    for number, signal in enumerate(explanation["signals"]):
        assert "points" in refused(with_signal(number, points=signal["points"] + 1e-7))
        refused(with_signal(number, count=signal.get("count", 1) + 1))
        refused(with_signal(number, standing=1.25 if signal["standing"] != 1.25 else 2))
        refused(changed(signals=explanation["signals"][:number] + explanation["signals"][number + 1 :]))
        refused(changed(signals=[*explanation["signals"], signal]))
        if signal["kind"] != "audience":
            refused(with_signal(number, kind="reply" if signal["kind"] != "reply" else "like"))
            refused(with_signal(number, kind="audience"))
            refused(with_signal(number, day="2026-08-25"))
    assert refused(changed(day="2026-11-02"))
    assert "impact" in refused(with_signal(1, actor="v2", standing=1))  # as if somebody else had said it


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (changed(format="klarwert-explanation/2"), "format is not"),
        (changed(model={"id": "klarwert-9", "digest": "0" * 64}), "model.id is unknown here"),
        (changed(model={"id": "klarwert-1", "digest": "0" * 64}), "model.digest is not the fingerprint"),
        (changed(model={"id": "klarwert-1"}), "model lacks the field digest"),
        (changed(instance={"name": "x", "public_key": "00" * 32}), "signature is not the signature"),
        (changed(day="2026-02-30"), "there is no day"),
        (changed(day="20261101"), "day is not a day"),
        (changed(score=True), "score is no number"),
        (changed(score="50"), "score is no number"),
        (changed(score=10**400), "score is no number"),
        (changed(weeks=1.0), "weeks is no whole number"),
        (changed(signals={}), "signals is no list"),
        (changed(signals=[1]), r"signals[0] is no object"),
        (changed(more=1), "unknown field 'more'"),
        (left_out("like", "2026-11-01", "too_old"), "and that is not so"),
        (left_out("like", "2026-11-01", "too_new"), "and that is not so"),
        (left_out("audience", "2026-11-01", "newer_count"), "and that is not so"),
        (left_out("like", "2026-10-01", "newer_count"), "and that is not so"),
        (left_out("like", "2026-10-01", "I say so"), "excluded[0].reason is not a reason"),
        (with_signal(0, kind="shout"), "a kind of signal"),
        (with_signal(0, kind=["like"]), "a kind of signal"),
        (with_signal(0, network=""), "signals[0].network is empty"),
        (with_signal(0, actor="0000000000000001"), "a label of a voice"),
        (with_signal(0, account="balcony"), "a label of an account"),
        (with_signal(0, count=0), "signals[0].count is no whole number"),
        (with_signal(0, count=10**13), "signals[0].count is no whole number"),
        (with_signal(0, standing=1.5), "no standing of the model"),
        (with_signal(0, standing=[]), "signals[0].standing is no number"),
        (with_signal(1, standing=2), "another one than in an earlier signal"),
        (with_signal(4, actor=None, standing=2), "nobody is known who could lend it"),
        (with_signal(0, topics=["a", "a"]), "names a topic twice"),
        (with_signal(0, topics=[1]), "signals[0].topics[0] is no text"),
        (with_signal(0, points=-0.5), "signals[0].points is no number"),
    ],
)  # fmt: skip
def test_a_signed_payload_of_another_form_is_refused(content: bytes, sentence: str) -> None:
    assert sentence in refused(content)


def test_the_signature_of_somebody_else_is_found() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    text = told()
    file = json.dumps({"payload": text, "signature": other.sign(text.encode()).hex()}).encode()
    assert "signature is not" in refused(file)
    own = dumped(
        {**json.loads(text), "instance": {"name": "x", "public_key": other.public_key().public_bytes_raw().hex()}}
    )
    forged = json.dumps({"payload": own, "signature": other.sign(own.encode()).hex()}).encode()
    verify(forged)
    assert "another key" in refused(forged, KEY)
    assert "64 hex digits" in refused(signed(text), "nonsense")


# ---- The log


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_leaf_of_a_log_is_found_at_its_place_and_at_no_other(size: int) -> None:
    text = told(ROWS[:2])
    for place in range(size):
        log = logged(text, place, size)
        assert f"leaf {place} of the log of {size} leaves" in verify(signed(text, log), KEY)[-1]
        for other in {*range(size + 1)} - {place}:
            assert "no such leaf" in refused(signed(text, {**log, "index": other}))
        for number in range(len(log["proof"])):
            shorter = log["proof"][:number] + log["proof"][number + 1 :]
            assert "no such leaf" in refused(signed(text, {**log, "proof": shorter}))
        assert "no such leaf" in refused(signed(text, {**log, "proof": [*log["proof"], "00" * 32]}))


def test_a_log_that_says_something_else_is_refused() -> None:
    text = told(ROWS[:2])
    log = logged(text)
    assert "no such leaf" in refused(signed(text, {**log, "salt": "00" * 32}))
    assert "no such leaf" in refused(signed(text, logged(told(ROWS[:1]))))
    assert "no such leaf" in refused(signed(text, logged(text, root="00" * 32)))
    assert "no such leaf" in refused(signed(text, logged(text, size=2**60)))
    assert "format is not" in refused(signed(text, logged(text, format="x")))
    assert "another key" in refused(signed(text, logged(text, public_key="00" * 32)))
    assert "there is no moment" in refused(signed(text, logged(text, time="2026-13-01T00:00:00Z")))
    assert "longer than any proof" in refused(signed(text, {**log, "proof": ["00" * 32] * 64}))
    assert "lacks the field salt" in refused(signed(text, {name: log[name] for name in log if name != "salt"}))
    unsigned = copy.deepcopy(log)
    unsigned["checkpoint"]["signature"] = "00" * 64
    assert "log.checkpoint.signature is not" in refused(signed(text, unsigned))


# ---- Hostile files


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "the file is no object"),
        (b'{"payload": 1, "signature": ""}', "payload is no text"),
        (b'{"payload": "", "payload": ""}', "stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"payload": NaN}', "NaN is no number"),
        (b"1" * 10_000, "too long"),
        (b'{"\\u001b[31m": 1}', "lacks the field payload"),
        (b'{"payload": "\\ud800", "signature": "%s"}' % (b"0" * 128), "half a character"),
        (b'{"payload": "{}", "signature": "%s"}' % (b"A" * 128), "signature is not 128 hex digits"),
        (b'{"payload": "{}", "signature": "%s", "\\u001b[31m": 1}' % (b"0" * 128), "unknown field '\\x1b[31m'"),
        (b'{"payload": "{}", "signature": "%s"}' % (b"0" * 128), "format is not"),
        (b'{"payload": "[]", "signature": "%s"}' % (b"0" * 128), "payload is no object"),
        (b'{"payload": "{\\"format\\": Infinity}", "signature": "%s"}' % (b"0" * 128), "Infinity is no number"),
        (b'{"payload": "{}", "signature": "%s", "log": null}' % (b"0" * 128), "log is no object"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_answered_with_a_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refused(content)


def test_numbers_without_measure_are_answered_with_a_sentence() -> None:
    text = told().replace('"weeks":', '"weeks":1e999,"x":')
    assert "weeks is no whole number" in refused(signed(text))
    assert "format is not" in refused(signed('{"format": %s}' % ("9" * 4200)))


def test_a_file_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    path.write_bytes(signed(told()))
    monkeypatch.setattr(standalone_verifier, "LONGEST_FILE", 1000)
    with pytest.raises(DoesNotHoldError, match="longer than"):
        standalone_verifier.check_file(path)


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_with_a_sentence(content: bytes) -> None:
    refused(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(list(mutations(json.loads(told())))), JSON)
def test_any_value_in_any_place_is_answered_with_a_sentence(place: tuple[tuple[Any, ...], Any], value: Any) -> None:
    explanation = part = json.loads(told())
    for step in place[0][:-1]:
        part = part[step]
    if part[place[0][-1]] == value or place[0][-1] in {"name", "post", "topics", "network"} or "topics" in place[0]:
        return
    part[place[0][-1]] = value
    refused(signed(dumped(explanation)))
