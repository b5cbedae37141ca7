"""At least 150 tricks to lead us inside, straight and by a redirect: none reaches anything, and a trap would notice.

Whatever address our client decides to connect to, the network of these tests connects it to one real listener. So a
trick that got through would be seen there, as the control shows for an ordinary public name.
"""

import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import httpcore
import pytest

from tests.workers.networks.conftest import AGENT
from tests.workers.networks.dns import NameServer
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason

PUBLIC = "93.184.216.34"
ENTRY = "https://tor.example/"

#: Names that really resolve, by our DNS server, to addresses that lead inside.
ADDRESSES_INSIDE = """
    127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.254 0.0.0.0 0.0.0.1 10.0.0.1 10.255.255.254 172.16.0.1 172.31.255.254
    192.168.0.1 192.168.255.254 169.254.169.254 169.254.170.2 169.254.169.253 100.64.0.1 100.100.100.200
    168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1
    255.255.255.255 192.88.99.1 ::1 :: ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a00:1::
    2002:a9fe:a9fe:: 2001::1 2001:0:7f00:1:: 2001:db8::1 2001:10::1 3fff::1 fc00::1 fd00::1 fd00:ec2::254
    fd20:ce::254 fe80::1 fe80::a9fe:a9fe fec0::1 ff02::1 ff0e::1 100::1 5f00::1 400::1 93.184.216.34+127.0.0.1
    127.0.0.1+93.184.216.34 93.184.216.34+::1 2606:4700::1111+fe80::1 93.184.216.34+169.254.169.254
"""
NAMES_TO_INSIDE = {f"n{number}.example": text.split("+") for number, text in enumerate(ADDRESSES_INSIDE.split())}

#: Addresses as people would type them. What stands before `#` is the trick.
TRICKS = [
    # numbers in every dress
    "https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0x7F.0x0.0x0.0x1/",
    "https://0177.0.0.01/", "https://0x7f.1/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0x0/",
    "https://00/", "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/",
    "https://0xa9.0xfe.0xa9.0xfe/", "https://3232235521/", "https://0xc0a80001/", "https://4294967295/",
    "https://18446744071562067968/", "https://127.0.0.1/", "https://127.127.127.127/", "https://0.0.0.0/",
    "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
    "https://127.0.0.1:443/", "https://127.0.0.1./", "https://127.0.0.1..example/", "https://127.00.0.1/",
    "https://127.0x0.0.1/", "https://127.0.0.0x1/", "https://7f000001/", "https://127.0.0.1.0x1/", "https://1.1.1.1/",
    # IPv6
    "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::ffff:a9fe:a9fe]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/", "https://[::127.0.0.1]/", "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b:1::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::]/", "https://[2001:0:7f00:1::]/", "https://[fe80::1]/",
    "https://[fe80::1%25lo]/", "https://[fe80::1%lo]/", "https://[::1%25lo]/", "https://[::1%250]/",
    "https://[fe80::a9fe:a9fe%25eth0]/", "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/",
    "https://[fec0::1]/", "https://[2606:4700::1111]/", "https://[v1.127.0.0.1]/", "https://[127.0.0.1]/",
    "https://[::1]:443/", "https://[::1", "https://::1/", "https://[[::1]]/",
    # who one pretends to be
    "https://user@n0.example/", "https://user:secret@n0.example/", "https://n60.example@127.0.0.1/",
    "https://tor.example@127.0.0.1/", "https://tor.example:443@127.0.0.1/", "https://tor.example%40127.0.0.1/",
    "https://127.0.0.1#@tor.example/", "https://127.0.0.1?@tor.example/", "https://127.0.0.1\\@tor.example/",
    "https://tor.example\\@127.0.0.1/", "https://tor.example\\.127.0.0.1/", "https://@127.0.0.1/", "https://:@127.0.0.1/",
    "https://a:b:c@127.0.0.1/", "https://tor.example@@127.0.0.1/",
    # other ports and ways
    "http://tor.example/", "http://127.0.0.1/", "http://127.0.0.1:80/", "https://tor.example:22/", "https://tor.example:80/",
    "https://tor.example:6379/", "https://tor.example:11211/", "https://tor.example:0/", "https://tor.example:65536/",
    "https://tor.example:-1/", "https://tor.example:4 43/", "https://tor.example:٢٢/", "ftp://tor.example/",
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/", "tftp://127.0.0.1/x", "jar:https://127.0.0.1!/", "netdoc:///etc/passwd", "data:text/plain,x",
    "ws://127.0.0.1/", "wss://tor.example/", "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "javascript:alert(1)", "blob:https://127.0.0.1/1", "view-source:https://127.0.0.1/",
    "//127.0.0.1/", "///127.0.0.1/",
    "https:/127.0.0.1/", "https:127.0.0.1", "https:///127.0.0.1/", "https:\\\\127.0.0.1\\",
    # names that lead inside, or are no names of the public internet
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://localhost.:443/", "https://intranet/",
    "https://redis:6379/", "https://postgres/", "https://kubernetes/", "https://tor.example./", "https://tor.example../",
    "https://.tor.example/", "https://tor..example/", "https://-tor.example/", "https://tor-.example/",
    "https://tor_x.example/", "https://*.example/", "https://tor.example,127.0.0.1/", "https://tor.example;127.0.0.1/",
    "https://tor.example 127.0.0.1/", "https://tor.example\t/", "https://tor.example\n/",
    "https://tor.example\r\nHost: x/",
    "https://tor.example\x00.evil/", "https://tor.exa\x00mple/", "https://tor.example%00/", "https://tor.example%2f/",
    "https://%6c%6f%63%61%6c%68%6f%73%74/", "https://%31%32%37%2e0%2e0%2e1/", "https://127%2e0%2e0%2e1/",
    "https://127.0.0.1%20/", "https://127.0.0.1%23.example/",
    # letters that look like others
    "https://①②⑦.⓪.⓪.①/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://127｡0｡0｡1/", "https://127．0．0．1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://ｌｏｃａｌｈｏｓｔ/", "https://loc\u00adalhost/", "https://local\u200bhost/",
    "https://localhoſt/", "https://١٢٧.٠.٠.١/", "https://tor。example@127.0.0.1/", "https://xn--/", "https://xn--a.example@::1/",
    "https://\u2024.example/", "https://tor\u3002example\u3002/", "https://\ud800.example/",
    # too long or empty
    "", " ", "https://", "https:///", "https://?", "https://#", "https://:443/", "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/", "https://tor.example/" + "a" * 13_000,
    *(f"https://{name}/" for name in NAMES_TO_INSIDE),
    "https://metadata.google.internal/computeMetadata/v1/", "https://instance-data.ec2.internal/latest/?a=1#b",
    "https://rancher-metadata.example/2015-12-19/",
]  # fmt: skip

INSIDE_BY_NAME = {
    "metadata.google.internal": [["169.254.169.254"]],
    "instance-data.ec2.internal": [["169.254.169.254"]],
    "rancher-metadata.example": [["10.43.0.1"]],
    **{name: [addresses] for name, addresses in NAMES_TO_INSIDE.items()},
}


class Trap(httpcore.NetworkBackend):
    """A network all of whose ways lead to one listener, which counts who comes and answers as it is told."""

    def __init__(self) -> None:
        self.met: list[str] = []
        self.location: str | None = None
        self._inner = httpcore.SyncBackend()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.NetworkStream:
        self.met.append(host)
        return _Plain(self._inner.connect_tcp(*self._listener.getsockname()[:2]))

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                connection.recv(65_536)
                connection.sendall(self._reply())

    def _reply(self) -> bytes:
        if self.location is None:
            return b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"in"'
        place = (
            self.location.encode("utf-8", "surrogatepass").replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
        )
        return b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Plain(httpcore.NetworkStream):
    """A connection that skips TLS: the listener speaks none, and whoever got so far has got through."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *_: object, **__: object) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    with NameServer({"tor.example": [[PUBLIC]], **INSIDE_BY_NAME}) as server:
        yield server


@pytest.fixture(scope="module")
def way_in() -> Iterator[Trap]:
    with Trap() as opened:
        yield opened


@pytest.fixture
def trap(way_in: Trap) -> Trap:
    way_in.met.clear()
    way_in.location = None
    return way_in


def asking(names: NameServer, trap: Trap) -> Client:
    return Client(AGENT, resolve=names.resolve, backend=trap, sleep=lambda _seconds: None)


def test_the_list_is_long_enough_and_no_trick_is_in_it_twice() -> None:
    assert len(set(TRICKS)) == len(TRICKS) >= 150


def test_an_ordinary_name_does_reach_the_listener(names: NameServer, trap: Trap) -> None:
    with asking(names, trap) as client:
        assert client.get_json(ENTRY).data == "in"
    assert trap.met == [PUBLIC]


@pytest.mark.parametrize("trick", TRICKS, ids=range(len(TRICKS)))
def test_a_trick_reaches_nothing(names: NameServer, trap: Trap, trick: str) -> None:
    with asking(names, trap) as client, pytest.raises(Failure) as failure:
        client.get_json(trick)
    assert trap.met == []
    assert failure.value.reason in (Reason.REFUSED_ADDRESS, Reason.UNREACHABLE)
    assert str(failure.value) in ("refused_address", "unreachable")


@pytest.mark.parametrize("trick", TRICKS, ids=range(len(TRICKS)))
def test_a_redirect_to_a_trick_reaches_nothing_more(names: NameServer, trap: Trap, trick: str) -> None:
    trap.location = trick
    with asking(names, trap) as client, pytest.raises(Failure):
        client.get_json(ENTRY)
    # Some of them are no addresses but paths on the same server, which leads back to itself; nothing else is met.
    assert set(trap.met) == {PUBLIC}
    assert len(trap.met) <= 4


def test_a_name_that_is_bound_anew_between_two_questions_gains_nothing(trap: Trap) -> None:
    with NameServer({"dreh.example": [[PUBLIC], ["127.0.0.1"], ["::1"], [PUBLIC, "10.0.0.1"]]}) as server:
        with asking(server, trap) as client:
            assert client.get_json("https://dreh.example/").data == "in"
            for _ in range(3):
                with pytest.raises(Failure) as failure:
                    client.get_json("https://dreh.example/")
                assert failure.value.reason == Reason.REFUSED_ADDRESS
        assert len(server.asked) == 4
    assert trap.met == [PUBLIC]


def test_a_redirect_to_a_name_that_is_bound_anew_gains_nothing(trap: Trap) -> None:
    with NameServer({"dreh.example": [[PUBLIC], ["169.254.169.254"]]}) as server, asking(server, trap) as client:
        trap.location = "https://dreh.example/latest/meta-data/"
        with pytest.raises(Failure) as failure:
            client.get_json("https://dreh.example/")
    assert failure.value.reason == Reason.REFUSED_ADDRESS
    assert trap.met == [PUBLIC]


def test_ends_that_the_operator_allowed_are_reached_and_their_neighbours_are_not(names: NameServer, trap: Trap) -> None:
    with Client(AGENT, ["https://n0.example"], resolve=names.resolve, backend=trap, sleep=lambda _: None) as client:
        assert client.get_json("https://n0.example/").data == "in"
        for neighbour in ("https://n1.example/", "https://n0.example:444/", "http://n0.example/", "https://127.0.0.1/"):
            with pytest.raises(Failure):
                client.get_json(neighbour)
    assert trap.met == ["127.0.0.1"]
