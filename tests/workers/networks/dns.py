"""A small DNS server on loopback and the asking of it (RFC 1035), for names that lie about where they are."""

import ipaddress
import socket
import struct
from collections.abc import Mapping, Sequence
from threading import Thread
from types import TracebackType
from typing import Self

_A, _TXT, _AAAA = 1, 16, 28
#: Answers without a record: all is well, the server is broken, there is no such name.
_WELL, _BROKEN, _NO_NAME = 0, 2, 3
_HEAD = struct.Struct(">6H")


class NameServer:
    """Answers from a table: for each name a list of answers, given one after the other, the last one for ever.

    `texts` are the TXT records by name, each of them one or several strings; None for a name that breaks the server.
    """

    def __init__(
        self,
        names: Mapping[str, Sequence[Sequence[str]]],
        texts: Mapping[str, Sequence[Sequence[bytes]] | None] | None = None,
    ) -> None:
        self._texts = dict(texts or {})
        self.asked: list[str] = []
        self._names = {name: list(answers) for name, answers in names.items()}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.place)
        self._thread.join()
        self._socket.close()

    @property
    def place(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return host, port

    def resolve(self, host: str, _port: int) -> list[str]:
        """Both kinds of address of a name, asked over the wire. Raises OSError where there is none."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.connect(self.place)
            found = []
            for kind in (_A, _AAAA):
                asking.send(_question(host, kind))
                found += _addresses(asking.recv(4096))
        if not found:
            raise OSError("no such name")
        return found

    def _serve(self) -> None:
        while True:
            asked, who = self._socket.recvfrom(4096)
            if not asked:
                return
            name, end = _name(asked, _HEAD.size)
            kind = struct.unpack_from(">H", asked, end)[0]
            reply = self._told if kind == _TXT else self._answer
            self._socket.sendto(reply(asked, name, end + 4, kind), who)

    def _told(self, asked: bytes, name: str, end: int, kind: int) -> bytes:
        """The texts of a name."""
        self.asked.append(name)
        records = self._texts.get(name, ())
        known = name in self._texts or name in self._names
        code = _BROKEN if records is None else _WELL if known else _NO_NAME
        packed = [b"".join(bytes([len(part)]) + part for part in record) for record in records or ()]
        head = _HEAD.pack(struct.unpack_from(">H", asked)[0], 0x8180 | code, 1, len(packed), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(each)) + each for each in packed)
        return head + asked[_HEAD.size : end] + body

    def _answer(self, asked: bytes, name: str, end: int, kind: int) -> bytes:
        answers = self._names.get(name, [[]])
        records = [address for address in answers[0] if _kind(address) == kind]
        if kind == _AAAA:  # the second question about a name
            self.asked.append(name)
            if len(answers) > 1:
                answers.pop(0)
        head = _HEAD.pack(struct.unpack_from(">H", asked)[0], 0x8180, 1, len(records), 0, 0)
        body = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(packed)) + packed
            for packed in (ipaddress.ip_address(address).packed for address in records)
        )
        return head + asked[_HEAD.size : end] + body


def _kind(address: str) -> int:
    return _A if ipaddress.ip_address(address).version == 4 else _AAAA


def _question(host: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in host.split("."))
    return _HEAD.pack(7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def _name(message: bytes, place: int) -> tuple[str, int]:
    labels = []
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode("ascii"))
        place += length + 1
    return ".".join(labels), place + 1


def _addresses(message: bytes) -> list[str]:
    count = _HEAD.unpack_from(message)[3]
    _, place = _name(message, _HEAD.size)
    place += 4
    found = []
    for _ in range(count):
        length = struct.unpack_from(">H", message, place + 10)[0]
        found.append(str(ipaddress.ip_address(message[place + 12 : place + 12 + length])))
        place += 12 + length
    return found
