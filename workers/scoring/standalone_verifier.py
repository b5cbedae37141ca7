"""Checks one explanation of a Klarwert score, on its own: `python standalone_verifier.py FILE [--key PUBKEY]`.

It needs Python (3.11 or newer) and the package `cryptography`, and nothing of Klarwert: it was written from the text of
the score model and not from the program that makes the scores, so that one checks the other. Read it from top to
bottom; whoever does not trust it writes their own from the same text.

What it checks, in this order: the shape of the file, the signature, the fingerprint of the model, the place in the
transparency log (where the file names one), the score and the points of every signal, computed anew. It ends with 0 if
everything holds, and with 1 and one sentence on the first thing that does not.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EXPLANATION = "klarwert-explanation/1"
CHECKPOINT = "klarwert-checkpoint/1"
#: Two computations of a score agree within this; of the impact relatively to it.
NEAR = 1e-9
LONGEST_FILE = 128 * 1024 * 1024
LARGEST_COUNT = 10**12
LARGEST_IMPACT = 1e300
LARGEST_LOG = 2**63
#: A log of 2**63 leaves needs no longer proof.
LONGEST_PROOF = 63

#: The published document of every version of the model that there was. Its digest is computed and compared.
MODELS: dict[str, Any] = {
    "klarwert-1": {
        "format": "klarwert-model/1",
        "id": "klarwert-1",
        "weights": {"like": 1, "mention": 2, "reply": 3, "repost": 4, "endorsement": 4, "quote": 5, "link": 5},
        "audience_weight": 0.01,
        "window_days": 91,
        "weeks": 13,
        "half_life_days": 30,
        "standing": {"decimals": 6, "steps": [[25, 1.25], [50, 1.6], [75, 2]]},
        "scale": {"lowest": 1, "span": 99, "middle": 100, "exponent": 0.35},
        "minimum_account_age_days": 30,
        "rules": {
            "age": "days from the day of the signal to the score day, both UTC; counted: 0 <= age <= window_days - 1",
            "value": "weights[kind] * count * 2 ** (-age / half_life_days)",
            "audience": "audience_weight * count, without ageing, of the latest day in the window of each "
            "(network, account); of several counts of that day the highest; all other counts are worth 0",
            "voice": "audience: (network, account); else with an actor: (network, actor); else: (network, post, kind)",
            "standing": "of an actor who lends it: the last step reached by yesterday's score, rounded; of others: 1",
            "loudness": "C(voice) = standing * sqrt(S(voice)), S(voice) = sum of the values of its signals",
            "steadiness": "sqrt(W / weeks), W = number of different age div 7 among counted signals but audience",
            "impact": "X = steadiness * sum of C(voice)",
            "score": "scale.lowest + scale.span / (1 + (scale.middle / X) ** scale.exponent); X = 0: scale.lowest",
            "points": "(score - scale.lowest) * C(voice) / sum of C * value / S(voice)",
            "arithmetic": "IEEE 754 double; two computations agree within 1e-9, of the impact relatively",
        },
    }
}

Check = Callable[[Any, str], None]


class DoesNotHoldError(Exception):
    """The first thing that does not hold, as a sentence in plain ASCII."""


def verify(content: bytes, key: str | None = None) -> list[str]:
    """Checks the bytes of one file; the lines to show when everything holds. Raises `DoesNotHoldError`.

    `key` is the instance's public key (64 hex digits) from elsewhere; without it the key in the file is used, which
    shows only that the file is whole.
    """
    envelope = parse(decode(content, "the file"), "the file")
    check_object(envelope, "the file", {"payload": a_text, "signature": hex_of(64)}, {"log": a_log})
    told = parse(envelope["payload"], "payload")
    check_explanation(told)
    check_key(told["instance"]["public_key"], key)
    check_signature(envelope["payload"], envelope["signature"], told["instance"]["public_key"], "signature")
    model = check_model(told["model"])
    if "log" in envelope:
        check_log(envelope["log"], envelope["payload"], told)
    check_score(told, model)
    check_excluded(told, model)
    return summary(told, envelope.get("log"), key)


# ---- Reading, with distrust


def fail(sentence: str) -> NoReturn:
    """Says what does not hold."""
    raise DoesNotHoldError(sentence)


def shown(value: object) -> str:
    """A value from the file for a sentence: short, and nothing in it that a terminal would obey."""
    text = ascii(value if not isinstance(value, str) else value[:60])
    return text if len(text) <= 64 else f"{text[:60]}..."  # noqa: PLR2004 - it has to fit into a line


def decode(content: bytes, where: str) -> str:
    """UTF-8 text of bytes."""
    if len(content) > LONGEST_FILE:
        fail(f"{where} is longer than {LONGEST_FILE // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        fail(f"{where} is not UTF-8 text")


def parse(text: str, where: str) -> Any:
    """The value of a JSON text. NaN, Infinity, a field that stands twice and unreadable depth are refused."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except json.JSONDecodeError as error:
        fail(f"{where} is not JSON (line {error.lineno}, column {error.colno})")
    except RecursionError:
        fail(f"{where} is nested too deeply")
    except ValueError:
        fail(f"{where} has a number that is too long")


def _no_constant(name: str) -> NoReturn:
    fail(f"{name} is no number in JSON")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            fail(f"the field {shown(name)} stands twice in one object")
        result[name] = value
    return result


def check_object(value: Any, where: str, needed: Mapping[str, Check], optional: Mapping[str, Check]) -> None:
    """An object with these fields and no others."""
    if not isinstance(value, dict):
        fail(f"{where} is no object")
    for name in needed:
        if name not in value:
            fail(f"{where} lacks the field {name}")
    for name, part in value.items():
        check = needed.get(name) or optional.get(name)
        if check is None:
            fail(f"{where} has an unknown field {shown(name)}")
        check(part, name if where in {"the file", "payload"} else f"{where}.{name}")


def list_of(check: Check) -> Check:
    """A list whose parts pass a check."""

    def each(value: Any, where: str) -> None:
        if not isinstance(value, list):
            fail(f"{where} is no list")
        for index, part in enumerate(value):
            check(part, f"{where}[{index}]")

    return each


def object_of(needed: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object as part of another."""
    return lambda value, where: check_object(value, where, needed, optional)


def number(low: float, high: float, *, whole: bool = False) -> Check:
    """A number from `low` to `high`; no truth value, no NaN."""

    def check(value: Any, where: str) -> None:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            fail(f"{where} is no {'whole ' if whole else ''}number from {low} to {high}: {shown_number(value)}")

    return check


def shown_number(value: Any) -> str:
    """A number from the file; Python refuses to write one of more than some thousand digits."""
    try:
        return shown(value)
    except ValueError:
        return "a number that is too long"


def pattern(expression: str, said: str) -> Check:
    """A text of a form."""
    form = re.compile(expression)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not form.fullmatch(value):
            fail(f"{where} is not {said}: {shown_number(value)}")

    return check


def hex_of(length: int) -> Check:
    """So many bytes in hex, in the one way of writing them."""
    return pattern(f"[0-9a-f]{{{2 * length}}}", f"{2 * length} hex digits (0-9, a-f)")


def a_text(value: Any, where: str) -> None:
    """Text that has a meaning in UTF-8 (JSON can name halves of characters)."""
    if not isinstance(value, str):
        fail(f"{where} is no text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        fail(f"{where} has half a character in it")


def a_label(value: Any, where: str) -> None:
    """Text that is not empty."""
    a_text(value, where)
    if not value:
        fail(f"{where} is empty")


def topics(value: Any, where: str) -> None:
    """Different labels."""
    list_of(a_label)(value, where)
    if len(set(value)) != len(value):
        fail(f"{where} names a topic twice")


def a_day(value: Any, where: str) -> None:
    """A day that there is, as YYYY-MM-DD."""
    pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day as YYYY-MM-DD")(value, where)
    try:
        date.fromisoformat(value)
    except ValueError:
        fail(f"{where}: there is no day {value}")


def a_moment(value: Any, where: str) -> None:
    """A second that there is, in UTC."""
    pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a moment as YYYY-MM-DDThh:mm:ssZ")(value, where)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        fail(f"{where}: there is no moment {value}")


def a_standing(value: Any, where: str) -> None:
    """One of the steps of the model; which of them a file cannot show, since the other's score is not in it."""
    number(1, 2)(value, where)
    if value not in (1, 1.25, 1.6, 2):
        fail(f"{where} is no standing of the model: {shown(value)}")


KIND = pattern("like|mention|reply|repost|endorsement|quote|link|audience", "a kind of signal")
SIGNAL = object_of(
    {
        "network": a_label,
        "kind": KIND,
        "day": a_day,
        "topics": topics,
        "standing": a_standing,
        "points": number(0, 99),
    },
    {
        "account": pattern("a[1-9][0-9]*", "a label of an account"),
        "actor": pattern("v[1-9][0-9]*", "a label of a voice"),
        "count": number(1, LARGEST_COUNT, whole=True),
        "post": a_label,
    },
)
EXCLUDED = object_of(
    {"network": a_label, "kind": KIND, "day": a_day, "reason": pattern("[a-z_]{1,40}", "a reason")}, {}
)
FIELDS: dict[str, Check] = {
    "format": a_text,
    "model": object_of({"id": a_label, "digest": hex_of(32)}, {}),
    "instance": object_of({"name": a_text, "public_key": hex_of(32)}, {}),
    "day": a_day,
    "score": number(1, 100),
    "impact": number(0, LARGEST_IMPACT),
    "weeks": number(0, 13, whole=True),
    "signals": list_of(SIGNAL),
    "excluded": list_of(EXCLUDED),
}
LOG: dict[str, Check] = {
    "checkpoint": object_of({"payload": a_text, "signature": hex_of(64)}, {}),
    "index": number(0, LARGEST_LOG, whole=True),
    "proof": list_of(hex_of(32)),
    "salt": hex_of(32),
}
HEAD: dict[str, Check] = {
    "format": a_text,
    "public_key": hex_of(32),
    "size": number(0, LARGEST_LOG, whole=True),
    "root": hex_of(32),
    "time": a_moment,
}


def a_log(value: Any, where: str) -> None:
    """The place in the log: its shape only."""
    check_object(value, where, LOG, {})
    if len(value["proof"]) > LONGEST_PROOF:
        fail(f"{where}.proof is longer than any proof")


def check_explanation(told: Any) -> None:
    """The shape of the payload; its format first, since another format has other fields."""
    if not isinstance(told, dict):
        fail("payload is no object")
    if told.get("format") != EXPLANATION:
        fail(f"format is not {EXPLANATION}: {shown_number(told.get('format'))}")
    check_object(told, "payload", FIELDS, {})


# ---- Who signed it, and which model


def check_key(named: str, wanted: str | None) -> None:
    """The key in the file is the one that was asked for."""
    if wanted is None:
        return
    hex_of(32)(wanted, "the key given with --key")
    if named != wanted:
        fail(f"instance.public_key is another key than the one given with --key: {named}")


def check_signature(text: str, signature: str, key: str, where: str) -> None:
    """Ed25519 (RFC 8032) over the UTF-8 bytes of a text."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        fail(f"{where} is not the signature of instance.public_key: something was changed, or somebody else signed it")


def check_model(named: Mapping[str, str]) -> dict[str, Any]:
    """The document of the model that the file names, if its fingerprint is the right one."""
    if named["id"] not in MODELS:
        fail(f"model.id is unknown here: {shown(named['id'])}; a newer checker may know it")
    document: dict[str, Any] = MODELS[named["id"]]
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(canonical.encode()).hexdigest() != named["digest"]:
        fail(f"model.digest is not the fingerprint of {named['id']}")
    return document


# ---- The place in the log (RFC 9162, section 2.1)


def check_log(log: Mapping[str, Any], payload: str, told: Mapping[str, Any]) -> None:
    """The signed checkpoint covers a leaf that commits to this payload."""
    key = told["instance"]["public_key"]
    head = parse(log["checkpoint"]["payload"], "log.checkpoint.payload")
    check_object(head, "log.checkpoint", HEAD, {})
    if head["format"] != CHECKPOINT:
        fail(f"log.checkpoint.format is not {CHECKPOINT}: {shown(head['format'])}")
    if head["public_key"] != key:
        fail("log.checkpoint.public_key is another key than instance.public_key")
    check_signature(log["checkpoint"]["payload"], log["checkpoint"]["signature"], key, "log.checkpoint.signature")
    leaf = leaf_hash(bytes.fromhex(log["salt"]), entry(payload, told["day"]))
    proof = [bytes.fromhex(part) for part in log["proof"]]
    if root_of(leaf, log["index"], head["size"], proof) != bytes.fromhex(head["root"]):
        fail("log: the checkpoint has no such leaf at this place (index, proof, salt or root is another)")


def entry(payload: str, day: str) -> bytes:
    """What the log says of an explanation: its day and its fingerprint, as canonical JSON."""
    said = {"type": "explanation", "day": day, "sha256": hashlib.sha256(payload.encode()).hexdigest()}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def leaf_hash(salt: bytes, said: bytes) -> bytes:
    """The hash of a leaf; the leaf is a commitment: SHA-256 over a random salt and what is said."""
    commitment = hashlib.sha256(salt + said).digest()
    return hashlib.sha256(b"\x00" + commitment).digest()


def root_of(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None if it cannot be one."""
    if index >= size:
        return None
    place, last, root = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return None
        if place % 2 == 1 or place == last:
            root = hashlib.sha256(b"\x01" + part + root).digest()
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            root = hashlib.sha256(b"\x01" + root + part).digest()
        place, last = place // 2, last // 2
    return root if last == 0 else None


# ---- The score, computed anew (score model, sections 2 to 5)


def check_score(told: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    """Weeks, impact, score and the points of every signal are what the signals give."""
    check_standings(told["signals"])
    weeks, impact, score, points = recompute(told["signals"], told["day"], model)
    if told["weeks"] != weeks:
        fail(f"weeks: the file says {told['weeks']}, the signals give {weeks}")
    if abs(told["impact"] - impact) > NEAR * impact:
        fail(f"impact: the file says {told['impact']}, the signals give {impact}")
    if abs(told["score"] - score) > NEAR:
        fail(f"score: the file says {told['score']}, the signals give {score}")
    for index, signal in enumerate(told["signals"]):
        if abs(signal["points"] - points[index]) > NEAR:
            fail(f"signals[{index}].points: the file says {signal['points']}, the signals give {points[index]}")


def check_standings(signals: list[dict[str, Any]]) -> None:
    """Only known actors lend a standing, and each has one."""
    standings: dict[tuple[str, str], float] = {}
    for index, signal in enumerate(signals):
        if signal["kind"] == "audience" or "actor" not in signal:
            if signal["standing"] != 1:
                fail(f"signals[{index}].standing: nobody is known who could lend it, so it is 1")
            continue
        voice = (signal["network"], signal["actor"])
        if standings.setdefault(voice, signal["standing"]) != signal["standing"]:
            fail(f"signals[{index}].standing: another one than in an earlier signal of {signal['actor']}")


def recompute(
    signals: list[dict[str, Any]], day: str, model: Mapping[str, Any]
) -> tuple[int, float, float, list[float]]:
    """Weeks, impact, score and the points of each signal."""
    values = values_of(signals, day, model)
    sums: dict[tuple[str, ...], list[float]] = {}
    standing: dict[tuple[str, ...], float] = {}
    weeks = set()
    for signal, value in zip(signals, values, strict=True):
        sums.setdefault(voice_of(signal), []).append(value)
        standing[voice_of(signal)] = signal["standing"]
        if signal["kind"] != "audience" and value > 0:
            weeks.add(age_of(signal, day) // 7)
    total = {voice: math.fsum(parts) for voice, parts in sums.items()}
    loudness = {voice: standing[voice] * math.sqrt(total[voice]) for voice in total}
    everybody = math.fsum(loudness.values())
    impact = math.sqrt(len(weeks) / model["weeks"]) * everybody
    score = scale(impact, model["scale"])
    points = []
    for signal, value in zip(signals, values, strict=True):
        voice = voice_of(signal)
        gained = score - model["scale"]["lowest"]
        points.append(gained * loudness[voice] / everybody * value / total[voice] if value > 0 else 0.0)
    return len(weeks), impact, score, points


def scale(impact: float, constants: Mapping[str, float]) -> float:
    """The score of an impact."""
    if impact == 0:
        return float(constants["lowest"])
    ratio: float = (constants["middle"] / impact) ** constants["exponent"]
    return constants["lowest"] + constants["span"] / (1 + ratio)


def age_of(signal: Mapping[str, Any], day: str) -> int:
    """Days from a signal to the day of the score."""
    return (date.fromisoformat(day) - date.fromisoformat(signal["day"])).days


def values_of(signals: list[dict[str, Any]], day: str, model: Mapping[str, Any]) -> list[float]:
    """Value of each signal; 0 for what does not count."""
    latest = latest_audience(signals, day, model)
    values = []
    for index, signal in enumerate(signals):
        age, count = age_of(signal, day), signal.get("count", 1)
        if not 0 <= age < model["window_days"]:
            values.append(0.0)
        elif signal["kind"] == "audience":
            values.append(model["audience_weight"] * count if index in latest else 0.0)
        else:
            values.append(model["weights"][signal["kind"]] * count * 2 ** (-age / model["half_life_days"]))
    return values


def latest_audience(signals: list[dict[str, Any]], day: str, model: Mapping[str, Any]) -> set[int]:
    """Places of the one count of followers that counts for each account: the latest, of one day the highest."""
    best: dict[tuple[str, ...], int] = {}
    for index, signal in enumerate(signals):
        if signal["kind"] == "audience" and 0 <= age_of(signal, day) < model["window_days"]:
            other = signals[best.setdefault(voice_of(signal), index)]
            if (signal["day"], signal.get("count", 1)) > (other["day"], other.get("count", 1)):
                best[voice_of(signal)] = index
    return set(best.values())


def voice_of(signal: Mapping[str, Any]) -> tuple[str, ...]:
    """What cannot be told apart is one voice. No label is empty, so an empty text stands for what is absent."""
    if signal["kind"] == "audience":
        return "audience", signal["network"], signal.get("account", "")
    if "actor" in signal:
        return "actor", signal["network"], signal["actor"]
    return "counted", signal["network"], signal.get("post", ""), signal["kind"]


def check_excluded(told: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    """A reason that a file can show is true; others, such as a dispute, it can only state."""
    newest: dict[str, str] = {}
    for signal in told["signals"]:
        if signal["kind"] == "audience":
            newest[signal["network"]] = max(signal["day"], newest.get(signal["network"], ""))
    for index, signal in enumerate(told["excluded"]):
        age = age_of(signal, told["day"])
        holds = {
            "too_old": age >= model["window_days"],
            "too_new": age < 0,
            "newer_count": signal["kind"] == "audience" and newest.get(signal["network"], "") >= signal["day"],
        }
        if not holds.get(signal["reason"], True):
            fail(f"excluded[{index}].reason is {signal['reason']}, and that is not so")


# ---- What it says


def summary(told: Mapping[str, Any], log: Mapping[str, Any] | None, key: str | None) -> list[str]:
    """What was found to hold, in lines."""
    name, public = json.dumps(told["instance"]["name"]), told["instance"]["public_key"]
    lines = [
        f"holds: score {told['score']} on {told['day']}, computed anew from {len(told['signals'])} signals",
        f"model {told['model']['id']}, {told['model']['digest']}",
        f"signed by {name}, {public}",
    ]
    if key is None:
        lines.append("this key stands in the file itself: compare it with the published one, or give it with --key")
    if log is None:
        lines.append("no place in the log is in the file")
    else:
        head = json.loads(log["checkpoint"]["payload"])
        lines.append(f"leaf {log['index']} of the log of {head['size']} leaves, root {head['root']}, {head['time']}")
    return lines


def check_file(path: Path, key: str | None = None) -> list[str]:
    """`verify` for a file. Raises `DoesNotHoldError`, for a file that cannot be read as well."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except OSError as error:
        fail(f"the file cannot be read: {error.strerror}")
    return verify(content, key)


def main(words: list[str] | None = None) -> int:
    """The command line: 0 if everything holds, else 1 and the first thing that does not."""
    parser = argparse.ArgumentParser(description="Check one explanation of a Klarwert score.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the explanation (JSON)")
    parser.add_argument("--key", metavar="PUBKEY", help="the instance's public key, 64 hex digits")
    asked = parser.parse_args(words)
    try:
        sys.stdout.write("".join(f"{line}\n" for line in check_file(asked.file, asked.key)))
    except DoesNotHoldError as error:
        sys.stderr.write(f"does not hold: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
