"""Which addresses may be reached when people name hosts: the public internet over HTTPS, and what the operator allows.

The rules are values only; `connection` applies them to the address that a name really resolved to.
"""

import ipaddress
import re
from collections.abc import Iterable

import httpx

from workers.networks.failure import Failure, Reason

# IANA's special-purpose registries, and what else leads inside: CGNAT (with the metadata service of one cloud),
# link-local (with the metadata service of the others), and the one metadata address that looks public (168.63.129.16).
_INSIDE_V4 = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
"""
# Only 2000::/3 is handed out for use. In it, the protocol block (with Teredo), 6to4 and documentation are no hosts.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_INSIDE_V6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20"
_V4 = tuple(ipaddress.IPv4Network(text) for text in _INSIDE_V4.split())
_V6 = tuple(ipaddress.IPv6Network(text) for text in _INSIDE_V6.split())

# At least two labels of letters, digits and hyphens, and a last one that no resolver can read as a number.
_NAME = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!0x)(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}\Z"
)
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
# Room for asking about 25 posts at once.
_LONGEST = 12_000


def is_public(address: str) -> bool:
    """Whether a numeric address is an ordinary host of the public internet; what cannot be read is not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _V4)
    return ip.scope_id is None and ip in _PUBLIC_V6 and not any(ip in network for network in _V6)


def is_name(host: str) -> bool:
    """Whether a host (in ASCII) is written as an ordinary name of the public internet, and is no number in disguise."""
    return _NAME.match(host) is not None


def parsed(url: str) -> httpx.URL:
    """The address in its normal form, its host in ASCII. Raises Failure(REFUSED_ADDRESS) for an unclean one."""
    if _ODD.search(url) or len(url) > _LONGEST:
        raise Failure(Reason.REFUSED_ADDRESS)
    try:
        # Twice, because the usual port is only recognised behind a scheme in lower case.
        address = httpx.URL(str(httpx.URL(url)))
        address.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Failure(Reason.REFUSED_ADDRESS) from None
    return address


def origin(url: httpx.URL) -> str:
    """Scheme, host and, where it is not the usual one, port: `https://garten.test`, `http://127.0.0.1:4000`."""
    host = url.raw_host.decode("ascii")
    shown = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{shown}" if url.port is None else f"{url.scheme}://{shown}:{url.port}"


class Guard:
    """Says yes or no to addresses. `allowed` are origins that may be plain HTTP, on any port and inside."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        urls = [parsed(text) for text in allowed]
        self._origins = frozenset(origin(url) for url in urls)
        self._ends = frozenset((url.raw_host.decode("ascii"), _port(url)) for url in urls)

    def check(self, url: str) -> httpx.URL:
        """The address, ready to be asked. Raises Failure(REFUSED_ADDRESS) for all that is not public HTTPS by name."""
        address = parsed(url)
        if address.userinfo or not (origin(address) in self._origins or _is_plain_https(address)):
            raise Failure(Reason.REFUSED_ADDRESS)
        return address

    def trusts(self, host: str, port: int) -> bool:
        """Whether the operator allowed this end by name, so that it may lie inside."""
        return (host, port) in self._ends

    def origin_of(self, host: str) -> str:
        """The origin to ask for a host (and port) that a person named: HTTPS, unless its plain form is allowed."""
        plain = f"http://{host}"
        return plain if plain in self._origins else f"https://{host}"


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _is_plain_https(url: httpx.URL) -> bool:
    return url.scheme == "https" and url.port is None and is_name(url.raw_host.decode("ascii"))
