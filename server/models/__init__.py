"""The tables of the upper floor, one a file; importing the package declares them all."""

from server.models.account import Account, Role
from server.models.announcement import Announcement
from server.models.export import Export, ExportState
from server.models.factor import Factor
from server.models.finding import Finding
from server.models.link import Link, LinkUse
from server.models.log_check import LogCheck
from server.models.login import Login
from server.models.organisation import OrganisationFact
from server.models.passkey import Passkey
from server.models.recovery_code import RecoveryCode
from server.models.token import Token

__all__ = [
    "Account",
    "Announcement",
    "Export",
    "ExportState",
    "Factor",
    "Finding",
    "Link",
    "LinkUse",
    "LogCheck",
    "Login",
    "OrganisationFact",
    "Passkey",
    "RecoveryCode",
    "Role",
    "Token",
]
