"""Finds the proof that an account is a person's: a code in bio, post or domain, or a link to their page here."""

import re
from http import HTTPStatus

from workers.networks.client import Client
from workers.networks.failure import Failure
from workers.networks.guard import is_name, origin, parsed
from workers.networks.shape import Network
from workers.networks.webpage import decoded

FILE = "/.well-known/klarwert.txt"
_LONGEST_FILE = 2000
#: What stands before a domain in the name of the DNS record: nothing else is looked for under it.
LABEL = "_klarwert"


def find_proof(
    network: Network, client: Client, remote_id: str, code: str, page: str, before: str | None = None
) -> str | None:
    """How the account proves itself: "bio", "rel_me", "file", "dns" or "post"; None if it does not. Raises Failure.

    `code` has to stand by itself, in the case it was given; `page` is the whole address of the person's page here.
    A domain whose file or DNS cannot be asked proves nothing; where it did `before`, that is a failure instead.
    """
    profile = network.profile(client, remote_id)
    if _contains(profile.bio, code):
        return "bio"
    wanted = _normal(page)
    if wanted and any(_normal(link) == wanted for link in profile.links):
        return "rel_me"
    silent: Failure | None = None
    for proof in _DOMAIN if profile.domain else ():
        try:
            if proof in network.proofs and _contains(_DOMAIN[proof](client, profile.domain), code):
                return proof
        except Failure as failure:
            silent = failure if proof == before else silent
    if any(_contains(text, code) for text in network.recent_texts(client, remote_id)):
        return "post"
    if silent is not None:
        raise silent
    return None


def _file(client: Client, domain: str) -> str:
    """The beginning of the file for proofs; empty where the domain has none, or leads elsewhere."""
    home = client.origin(domain)
    document = client.get_document(home + FILE, "text/plain")
    there = document.status == HTTPStatus.OK and origin(parsed(document.address)) == home
    return decoded(document)[:_LONGEST_FILE] if there else ""


def _dns(client: Client, domain: str) -> str:
    """The texts in the DNS below a domain, a line each; empty for what is no name of the public internet."""
    host = parsed(client.origin(domain)).raw_host.decode("ascii")
    return "\n".join(client.texts_of(f"{LABEL}.{host}")) if is_name(host) else ""


_DOMAIN = {"file": _file, "dns": _dns}


def _contains(text: str, code: str) -> bool:
    return bool(code) and re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", text) is not None


def _normal(address: str) -> str:
    """The address in a form that can be compared: scheme and host in lower case, no slash at the end, no fragment."""
    try:
        url = parsed(address.strip())
    except Failure:
        return ""
    return f"{origin(url)}{url.raw_path.decode('ascii').rstrip('/')}" if url.scheme in ("http", "https") else ""
