"""A small mail server on loopback that keeps what it is given, and refuses when it is told to."""

import socketserver
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from types import TracebackType
from typing import Self


class SmtpServer:
    """Speaks enough of RFC 5321 for one mail after the other; `refuses` is the answer to a mail where it is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.said: list[str] = []
        self.refuses = ""
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        outer = self

        class Handler(_Talk):
            server_of_mails = outer

        return Handler


class _Talk(socketserver.StreamRequestHandler):
    """The talk with one client."""

    server_of_mails: SmtpServer

    def handle(self) -> None:
        with suppress(ConnectionError):
            self._answer("220 loopback")
            while line := self.rfile.readline():
                said = line.decode(errors="replace").strip()
                self.server_of_mails.said.append(said)
                self._answer(self._reply(said.partition(" ")[0].upper()))

    def _reply(self, word: str) -> str:
        if word == "DATA":
            self._answer("354 go on")
            self.server_of_mails.mails.append(self._mail())
        if word == "MAIL" and self.server_of_mails.refuses:
            return self.server_of_mails.refuses
        return {"EHLO": "250-loopback\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "QUIT": "221 bye"}.get(word, "250 ok")

    def _mail(self) -> EmailMessage:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines), policy=policy.default)

    def _answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
