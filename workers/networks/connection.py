"""Opens connections only to checked addresses, and lets no exchange outlive its deadline.

A name is resolved once for each connection, every answer is judged, and the connection goes to the judged address:
a name that changes its mind in between (DNS rebinding) gains nothing. TLS and `Host` keep the name.
"""

import socket
import ssl
import time
import typing
from collections.abc import Callable, Iterable

import httpcore

from workers.networks.failure import Failure, Reason
from workers.networks.guard import Guard, is_public

Resolve = Callable[[str, int], list[str]]
_ADDRESSES_TRIED = 4


def system_addresses(host: str, port: int) -> list[str]:
    """The numeric addresses of a host by the system's resolver. Raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """The moment at which the exchange under way has to be over, by the clock that never jumps."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> None:
        """Allows this many seconds from now."""
        self._end = time.monotonic() + seconds

    def shorten(self, timeout: float | None) -> float:
        """The time-out (seconds), or what is left where that is less. Raises httpcore.ReadTimeout when none is left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves, judges, connects: what httpcore uses in place of its own way to the network."""

    def __init__(self, guard: Guard, deadline: Deadline, resolve: Resolve, inner: httpcore.NetworkBackend) -> None:
        self._guard = guard
        self._deadline = deadline
        self._resolve = resolve
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to a judged address. Raises Failure(REFUSED_ADDRESS) or an error of httpcore."""
        error: Exception = httpcore.ConnectError()
        for address in self._judged(host, port)[:_ADDRESSES_TRIED]:
            try:
                left = self._deadline.shorten(timeout)
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
                return TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as problem:
                error = problem
        raise error

    def _judged(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError from None
        # One inside address among public ones is a trap (or a mistake): the whole name is refused.
        if not self._guard.trusts(host, port) and not all(map(is_public, addresses)):
            raise Failure(Reason.REFUSED_ADDRESS)
        return addresses


class TimedStream(httpcore.NetworkStream):
    """A stream whose every step ends at the deadline, so that a server that drips bytes cannot hold us."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes. Raises an error of httpcore."""
        return self._inner.read(max_bytes, self._deadline.shorten(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends the bytes. Raises an error of httpcore."""
        self._inner.write(buffer, self._deadline.shorten(timeout))

    def close(self) -> None:
        """Ends the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same stream under TLS, for the name and not the address."""
        left = self._deadline.shorten(timeout)
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> typing.Any:
        """What the stream beneath knows of itself."""
        return self._inner.get_extra_info(info)
