"""A small mail server on loopback that keeps what it is given, and refuses when it is told to."""

import socketserver
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from types import TracebackType


class SmtpServer:
    """Speaks enough of RFC 5321 for one mail after the other; `refuses` is the answer to a mail, if not the usual one."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.said: list[str] = []
        self.refuses = ""
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "SmtpServer":
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

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionError):
                    self._talk()

            def _talk(self) -> None:
                self._answer("220 loopback")
                while line := self.rfile.readline():
                    said = line.decode(errors="replace").strip()
                    outer.said.append(said)
                    match said.split(" ")[0].upper():
                        case "EHLO":
                            self._answer("250-loopback")
                            self._answer("250 AUTH PLAIN")
                        case "AUTH":
                            self._answer("235 welcome")
                        case "DATA":
                            self._take()
                        case "QUIT":
                            self._answer("221 bye")
                            return
                        case "MAIL" if outer.refuses:
                            self._answer(outer.refuses)
                        case _:
                            self._answer("250 ok")

            def _take(self) -> None:
                self._answer("354 go on")
                lines: list[bytes] = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                outer.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
                self._answer("250 taken")

            def _answer(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        return Handler
