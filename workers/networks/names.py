"""Asks the DNS for texts (TXT records), as a proof that a domain is somebody's; `connection` asks for addresses."""

from collections.abc import Callable

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from workers.networks.failure import Failure, Reason

Texts = Callable[[str], list[str]]
_SECONDS = 5.0
_MOST = 50


def system_texts(name: str) -> list[str]:
    """The texts of a name, by the system's resolver; none where the name or the record is missing.

    Raises Failure(UNREACHABLE) where no name server answers.
    """
    try:
        return texts_by(dns.resolver.get_default_resolver(), name)
    except dns.exception.DNSException:  # this machine has no resolver
        raise Failure(Reason.UNREACHABLE) from None


def texts_by(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    """The same by a given resolver. A record of several strings is one text (RFC 7208, 3.3)."""
    try:
        # With the dot at the end: names of the machine's own network are not tried instead.
        asked = dns.name.from_text(f"{name}.")
    except dns.exception.DNSException:
        return []
    try:
        answer = resolver.resolve(asked, dns.rdatatype.TXT, lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        raise Failure(Reason.UNREACHABLE) from None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in list(answer)[:_MOST]]
