"""The guarded, polite HTTP client through which every network is asked: nothing inside, nothing endless, nothing hasty.

It knows no settings: everything comes in as plain values. Neither its exceptions nor any log says whom it asked about.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpcore
import httpx

from workers.networks.body import parse_json, read_limited
from workers.networks.connection import Deadline, GuardedBackend, Resolve, system_addresses
from workers.networks.failure import Failure, Reason
from workers.networks.guard import Guard, origin
from workers.networks.marks import Marks, asked_with
from workers.networks.names import Texts, system_texts
from workers.networks.pace import asked_to_wait_until, is_spent, used_up_until
from workers.networks.traffic import Alone, Traffic

Params = Mapping[str, str | int | list[str]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BROKEN = HTTPStatus.INTERNAL_SERVER_ERROR
# Mastodon's allowance is counted over five minutes: the wait when a server refuses without saying for how long.
_USUAL_WAIT = timedelta(minutes=5)
_REST_AFTER_A_FULL_RUN = timedelta(minutes=15)
_TROUBLES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ConnectionNotAvailable,
    ssl.SSLError,
    OSError,
)

# httpcore writes addresses and headers to its log at DEBUG level, and those name people (R32).
_silent = logging.getLogger("httpcore")
_silent.setLevel(logging.CRITICAL)
_silent.propagate = False
_silent.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Limits:
    """How much one client takes and gives. Seconds and bytes; `requests` is the ceiling of a run (one client)."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 30.0
    body_bytes: int = 5_000_000
    depth: int = 64
    redirects: int = 3
    attempts: int = 3
    requests: int = 3000
    patience_seconds: float = 30.0
    """The longest single wait for an allowance; a longer one ends the run with the time to come again."""
    patience_in_all_seconds: float = 300.0


@dataclass(frozen=True)
class Answer:
    """What a server said: the status (never a redirect, 429 or 5xx), headers, and the JSON, if any.

    `host` (with its port, where it is not the usual one) is who answered: after a redirect not the one that was asked.
    """

    status: int
    headers: Mapping[str, str]
    data: object
    host: str


@dataclass(frozen=True)
class Document:
    """A page or a feed: its status (as in `Answer`), headers, bytes, and the address that gave it after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True)
class Secret:
    """The operator's key as a request carries it. It is sent to the origin that was asked, and to no other."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class _Call:
    """One request, redirects apart."""

    url: httpx.URL
    accept: str
    secret: Secret = field(default_factory=Secret)
    sent: bytes | None = field(default=None, repr=False)
    """What a POST brings; None is a GET."""
    kind: str = "application/x-www-form-urlencoded"
    """The media type of that."""
    unless: str = field(default="", repr=False)
    """The mark with which nothing has changed (`marks`)."""


@dataclass(frozen=True)
class _Raw:
    status: int
    headers: httpx.Headers
    body: bytes


def utc_now() -> datetime:
    """The time of the machine, in UTC."""
    return datetime.now(UTC)


class Client:
    """One run of asking. It belongs to one thread; `now` (aware UTC) and `sleep` may be a virtual clock.

    `traffic` is shared with the other runs; `alive` is called before each request and may end the run by raising.
    `texts_of` gives the texts of a name in the DNS.
    """

    def __init__(
        self,
        user_agent: str,
        allowed_origins: Iterable[str] = (),
        *,
        limits: Limits | None = None,
        traffic: Traffic | None = None,
        alive: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        resolve: Resolve = system_addresses,
        texts: Texts = system_texts,
        tls: ssl.SSLContext | None = None,
        backend: httpcore.NetworkBackend | None = None,
    ) -> None:
        self.now = now
        self.marks = Marks()
        self.requests = 0
        self.texts_of = texts
        self._user_agent = user_agent
        self._limits = limits or Limits()
        self._guard = Guard(allowed_origins)
        self._sleep = sleep
        self._jitter = jitter
        self._waited = 0.0
        self._traffic = traffic or Alone()
        self._alive = alive
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(trust_env=False),
            network_backend=GuardedBackend(self._guard, self._deadline, resolve, backend or httpcore.SyncBackend()),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes what is still open."""
        self._pool.close()

    def origin(self, host: str) -> str:
        """The origin for a host that a person named: HTTPS, unless the operator allowed it in plain."""
        return self._guard.origin_of(host)

    def get_json(
        self,
        url: str,
        params: Params | None = None,
        *,
        secret: Secret | None = None,
        accept: str = "application/json",
        unless: str = "",
    ) -> Answer:
        """Asks for JSON, following up to three redirects (with a secret: within the same origin).

        With the mark of an earlier answer in `unless` the status may be 304, without JSON: nothing has changed.

        Raises Failure: REFUSED_ADDRESS, UNREACHABLE (no connection, 5xx, too slow), RATE_LIMITED with a time,
        NOT_UNDERSTOOD (a good status without JSON, too long, too deep). Other 4xx are answers.
        """
        call = _Call(self._address(url, params), accept, secret or Secret(), unless=unless)
        address, raw = self._followed(call)
        if unless and raw.status == HTTPStatus.NOT_MODIFIED:
            return Answer(raw.status, raw.headers, None, address.netloc.decode("ascii"))
        return self._answer(address, raw)

    def get_document(self, url: str, accept: str, unless: str = "") -> Document:
        """Asks for a page or a feed, following up to three redirects. `unless` and failures are as in `get_json`."""
        address, raw = self._followed(_Call(self._address(url, None), accept, unless=unless))
        return Document(raw.status, raw.headers, raw.body, str(address))

    def post_form(self, url: str, form: Mapping[str, str], secret: Secret) -> Answer:
        """Sends a form and gives the JSON that answers it; a redirect is none. Raises Failure like `get_json`."""
        address = self._address(url, None)
        raw = self._ask(_Call(address, "application/json", secret, urlencode(form).encode()))
        return self._answer(address, raw)

    def post_news(self, url: str, said: str, headers: Mapping[str, str]) -> int:
        """Sends JSON that is signed in the headers; the status of the answer, which is not read; a redirect is one.

        Raises Failure(REFUSED_ADDRESS, UNREACHABLE, RATE_LIMITED). Tried again, the same may arrive twice.
        """
        call = _Call(self._address(url, None), "*/*", Secret(headers), said.encode(), "application/json")
        return self._ask(call).status

    def leave_alone(self, url: str, until: datetime) -> None:
        """Notes that the host of an address wants no request before a moment, where it says so in its own way."""
        self._remember(origin(self._guard.check(url)), min(until, self.now() + timedelta(days=1)))

    def _address(self, url: str, params: Params | None) -> httpx.URL:
        address = self._guard.check(url)
        return self._guard.check(str(address.copy_merge_params(_strings(params)))) if params else address

    def _followed(self, call: _Call) -> tuple[httpx.URL, _Raw]:
        """The address that answered, and its answer."""
        for _ in range(self._limits.redirects + 1):
            raw = self._ask(call)
            if raw.status not in _REDIRECTS:
                return call.url, raw
            onward = self._guard.check(_joined(call.url, raw.headers.get("location", "")))
            if origin(onward) != origin(call.url) and call.secret != Secret():
                raise Failure(Reason.NOT_UNDERSTOOD)
            call = replace(call, url=onward)
        raise Failure(Reason.NOT_UNDERSTOOD)

    def _answer(self, address: httpx.URL, raw: _Raw) -> Answer:
        host = address.netloc.decode("ascii")
        try:
            return Answer(raw.status, raw.headers, parse_json(raw.body, self._limits.depth), host)
        except Failure:
            if raw.status < HTTPStatus.BAD_REQUEST:
                raise
            return Answer(raw.status, raw.headers, None, host)

    def _ask(self, call: _Call) -> _Raw:
        failure = Failure(Reason.UNREACHABLE)
        end = origin(call.url)
        for attempt in range(self._limits.attempts):
            self._wait_for_allowance(end)
            self._alive()
            with self._traffic.turn(end):
                raw = self._attempt(call)
                if raw is not None and raw.status < _BROKEN and not _is_limit(raw):
                    self._remember(end, used_up_until(raw.headers, self.now()))
                    return raw
                failure = self._trouble(end, raw)
            if failure.retry_at is None and attempt + 1 < self._limits.attempts:
                self._sleep(2**attempt * (0.5 + self._jitter()))
        raise failure

    def _trouble(self, end: str, raw: _Raw | None) -> Failure:
        """What to say if there is no better answer; where the server named a time, the next attempt waits for it."""
        if raw is None or not (_is_limit(raw) or raw.status == HTTPStatus.SERVICE_UNAVAILABLE):
            return Failure(Reason.UNREACHABLE)
        until = asked_to_wait_until(raw.headers, self.now())
        if raw.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self._remember(end, until)
            return Failure(Reason.UNREACHABLE, until)
        until = until or self.now() + _USUAL_WAIT
        self._remember(end, until)
        return Failure(Reason.RATE_LIMITED, until)

    def _remember(self, end: str, until: datetime | None) -> None:
        if until is not None:
            self._traffic.hold(end, until)

    def _wait_for_allowance(self, end: str) -> None:
        """Counts the request, waits if it is short; raises Failure(RATE_LIMITED) if it is long or the run is full."""
        if self.requests >= self._limits.requests:
            raise Failure(Reason.RATE_LIMITED, self.now() + _REST_AFTER_A_FULL_RUN)
        self.requests += 1
        until = self._traffic.held(end)
        wait = (until - self.now()).total_seconds() if until else 0
        if wait <= 0:
            return
        self._waited += wait
        if wait > self._limits.patience_seconds or self._waited > self._limits.patience_in_all_seconds:
            raise Failure(Reason.RATE_LIMITED, until)
        self._sleep(wait)

    def _attempt(self, call: _Call) -> _Raw | None:
        """One exchange with the server; None where there was none to the end."""
        self._deadline.start(self._limits.total_seconds)
        try:
            with closing(self._pool.handle_request(self._request(call))) as response:
                return self._received(response)
        except _TROUBLES:
            return None

    def _request(self, call: _Call) -> httpcore.Request:
        limits, url = self._limits, call.url
        timeout = {"connect": limits.connect_seconds, "read": limits.read_seconds}
        timeout |= {"write": limits.read_seconds, "pool": limits.connect_seconds}
        headers = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": call.accept,
            "Accept-Encoding": "gzip",
            **asked_with(call.unless),
            **call.secret.headers,
        }
        if call.sent is not None:
            headers |= {"Content-Type": call.kind, "Content-Length": str(len(call.sent))}
        path = url.copy_merge_params(call.secret.params).raw_path if call.secret.params else url.raw_path
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=path)
        method = "GET" if call.sent is None else "POST"
        extensions = {"timeout": timeout}
        return httpcore.Request(method, target, headers=list(headers.items()), content=call.sent, extensions=extensions)

    def _received(self, response: httpcore.Response) -> _Raw:
        headers = httpx.Headers(response.headers)
        try:
            body = read_limited(response.iter_stream(), headers.get("content-encoding", ""), self._limits.body_bytes)
        except Failure:
            if response.status < HTTPStatus.MULTIPLE_CHOICES:
                raise
            # Of a refusal or a redirect the status and headers are enough.
            body = b""
        return _Raw(response.status, headers, body)


def _is_limit(raw: _Raw) -> bool:
    """Whether an answer refuses because of too many requests; some networks say 403 and give it away in a header."""
    if raw.status == HTTPStatus.FORBIDDEN:
        return is_spent(raw.headers) or "retry-after" in raw.headers
    return raw.status == HTTPStatus.TOO_MANY_REQUESTS


def _strings(params: Params) -> dict[str, str | list[str]]:
    return {name: value if isinstance(value, list) else str(value) for name, value in params.items()}


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location)) if location else ""
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Failure(Reason.REFUSED_ADDRESS) from None
