"""Tests that connections go to judged addresses only, even when a name changes its mind, and that they end in time."""

import ssl
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.workers.networks.conftest import AGENT
from workers.networks.client import Client, Limits
from workers.networks.connection import system_addresses
from workers.networks.failure import Failure, Reason


def no_sleep(seconds: float) -> None:
    """Waits for nothing."""


OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"ok":true}'


class Recorded(httpcore.NetworkBackend):
    """A network that exists in memory only: answers every connection alike, and remembers where it went."""

    def __init__(self, answer: bytes = OK, dead: Iterable[str] = ()) -> None:
        self.connected: list[tuple[str, int]] = []
        self.names: list[str | None] = []
        self._answer = answer
        self._dead = set(dead)

    def connect_tcp(self, host: str, port: int, *_: object, **__: object) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if host in self._dead:
            raise httpcore.ConnectError
        return _Stream(self, [self._answer])


class _Stream(httpcore.MockStream):
    def __init__(self, network: Recorded, answer: list[bytes]) -> None:
        super().__init__(answer)
        self._network = network

    def start_tls(self, _: ssl.SSLContext, server_hostname: str | None = None, *__: object) -> httpcore.NetworkStream:
        self._network.names.append(server_hostname)
        return self


class Resolver:
    """Gives the prepared answers one after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def client_on(network: Recorded, resolver: Resolver, *allowed: str) -> Client:
    return Client(AGENT, allowed, resolve=resolver, backend=network, sleep=no_sleep)


def reason_of(client: Client, url: str) -> Reason:
    with pytest.raises(Failure) as failure:
        client.get_json(url)
    return failure.value.reason


def test_the_connection_goes_to_the_judged_address_and_tls_keeps_the_name() -> None:
    network, resolver = Recorded(), Resolver(["93.184.216.34"])
    assert client_on(network, resolver).get_json("https://garten.test/x").data == {"ok": True}
    assert resolver.asked == [("garten.test", 443)]
    assert network.connected == [("93.184.216.34", 443)]
    assert network.names == ["garten.test"]


def test_a_name_that_changes_its_mind_is_resolved_once_and_gains_nothing() -> None:
    network, resolver = Recorded(), Resolver(["93.184.216.34"], ["127.0.0.1"])
    client = client_on(network, resolver)
    assert client.get_json("https://garten.test/x").status == 200
    assert len(resolver.asked) == 1
    assert reason_of(client, "https://garten.test/x") == Reason.REFUSED_ADDRESS
    assert network.connected == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["10.0.0.1", "93.184.216.34"], ["::1"], ["::ffff:7f00:1"],
        ["169.254.169.254"], ["2002:7f00:1::"], ["fe80::1%2"], ["93.184.216.34", "garbage"],
    ],
)  # fmt: skip
def test_one_inside_address_refuses_the_whole_name(addresses: list[str]) -> None:
    network = Recorded()
    assert reason_of(client_on(network, Resolver(addresses)), "https://garten.test/") == Reason.REFUSED_ADDRESS
    assert network.connected == []


def test_an_allowed_origin_may_lie_inside_but_only_on_its_port() -> None:
    network, resolver = Recorded(), Resolver(["10.0.0.7"])
    client = client_on(network, resolver, "https://intranet.test")
    assert client.get_json("https://intranet.test/").status == 200
    assert network.connected == [("10.0.0.7", 443)]
    assert reason_of(client, "https://intranet.test:8443/") == Reason.REFUSED_ADDRESS


def test_the_next_address_of_a_name_is_tried_where_the_first_is_dead() -> None:
    network = Recorded(dead={"93.184.216.34"})
    client = client_on(network, Resolver(["93.184.216.34", "93.184.216.35", "93.184.216.36"]))
    assert client.get_json("https://garten.test/").status == 200
    assert [host for host, _ in network.connected] == ["93.184.216.34", "93.184.216.35"]


def test_a_name_without_any_address_is_unreachable() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError

    client = Client(AGENT, resolve=nowhere, backend=Recorded(), sleep=no_sleep)
    assert reason_of(client, "https://garten.test/") == Reason.UNREACHABLE
    assert reason_of(client_on(Recorded(), Resolver([])), "https://garten.test/") == Reason.UNREACHABLE


@pytest.mark.parametrize(
    "location",
    [
        "http://garten.test/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "http://169.254.169.254/latest",
        "//127.0.0.1/", "https://2130706433/", "file:///etc/passwd", "https://a@garten.test/", "https://garten.test:6379/",
        "", "https://exa\\mple.test", "https://[", "https://ⓔ.test/", "gopher://x.test/",
    ],
)  # fmt: skip
def test_redirects_are_judged_like_any_address(location: str) -> None:
    answer = (
        b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    network = Recorded(answer)
    assert reason_of(client_on(network, Resolver(["93.184.216.34"])), "https://garten.test/") == Reason.REFUSED_ADDRESS
    assert len(network.connected) == 1


def test_a_redirect_to_a_name_that_lies_inside_is_refused() -> None:
    answer = b"HTTP/1.1 307 X\r\nLocation: https://inside.test/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    network, resolver = Recorded(answer), Resolver(["93.184.216.34"], ["192.168.1.1"])
    assert reason_of(client_on(network, resolver), "https://garten.test/") == Reason.REFUSED_ADDRESS
    assert network.connected == [("93.184.216.34", 443)]


def test_the_system_resolver_gives_each_address_once() -> None:
    assert system_addresses("127.0.0.1", 443) == ["127.0.0.1"]


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server for the name garten.test with a certificate of its own authority; its port, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "garten.test")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("garten.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port, ssl.create_default_context(cafile=str(pem))
    server.shutdown()
    server.server_close()
    thread.join()


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'"' + self.headers["Host"].encode() + b'"'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        """Says nothing."""


def test_real_tls_is_verified_for_the_name_and_host_keeps_it(tls_server: tuple[int, ssl.SSLContext]) -> None:
    port, trust = tls_server
    origins = {f"https://garten.test:{port}", f"https://wiese.test:{port}"}
    with Client(AGENT, origins, resolve=Resolver(["127.0.0.1"]), tls=trust, sleep=no_sleep) as client:
        assert client.get_json(f"https://garten.test:{port}/").data == f"garten.test:{port}"
        assert reason_of(client, f"https://wiese.test:{port}/") == Reason.UNREACHABLE


def test_a_certificate_of_an_unknown_authority_is_not_trusted(tls_server: tuple[int, ssl.SSLContext]) -> None:
    origin = f"https://garten.test:{tls_server[0]}"
    with Client(AGENT, {origin}, resolve=Resolver(["127.0.0.1"]), sleep=no_sleep) as client:
        assert reason_of(client, f"{origin}/") == Reason.UNREACHABLE


class Dripping(Recorded):
    """A server that sends its head byte by byte, each just in time for the read time-out."""

    def connect_tcp(self, *_: object, **__: object) -> httpcore.NetworkStream:
        return _Dripping([bytes([byte]) for byte in OK])


class _Dripping(httpcore.MockStream):
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        assert timeout is not None
        time.sleep(min(timeout, 0.02))
        return super().read(max_bytes, timeout)


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    limits = Limits(total_seconds=0.2, attempts=1)
    client = Client(AGENT, {"http://garten.test"}, limits=limits, resolve=Resolver(["10.0.0.1"]), backend=Dripping())
    begin = time.monotonic()
    assert reason_of(client, "http://garten.test/") == Reason.UNREACHABLE
    assert time.monotonic() - begin < 1
