"""The tables of the upper floor, one a file; importing the package declares them all."""

from server.models.account import Account, Role
from server.models.announcement import Announcement
from server.models.export import Export, ExportState
from server.models.finding import Finding
from server.models.link import Link, LinkUse
from server.models.log_check import LogCheck
from server.models.login import Login
from server.models.organisation import OrganisationFact

__all__ = ["Account", "Export", "ExportState", "Link", "LinkUse", "Login", "OrganisationFact", "Role"]
__all__ = [
    "Account",
    "Finding",
    "Link",
    "LinkUse",
    "LogCheck",
    "Login",
    "OrganisationFact",
    "Role",
]
__all__ = ["Account", "Announcement", "Link", "LinkUse", "Login", "OrganisationFact", "Role"]
