"""What servers do to those who ask them: everything twice, wait, look elsewhere, far too much."""

import json
from collections.abc import Iterator

from tests.workers.networks.loopback import Asked, Reply
from workers.networks.shape import Failure


def doubled(_asked: Asked, reply: Reply) -> Reply:
    """The answer with each object of each list twice; what is no JSON as it is."""
    try:
        value = json.loads(reply.encoded())
    except ValueError:
        return reply
    return Reply(_twice(value), reply.status, reply.headers)


def _twice(value: object) -> object:
    if isinstance(value, dict):
        return {name: _twice(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_twice(inner) for inner in value for _ in range(2 if isinstance(inner, dict) else 1)]
    return value


def chain(failure: BaseException) -> Iterator[BaseException]:
    """A failure with everything that stands behind it."""
    seen: BaseException | None = failure
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def words(failure: Failure) -> str:
    """All that a failure could show to a log, but its code."""
    return " ".join(f"{each!r} {each!s} {vars(each)!r}" for each in chain(failure))
