"""The tables of the upper floor, one a file; importing the package declares them all."""

from server.models.account import Account, Role
from server.models.announcement import Announcement
from server.models.link import Link, LinkUse
from server.models.login import Login
from server.models.organisation import OrganisationFact

__all__ = ["Account", "Announcement", "Link", "LinkUse", "Login", "OrganisationFact", "Role"]
