"""Finds the proof that an account is a person's: a code in the bio, a post or a file, or a link to their page here."""

import re

from workers.networks.client import Client
from workers.networks.failure import Failure
from workers.networks.guard import origin, parsed
from workers.networks.shape import Network


def find_proof(network: Network, client: Client, remote_id: str, code: str, page: str) -> str | None:
    """How the account proves itself: "bio", "file", "rel_me" or "post"; None if it does not. Raises Failure.

    `code` has to stand by itself, in the case it was given; `page` is the whole address of the person's page here.
    """
    profile = network.profile(client, remote_id)
    if _contains(profile.bio, code):
        return "bio"
    if _contains(profile.file, code):
        return "file"
    wanted = _normal(page)
    if wanted and any(_normal(link) == wanted for link in profile.links):
        return "rel_me"
    return "post" if any(_contains(text, code) for text in network.recent_texts(client, remote_id)) else None


def _contains(text: str, code: str) -> bool:
    return bool(code) and re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", text) is not None


def _normal(address: str) -> str:
    """The address in a form that can be compared: scheme and host in lower case, no slash at the end, no fragment."""
    try:
        url = parsed(address.strip())
    except Failure:
        return ""
    return f"{origin(url)}{url.raw_path.decode('ascii').rstrip('/')}" if url.scheme in ("http", "https") else ""
