"""A loopback server that plays all hosts of a network from its fixture folder, and a client that is led to it.

Names keep their meaning: addresses are those of the real network, TLS is left out, and every name resolves to a public
address, but `inside.example` to one inside.
"""

import ssl
import typing
from collections.abc import Callable, Iterable

import httpcore

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.conftest import AGENT
from tests.workers.networks.contract.case import Answer, Case
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers.networks.client import Client, Limits

INSIDE = "inside.example"
#: What stands in the fixtures where a proof may stand, and in what others wrote.
PLACES = ("bio", "post", "file", "rel_me", "other")
#: Below this name stands the proof that is in the DNS.
DNS_LABEL = "_klarwert."
Trouble = Callable[[Asked, Reply], Reply]


class Stage(LoopbackServer):
    """Answers from a case. `trouble` may change each answer; `said` fills the places of proofs."""

    def __init__(self, case: Case) -> None:
        super().__init__(self._play)
        self.case = case
        self.clock = VirtualClock()
        self.trouble: Trouble = lambda _asked, reply: reply
        self.said: dict[str, str] = {}
        self.used: set[int] = set()
        self.served: list[bytes] = []
        self.unknown: list[str] = []

    def client(self, **limits: float) -> Client:
        """A client whose every connection ends here."""
        chosen = Limits(**limits)  # type: ignore[arg-type]  # whole numbers stay whole
        return Client(
            AGENT,
            limits=chosen,
            now=self.clock.now,
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
            resolve=lambda host, _: ["10.0.0.8"] if host == INSIDE else ["93.184.216.34"],
            texts=self._texts,
            backend=_Leading(int(self.host.rpartition(":")[2])),
        )

    def _texts(self, name: str) -> list[str]:
        """What the DNS says; a network that asks for another name than its account's finds nothing."""
        there = name == f"{DNS_LABEL}{self.case.domain}"
        return ["v=spf1 -all", self.said["dns"]] if there and "dns" in self.said else []

    def _play(self, asked: Asked) -> Reply:
        found = [(number, each) for number, each in enumerate(self.case.answers) if _fits(each, asked)]
        if not found:
            self.unknown.append(f"{asked.method} {asked.headers.get('host', '')}{asked.path} {asked.params}")
            return self.trouble(asked, Reply({"error": "not in the fixtures"}, 404))
        number, answer = max(found, key=lambda each: len(each[1].query))
        self.used.add(number)
        body = self._filled(answer.body)
        self.served.append(body)
        return self.trouble(asked, Reply(body, answer.status, answer.headers))

    def _filled(self, body: bytes) -> bytes:
        for place in PLACES:
            body = body.replace(f"{{{{{place}}}}}".encode(), self.said.get(place, "").encode())
        return body


def _fits(answer: Answer, asked: Asked) -> bool:
    there = answer.method == asked.method and answer.host == asked.headers.get("host") and answer.path == asked.path
    return there and all(asked.params.get(name) == value for name, value in answer.query.items())


class _Leading(httpcore.NetworkBackend):
    """Connects to one port of loopback, whoever was meant."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Plain(self._inner.connect_tcp("127.0.0.1", self._port, timeout, local_address, socket_options))


class _Plain(httpcore.NetworkStream):
    """A stream that says yes to TLS and stays as it is."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> typing.Any:
        return None if info == "ssl_object" else self._inner.get_extra_info(info)
